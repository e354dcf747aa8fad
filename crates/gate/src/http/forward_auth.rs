//! The questions of proxies that describe a call in headers: Traefik and Caddy in one way, nginx in another.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use keydesk_core::Denial;

use super::{Http, answer};
use crate::call::Call;
use crate::metrics::Way;
use crate::reply::{Reply, reply};

/// Tells nginx the status that it cannot pass on itself: of every other than 2xx, 401 and 403 it makes 500
/// (`spec/gate.md` §4).
const STATUS: HeaderName = HeaderName::from_static("x-keydesk-status");

/// `X-Forwarded-Method`, `-Host`, `-Uri`, `-Proto`.
pub(super) async fn forwarded(State(http): State<Arc<Http>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let names = Names {
        method: "x-forwarded-method",
        host: "x-forwarded-host",
        target: "x-forwarded-uri",
    };
    match decide(&http, &head, &names, Way::ForwardAuth).await {
        Ok(reply) => answer::to_proxy(reply),
        Err(refused) => refused,
    }
}

/// `X-Original-Method`, `X-Original-URI`, and the host as sent.
pub(super) async fn nginx(State(http): State<Arc<Http>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let names = Names {
        method: "x-original-method",
        host: "host",
        target: "x-original-uri",
    };
    let mut answer = match decide(&http, &head, &names, Way::Nginx).await {
        Ok(reply) => answer::to_proxy(reply),
        Err(refused) => refused,
    };
    let status = answer.status();
    if !status.is_success() {
        if status != StatusCode::UNAUTHORIZED {
            *answer.status_mut() = StatusCode::FORBIDDEN;
        }
        answer
            .headers_mut()
            .insert(STATUS, HeaderValue::from(status.as_u16()));
    }
    answer
}

/// The headers in which a proxy describes the call.
struct Names {
    method: &'static str,
    host: &'static str,
    target: &'static str,
}

async fn decide(http: &Http, head: &Parts, names: &Names, way: Way) -> Result<Reply, Response> {
    let refuse = |detail: &str| {
        answer::problem(
            StatusCode::BAD_REQUEST,
            Denial::BadRequest.code(),
            detail,
            &head.headers,
        )
    };
    if !http.peers.trust(&head.extensions) {
        return Err(refuse(
            "calls are described here by proxies only: add this one to --trusted-peers",
        ));
    }
    let [host, method, target] = [names.host, names.method, names.target].map(|name| said(head, name));
    let (Some(host), Some(method), Some(target)) = (host, method, target) else {
        let Names { method, host, target } = names;
        return Err(refuse(&format!(
            "the proxy must say what the call is: set {method}, {host} and {target}, each once"
        )));
    };
    let scheme = head.headers.get("x-forwarded-proto");
    let call = Call {
        scheme: scheme.and_then(|scheme| scheme.to_str().ok()).unwrap_or("http"),
        host,
        method,
        target,
        headers: &head.headers,
    };
    let verdict = http.gate.decide(&call, way, Timestamp::now()).await;
    Ok(reply(&verdict, &call))
}

/// The one value of a header.
fn said<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    let mut values = head.headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok().filter(|value| !value.is_empty())
}
