//! Replies as HTTP responses.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::credential::Removal;
use crate::reply::{IDENTITY, Pass, Problem, Refusal, Reply, request_id};

/// Tells Envoy which headers to take out of a call.
const TO_REMOVE: HeaderName = HeaderName::from_static("x-envoy-auth-headers-to-remove");

/// A reply to a proxy: it copies the headers that it is told to copy.
pub(super) fn to_proxy(reply: Reply) -> Response {
    match reply {
        Reply::Pass(pass) => passed(pass),
        Reply::Refuse(refusal) => refused(refusal),
    }
}

fn passed(pass: Pass) -> Response {
    let Pass {
        upstream,
        imitations,
        removal,
        caller,
    } = pass;
    let mut answer = Response::new(Body::empty());
    let headers = answer.headers_mut();
    // A proxy that finds none to copy may leave the caller's own in place.
    headers.extend(IDENTITY.map(|name| (name, HeaderValue::from_static(""))));
    for (name, value) in upstream.into_iter().chain(caller) {
        headers.insert(name, value);
    }
    let mut to_remove = imitations;
    match removal {
        // What is left of a query is for each protocol to say in its own way, if it can.
        Removal::Nothing | Removal::Query { .. } => {}
        Removal::Header { name } => to_remove.push(name),
        Removal::Cookies { rest } => match HeaderValue::from_bytes(&rest) {
            Ok(rest) => headers.extend([(COOKIE, rest)]),
            Err(_) => to_remove.push("cookie".to_owned()),
        },
    }
    if !to_remove.is_empty() {
        headers.extend(HeaderValue::try_from(to_remove.join(",")).map(|names| (TO_REMOVE, names)));
    }
    answer
}

/// A refusal as it is.
pub(crate) fn refused(refusal: Refusal) -> Response {
    let Refusal {
        status,
        headers,
        problem,
    } = refusal;
    let mut answer = problem_answer(&problem);
    *answer.status_mut() = status;
    for (name, value) in headers {
        answer.headers_mut().append(name, value);
    }
    answer
}

/// A problem that is no refusal of a call.
pub(super) fn problem(status: StatusCode, code: &'static str, detail: &str, headers: &HeaderMap) -> Response {
    problem_answer(&Problem::of(status, code, detail.to_owned(), request_id(headers)))
}

/// A problem as it is.
pub(crate) fn problem_answer(problem: &Problem) -> Response {
    body(problem.status(), problem.to_json(), Problem::MEDIA_TYPE)
}

/// A document.
pub(super) fn json(document: String) -> Response {
    body(StatusCode::OK, document, "application/json")
}

/// Nothing here is to be kept by anybody: the next answer may be another.
fn body(status: StatusCode, text: String, media_type: &'static str) -> Response {
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
