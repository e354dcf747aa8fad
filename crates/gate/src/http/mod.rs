//! The gate over HTTP: questions of proxies, of programs, and of keys about themselves. Names: `NAMES.md`.

mod answer;
mod ext_authz;
mod forward_auth;
mod itself;
mod peers;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};
use http::StatusCode;
use ipnet::IpNet;
use keydesk_catalog::Catalog;
use keydesk_core::Denial;
use parking_lot::RwLock;

use crate::gate::Gate;
use crate::reviewer::Reviewer;

pub(crate) use answer::{problem_answer, refused};
use peers::Peers;

/// What answers over HTTP.
#[derive(Clone)]
pub struct Http {
    gate: Arc<Gate>,
    catalog: Arc<RwLock<Catalog>>,
    reviewer: Arc<Reviewer>,
    peers: Arc<Peers>,
}

impl Http {
    /// Answers by `gate`; what a key is told about itself is read from `catalog`, and who may verify keys of others is
    /// for `reviewer` to say. Proxies are believed what they say about a call if they are among `trusted`.
    #[must_use]
    pub fn new(
        gate: Arc<Gate>,
        catalog: Arc<RwLock<Catalog>>,
        reviewer: Reviewer,
        trusted: Vec<IpNet>,
    ) -> Self {
        Self {
            gate,
            catalog,
            reviewer: Arc::new(reviewer),
            peers: Arc::new(Peers::new(trusted)),
        }
    }

    /// Every path that the gate has.
    pub fn router(self) -> Router {
        Router::new()
            .route("/v1/forward-auth", any(forward_auth::forwarded))
            .route("/v1/forward-auth/nginx", any(forward_auth::nginx))
            .route("/v1/ext_authz", any(ext_authz::ask))
            .route("/v1/ext_authz/", any(ext_authz::ask))
            .route("/v1/ext_authz/{*path}", any(ext_authz::ask))
            .route("/v1/self", get(itself::describe))
            .route("/v1/verify", post(verify::verify))
            .fallback(no_such_path)
            .method_not_allowed_fallback(no_such_method)
            .with_state(Arc::new(self))
    }

    /// `/.keydesk/self`, for the front door to offer.
    pub fn self_router(self) -> Router {
        Router::new()
            .route("/.keydesk/self", get(itself::describe))
            .method_not_allowed_fallback(no_such_method)
            .with_state(Arc::new(self))
    }
}

async fn no_such_path(headers: http::HeaderMap) -> axum::response::Response {
    answer::problem(
        StatusCode::NOT_FOUND,
        Denial::NoRoute.code(),
        "there is nothing at this path: see /v1/forward-auth, /v1/ext_authz/, /v1/verify and /v1/self",
        &headers,
    )
}

async fn no_such_method(headers: http::HeaderMap) -> axum::response::Response {
    answer::problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path does not take this method: see the header Allow",
        &headers,
    )
}
