//! A small reverse proxy in front of one upstream that asks the gate before it passes anything on.
//!
//! Every request asks anew, also on a connection that is already open. What is asked about is what the upstream will
//! see: headers that belong to the connection are gone by then, and there is exactly one `Host`. Bodies stream in both
//! directions. Redirects are the caller's to follow; upgrades are refused, and informational answers other than
//! `100 Continue` are not passed on.
//!
//! What is under `/.keydesk/` is ours and never passed on: mount routes there beside [`FrontDoor::router`].

mod head;
mod refusal;
#[cfg(test)]
mod tests;
mod upstream;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use self::refusal::Refusal;
pub use self::upstream::Patience;
use self::upstream::Upstream;
use crate::reply::request_id;

/// Who decides whether a request may pass.
pub trait Ask: Send + Sync + 'static {
    /// What becomes of the request with this head. Its path and headers are as they would be passed on; who is at the
    /// other end is among its extensions, as `ConnectInfo<SocketAddr>`.
    fn ask(&self, head: &Parts) -> impl Future<Output = Asked> + Send;
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Asked {
    /// It goes to the upstream.
    Pass {
        /// Headers for the upstream. Nothing that the caller sent under their names, or under names that some servers
        /// take for them (`x_plan` for `x-plan`), gets through.
        set: Vec<(HeaderName, HeaderValue)>,
        /// Names of headers that do not get through either: the credential, identity headers that are not set.
        remove: Vec<HeaderName>,
        /// Path and query without the credential, where it was in the query.
        uri: Option<PathAndQuery>,
        /// Headers for the caller, in the place of what the upstream says under their names.
        answer: Vec<(HeaderName, HeaderValue)>,
    },
    /// It gets this answer.
    Refuse(Response<Body>),
}

/// The door: who is asked, and what is behind it.
#[derive(Debug)]
pub struct FrontDoor<A> {
    gate: A,
    upstream: Upstream,
}

impl<A: Ask> FrontDoor<A> {
    /// A door in front of the server at `upstream`, which is spoken to in plain HTTP/1.1.
    #[must_use]
    pub fn new(gate: A, upstream: Authority, patience: Patience) -> Self {
        let upstream = Upstream::new(upstream, patience);
        Self { gate, upstream }
    }

    /// Takes every request there is.
    pub fn router(self) -> Router {
        let door = Arc::new(self);
        Router::new().fallback(move |request: Request| {
            let door = Arc::clone(&door);
            async move {
                let id = request_id(request.headers());
                let answer = door.answer(request).await;
                answer.unwrap_or_else(|refusal| refusal.into_response(id))
            }
        })
    }

    async fn answer(&self, request: Request) -> Result<Response<Body>, Refusal> {
        let (mut head, body) = request.into_parts();
        head::accept(&mut head)?;
        let (set, remove, uri, answer) = match self.gate.ask(&head).await {
            Asked::Refuse(answer) => return Ok(answer),
            Asked::Pass {
                set,
                remove,
                uri,
                answer,
            } => (set, remove, uri, answer),
        };
        let names = remove.iter().chain(set.iter().map(|(name, _)| name));
        head::remove(&mut head.headers, names);
        head::forward(&mut head);
        head.headers.extend(set);
        let path = uri.as_ref().or(head.uri.path_and_query()).cloned();
        let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let passed = self.upstream.send(head, path, body).await?;
        let (mut head, body) = passed.into_parts();
        head::give_back(&mut head);
        replace(&mut head.headers, answer);
        Ok(Response::from_parts(head, Body::new(body)))
    }
}

/// Puts `headers` in the place of those of the same names; the same name may come several times.
fn replace(into: &mut HeaderMap, headers: Vec<(HeaderName, HeaderValue)>) {
    for (name, _) in &headers {
        into.remove(name);
    }
    for (name, value) in headers {
        into.append(name, value);
    }
}
