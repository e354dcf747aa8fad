//! Envoy's `ext_authz` in its HTTP form: the call itself is sent, under a path of ours before its own.

use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;

use super::{Http, answer};
use crate::call::Call;
use crate::metrics::Way;
use crate::reply::reply;

/// What Envoy puts before the path of the call.
const PREFIX: &str = "/v1/ext_authz";

pub(super) async fn ask(State(http): State<Http>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let target = head.uri.path_and_query().map_or("", |target| target.as_str());
    let target = target.strip_prefix(PREFIX).unwrap_or_default();
    let host = head.headers.get(http::header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let authority = head.uri.authority().map(http::uri::Authority::as_str);
    let scheme = head.headers.get("x-forwarded-proto");
    let call = Call {
        scheme: scheme.and_then(|scheme| scheme.to_str().ok()).unwrap_or("http"),
        host: authority.or(host).unwrap_or_default(),
        method: head.method.as_str(),
        target: if target.is_empty() { "/" } else { target },
        headers: &head.headers,
    };
    let verdict = http.gate.decide(&call, Way::ExtAuthz, Timestamp::now()).await;
    answer::to_proxy(reply(&verdict, &call))
}
