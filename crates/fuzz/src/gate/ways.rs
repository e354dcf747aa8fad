//! One call, asked about in every way in which a proxy may ask: all of them are told the same.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::BodyExt as _;
use keydesk_catalog::Catalog;
use keydesk_gate::reviewer::Reviewer;
use keydesk_gate::{Call, Gate, Http, Verdict, grpc};
use prost::Message as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::check_request::{self, Said};
use super::cluster::{Cluster, VALUE, now};
use super::written::Written;
use crate::runtime::block_on;

pub(super) static GATE: LazyLock<Arc<Gate>> = LazyLock::new(|| Cluster::with_key().gate());

/// What asks over gRPC.
pub(super) static GRPC: LazyLock<Router> = LazyLock::new(|| grpc(Arc::clone(&GATE)));

static HTTP: LazyLock<Router> = LazyLock::new(|| {
    // Nothing here asks who may verify keys of others.
    let nobody = tower::service_fn(async |_: Request<kube::client::Body>| {
        Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
    });
    let reviewer = Reviewer::new(kube::Client::new(nobody, "default"));
    let trusted = vec!["127.0.0.0/8".parse().expect("a network")];
    Http::new(
        Arc::clone(&GATE),
        Arc::new(Catalog::brief().into()),
        reviewer,
        trusted,
    )
    .router()
});

/// Headers in which the ways themselves speak, so that a caller's own are no part of the call.
const OF_THE_WAYS: [&str; 7] = [
    "host",
    "x-forwarded-method",
    "x-forwarded-host",
    "x-forwarded-uri",
    "x-forwarded-proto",
    "x-original-method",
    "x-original-uri",
];

pub(crate) fn agree(data: &[u8]) {
    let Some(mut call) = Written::parse(data) else {
        return;
    };
    for name in OF_THE_WAYS {
        call.headers.remove(name);
    }
    let parts = [call.host, call.method, call.target];
    // What cannot be said in a header, or only by leaving it out, no proxy passes on.
    let can_be_said = |part: &str| {
        !part.is_empty() && part.trim() == part && HeaderValue::from_str(part).is_ok() && part.is_ascii()
    };
    if !parts.into_iter().all(can_be_said) {
        return;
    }
    let expected = block_on(decide(&call));
    if expected == PASSES {
        let shown = percent_encoding::percent_decode_str(call.target).decode_utf8_lossy();
        let shown_in_headers = call.headers.values().any(|value| {
            let value = value.as_bytes();
            value.windows(VALUE.len()).any(|part| part == VALUE.as_bytes())
        });
        assert!(
            shown.contains(VALUE) || shown_in_headers,
            "nobody passes without a key"
        );
    }
    block_on(async {
        let by_headers = [
            (
                "/v1/forward-auth",
                ["x-forwarded-method", "x-forwarded-host", "x-forwarded-uri"],
            ),
            (
                "/v1/forward-auth/nginx",
                ["x-original-method", "host", "x-original-uri"],
            ),
        ];
        for (path, [method, host, target]) in by_headers {
            let mut headers = call.headers.clone();
            for (name, part) in [(method, call.method), (host, call.host), (target, call.target)] {
                headers.insert(name, HeaderValue::from_str(part).expect("looked at above"));
            }
            let uri = Uri::from_static(path);
            assert_eq!(over_http("GET", uri, headers).await, expected, "{path}");
        }
        if let Some(said) = in_its_own_form(&call).await {
            assert_eq!(said, expected, "ext_authz over HTTP");
        }
        for raw in [false, true] {
            let question = check_request::question(&call, raw);
            let Said { status, code, .. } = check_request::ask(&question.encode_to_vec()).await;
            assert_eq!(status, 0, "what Envoy's own types write is a question");
            assert_eq!(code, expected, "ext_authz over gRPC, raw headers: {raw}");
        }
    });
}

/// The code of an answer that lets the call pass.
pub(super) const PASSES: &str = "valid";

/// What the gate itself says, without counting.
async fn decide(call: &Written<'_>) -> String {
    let call = Call {
        scheme: "http",
        host: call.host,
        method: call.method,
        target: call.target,
        headers: &call.headers,
    };
    code(&GATE.foresee(&call, now()).await)
}

pub(super) fn code(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Admitted(_) => PASSES.to_owned(),
        Verdict::Refused(refused) => refused.denial.code().to_owned(),
    }
}

/// Envoy's HTTP form, where the call can be written as a request at all.
async fn in_its_own_form(call: &Written<'_>) -> Option<String> {
    // A fragment ends with the parser of URIs, and is never sent.
    if !call.target.starts_with('/') || call.target.contains('#') {
        return None;
    }
    let uri = format!("/v1/ext_authz{}", call.target).parse().ok()?;
    let mut headers = call.headers.clone();
    headers.insert(http::header::HOST, HeaderValue::from_str(call.host).ok()?);
    http::Method::from_bytes(call.method.as_bytes()).ok()?;
    Some(over_http(call.method, uri, headers).await)
}

async fn over_http(method: &str, uri: Uri, headers: HeaderMap) -> String {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = http::Method::from_bytes(method.as_bytes()).expect("looked at above");
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = HTTP.clone().oneshot(request).await;
    let (head, body) = answer.expect("a router always answers").into_parts();
    let body = whole(body).await;
    if head.status.is_success() {
        assert!(body.is_empty());
        return PASSES.to_owned();
    }
    let problem: Value = serde_json::from_slice(&body).expect("a problem is JSON");
    problem["code"].as_str().expect("a problem has a code").to_owned()
}

pub(super) async fn whole(body: Body) -> Bytes {
    body.collect().await.expect("it is in memory").to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_opens_in_each_of_its_places_and_nothing_else_does() {
        for (call, expected) in [
            (
                "GET api.example.com /\nauthorization: APIKEY kd0123456789",
                PASSES,
            ),
            ("GET api.example.com /a?b&api_key=kd0123456789", PASSES),
            ("GET api.example.com /\nx-api-key: kd0123456789", PASSES),
            ("GET api.example.com /\ncookie: a=b; APIKEY=kd0123456789", PASSES),
            ("GET api.example.com /\nx-api-key: kd012345678", "invalid_key"),
            ("GET api.example.com /", "credential_missing"),
            ("GET example.org /\nx-api-key: kd0123456789", "no_route"),
            (
                "GET api.example.com /v1/../v2/a?v=2\nx-env: canary\nx-api-key: kd0123456789",
                PASSES,
            ),
            (
                "GET api.example.com /v1/../a?v=2\nx-env: canary\nx-api-key: kd0123456789",
                "bad_request",
            ),
        ] {
            let call = Written::parse(call.as_bytes()).unwrap();
            assert_eq!(block_on(decide(&call)), expected);
        }
    }
}
