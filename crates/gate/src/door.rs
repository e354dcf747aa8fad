//! The gate as the front door asks it, in process.

use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Response};
use jiff::Timestamp;
use keydesk_core::Denial;

use crate::call::Call;
use crate::credential::Removal;
use crate::front_door::{Ask, Asked};
use crate::gate::Gate;
use crate::http::{problem_answer, refused};
use crate::metrics::Way;
use crate::reply::{IDENTITY, Pass, Problem, Reply, reply, request_id};

/// A gate that a front door asks.
#[derive(Clone)]
pub struct Door(pub Arc<Gate>);

impl Ask for Door {
    async fn ask(&self, head: &Parts) -> Asked {
        let host = head.headers.get(http::header::HOST);
        let call = Call {
            scheme: head.uri.scheme_str().unwrap_or("http"),
            host: host.and_then(|host| host.to_str().ok()).unwrap_or_default(),
            method: head.method.as_str(),
            target: head.uri.path_and_query().map_or("/", PathAndQuery::as_str),
            headers: &head.headers,
        };
        let verdict = self.0.decide(&call, Way::FrontDoor, Timestamp::now()).await;
        match reply(&verdict, &call) {
            Reply::Refuse(refusal) => Asked::Refuse(refused(refusal)),
            Reply::Pass(pass) => passed(pass, call.path(), request_id(&head.headers)),
        }
    }
}

fn passed(pass: Pass, path: &str, id: String) -> Asked {
    let Pass {
        upstream: mut set,
        // The front door takes those away by itself.
        imitations: _,
        removal,
        caller,
    } = pass;
    let mut remove = IDENTITY.to_vec();
    let mut uri = None;
    match removal {
        Removal::Nothing => {}
        Removal::Header { name } => remove.extend(HeaderName::try_from(name)),
        Removal::Cookies { rest } => match HeaderValue::from_bytes(&rest) {
            Ok(rest) => set.push((http::header::COOKIE, rest)),
            Err(_) => remove.push(http::header::COOKIE),
        },
        Removal::Query { names: _, rest } => {
            let target = match rest {
                Some(rest) => format!("{path}?{}", *rest),
                None => path.to_owned(),
            };
            match PathAndQuery::try_from(target) {
                Ok(target) => uri = Some(target),
                // What cannot be written without the key does not go on with it.
                Err(_) => return Asked::Refuse(unwritable(id)),
            }
        }
    }
    Asked::Pass {
        set,
        remove,
        uri,
        answer: caller,
    }
}

fn unwritable(id: String) -> Response<Body> {
    problem_answer(&Problem::new(Denial::BadRequest, id))
}
