//! Envoy's `ext_authz` in its HTTP form: the call itself is sent, under a path of ours before its own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{Http, answer};
use crate::call::Call;
use crate::credential::Removal;
use crate::headers::Headers;
use crate::metrics::Way;
use crate::reply::{Reply, reply};

/// What Envoy puts before the path of the call.
const PREFIX: &str = "/v1/ext_authz";

/// Tells Envoy the path and query to go on with: over HTTP it has no way of its own to take a key out of a query. It is
/// said of every call that passes, or what a caller sends under this name would be taken for ours.
const TARGET: HeaderName = HeaderName::from_static("x-keydesk-target");

pub(super) async fn ask(State(http): State<Arc<Http>>, request: Request) -> Response {
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
    let reply = reply(&verdict, &call);
    let target = match &reply {
        // What was in a URI can be in a header.
        Reply::Pass(pass) => HeaderValue::try_from(without_key(&call, &pass.removal)).ok(),
        Reply::Refuse(_) => None,
    };
    let mut answer = answer::to_proxy(reply);
    answer.headers_mut().extend(target.map(|target| (TARGET, target)));
    answer
}

fn without_key<H: Headers + ?Sized>(call: &Call<'_, H>, removal: &Removal) -> String {
    match removal {
        Removal::Query {
            names: _,
            rest: Some(rest),
        } => format!("{}?{}", call.path(), **rest),
        Removal::Query { names: _, rest: None } => call.path().to_owned(),
        Removal::Nothing | Removal::Header { .. } | Removal::Cookies { .. } => call.target.to_owned(),
    }
}
