//! Envoy's `CheckRequest`, which the gate reads field by field: any bytes get an answer, and what Envoy's own types
//! read of them is what the gate reads.

use std::collections::HashMap;

use axum::body::Body;
use bytes::{BufMut as _, Bytes};
use envoy_types::ext_authz::v3::pb::{CheckRequest, CheckResponse, HttpResponse};
use envoy_types::pb::envoy::config::core::v3::{HeaderMap, HeaderValue};
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{self, HttpRequest};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use keydesk_gate::Call;
use prost::Message as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::cluster::now;
use super::ways::{GATE, GRPC, PASSES, code};
use super::written::Written;
use crate::runtime::block_on;

/// What is said over gRPC.
pub(super) struct Said {
    /// gRPC's own: 0, or 3 where the question cannot be read.
    pub(super) status: i32,
    /// The code of the denial; empty where nothing was said.
    pub(super) code: String,
}

pub(crate) fn read(data: &[u8]) {
    let said = block_on(ask(data));
    assert!(matches!(said.status, 0 | 3), "gRPC status {}", said.status);
    let Ok(question) = CheckRequest::decode(data) else {
        return;
    };
    // On the wire a map may name a header twice, which no map has in memory, and the generated types do not look closely.
    let again = block_on(ask(&question.encode_to_vec()));
    assert_eq!(again.status, 0, "what Envoy's own types write is a question");
    let http = question
        .attributes
        .and_then(|attributes| attributes.request)
        .and_then(|request| request.http);
    let Some(http) = http else {
        assert_eq!(again.code, "bad_request");
        return;
    };
    if http.header_map.is_none() {
        let call = Call {
            scheme: &http.scheme,
            host: &http.host,
            method: &http.method,
            target: &http.path,
            headers: &http.headers,
        };
        let verdict = block_on(GATE.foresee(&call, now()));
        assert_eq!(again.code, code(&verdict));
    }
}

/// Sends these bytes as the one message of a call of `Check`.
pub(super) async fn ask(message: &[u8]) -> Said {
    let mut frame = vec![0];
    frame.put_u32(u32::try_from(message.len()).expect("inputs are short"));
    frame.extend_from_slice(message);
    let request = Request::post("/envoy.service.auth.v3.Authorization/Check")
        .header("content-type", "application/grpc")
        .body(Body::new(Full::new(Bytes::from(frame))))
        .expect("a request");
    let answer = GRPC.clone().oneshot(request).await;
    let (head, body) = answer.expect("a router always answers").into_parts();
    let body = body.collect().await.expect("it is in memory");
    let trailers = body.trailers().cloned().unwrap_or_default();
    let status = head.headers.get("grpc-status").or(trailers.get("grpc-status"));
    let status = status.and_then(|status| status.to_str().ok()?.parse().ok());
    let status = status.expect("gRPC says how it went");
    let body = body.to_bytes();
    let code = body.get(5..).map_or_else(String::new, |answer| {
        said(&CheckResponse::decode(answer).expect("Envoy can read the answer"))
    });
    assert_eq!(status == 0, !code.is_empty(), "an answer, or why there is none");
    Said { status, code }
}

fn said(answer: &CheckResponse) -> String {
    let code = answer.status.as_ref().map_or(0, |status| status.code);
    match answer.http_response.as_ref().expect("what Envoy is to do") {
        HttpResponse::OkResponse(_) => {
            assert_eq!(code, 0);
            PASSES.to_owned()
        }
        HttpResponse::DeniedResponse(denied) => {
            assert_ne!(code, 0);
            let problem: Value = serde_json::from_str(&denied.body).expect("a problem is JSON");
            problem["code"].as_str().expect("a problem has a code").to_owned()
        }
        HttpResponse::ErrorResponse(_) => unreachable!("the gate never sends this"),
    }
}

/// The call as Envoy describes it: headers by name, or, told to send raw ones, as they came.
pub(super) fn question(call: &Written<'_>, raw: bool) -> CheckRequest {
    let text = str::to_owned;
    let mut http = HttpRequest {
        method: text(call.method),
        host: text(call.host),
        path: text(call.target),
        scheme: text("http"),
        ..HttpRequest::default()
    };
    if raw {
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| HeaderValue {
            key: text(name.as_str()),
            raw_value: value.as_bytes().to_vec(),
            ..HeaderValue::default()
        };
        let headers = call.headers.iter().map(header).collect();
        http.header_map = Some(HeaderMap { headers });
    } else {
        let mut headers = HashMap::<String, String>::new();
        for (name, value) in &call.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            let separator = if name == http::header::COOKIE { "; " } else { "," };
            headers
                .entry(text(name.as_str()))
                .and_modify(|present| *present = format!("{present}{separator}{value}"))
                .or_insert_with(|| value.into_owned());
        }
        http.headers = headers;
    }
    CheckRequest {
        attributes: Some(AttributeContext {
            request: Some(attribute_context::Request {
                http: Some(http),
                ..attribute_context::Request::default()
            }),
            ..AttributeContext::default()
        }),
    }
}
