//! `POST /v1/verify`: a program asks whether a value is a key of a product. It must be allowed to: the verb `verify` on
//! that product.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::LengthLimitError;
use jiff::Timestamp;
use keydesk_api::rfc3339;
use keydesk_core::{Allowance, Denial, NamespacedName, Window};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{Http, answer};
use crate::reviewer::Review;
use crate::verdict::{Counted, Verdict};

/// Bytes of a body: no question is long.
const MAX_BODY: usize = 8 << 10;

/// The most that one call may cost.
const MAX_COST: u64 = 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    namespace: String,
    product: String,
    key: Zeroizing<String>,
    #[serde(default = "one")]
    cost: u64,
}

fn one() -> u64 {
    1
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    valid: bool,
    code: &'static str,
    key_id: Option<String>,
    plan: Option<&'a str>,
    expires_at: Option<String>,
    limits: Vec<Left>,
}

/// What is left of one limit; `reset` in whole seconds.
#[derive(Serialize)]
pub(super) struct Left {
    #[serde(serialize_with = "as_text")]
    window: Window,
    limit: u64,
    remaining: u64,
    reset: u64,
}

impl Left {
    pub(super) fn of(counted: &Counted) -> Vec<Self> {
        let allowances = counted
            .admission()
            .map(keydesk_core::Admission::allowances)
            .unwrap_or_default();
        allowances.iter().map(Self::one).collect()
    }

    fn one(allowance: &Allowance) -> Self {
        let Allowance {
            limit,
            remaining,
            reset,
        } = *allowance;
        Self {
            window: limit.window,
            limit: limit.max,
            remaining,
            reset: reset.as_secs() + u64::from(reset.subsec_nanos() > 0),
        }
    }
}

pub(super) async fn verify(State(http): State<Arc<Http>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let headers = &head.headers;
    let body = match to_bytes(body, MAX_BODY).await {
        Ok(body) => body,
        Err(error) => return unread(error, headers),
    };
    let Some(token) = bearer(headers) else {
        return unauthenticated("send a bearer token of yours in Authorization", headers);
    };
    // What of the body serde would repeat may be the key.
    let Ok(question) = serde_json::from_slice::<Question>(&body) else {
        return answer::problem(
            StatusCode::BAD_REQUEST,
            Denial::BadRequest.code(),
            "the body must be JSON with the texts namespace, product and key, and if need be the number cost",
            headers,
        );
    };
    if question.cost > MAX_COST {
        let detail = format!("cost must be at most {MAX_COST}");
        return answer::problem(
            StatusCode::BAD_REQUEST,
            Denial::BadRequest.code(),
            &detail,
            headers,
        );
    }
    let Question {
        namespace,
        product,
        key,
        cost,
    } = question;
    match http.reviewer.may_verify(token, &namespace, &product).await {
        Review::Allowed => {}
        Review::Unauthenticated => {
            return unauthenticated("the bearer token is not known: send a valid one", headers);
        }
        Review::Forbidden => {
            let detail = format!(
                "you may not verify keys of this product: ask for the verb verify on apiproducts.devportal.kuadrant.io {product:?} in namespace {namespace:?}"
            );
            return answer::problem(StatusCode::FORBIDDEN, "forbidden", &detail, headers);
        }
        Review::Unavailable => return unavailable(headers),
    }
    let product = NamespacedName::new(namespace, product);
    let verdict = http
        .gate
        .verify(&product, key.as_bytes(), cost, Timestamp::now())
        .await;
    match &verdict {
        Verdict::Admitted(admitted) => document(&Answer {
            valid: true,
            code: "valid",
            key_id: Some(admitted.holder.key_id().to_string()),
            plan: admitted.counted.tier().map(|tier| tier.name.as_str()),
            expires_at: admitted.holder.ends_at().map(rfc3339),
            limits: Left::of(&admitted.counted),
        }),
        Verdict::Refused(refused) if refused.denial == Denial::Unavailable => unavailable(headers),
        Verdict::Refused(refused) => {
            let holder = refused.holder.as_deref();
            let counted = refused.counted.as_deref();
            document(&Answer {
                valid: false,
                code: refused.denial.code(),
                key_id: holder.map(|holder| holder.key_id().to_string()),
                plan: counted.and_then(Counted::tier).map(|tier| tier.name.as_str()),
                expires_at: holder.and_then(crate::snapshot::Holder::ends_at).map(rfc3339),
                limits: counted.map(Left::of).unwrap_or_default(),
            })
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over so")]
fn as_text<S: Serializer>(window: &Window, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(window)
}

fn document(document: &Answer<'_>) -> Response {
    // Texts and numbers always serialise.
    answer::json(serde_json::to_string(document).unwrap_or_default())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let token = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = token.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn unauthenticated(detail: &str, headers: &HeaderMap) -> Response {
    let mut answer = answer::problem(StatusCode::UNAUTHORIZED, "unauthenticated", detail, headers);
    let challenge = HeaderValue::from_static("Bearer realm=\"keydesk\"");
    answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    answer
}

fn unavailable(headers: &HeaderMap) -> Response {
    let mut answer = answer::problem(
        StatusCode::SERVICE_UNAVAILABLE,
        Denial::Unavailable.code(),
        &Denial::Unavailable.to_string(),
        headers,
    );
    answer
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

fn unread(error: axum::Error, headers: &HeaderMap) -> Response {
    let status = if error.into_inner().is::<LengthLimitError>() {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        StatusCode::BAD_REQUEST
    };
    answer::problem(
        status,
        Denial::BadRequest.code(),
        "the body must be whole and at most 8 KiB",
        headers,
    )
}
