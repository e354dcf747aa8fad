//! `GET /v1/self`: the key in hand describes itself (`spec/key-api.md` §5). It needs no scope, uses no quota, and never
//! shows the value or its digest.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use keydesk_api::rfc3339;
use keydesk_core::{Denial, NamespacedName};
use serde_json::{Value, json};

use super::verify::Left;
use super::{Http, answer};
use crate::credential::Presented;
use crate::reply::{FOR_CALLERS, moment, refuse, request_id};
use crate::snapshot::{Holder, Snapshot};
use crate::verdict::Refused;

/// The header in which a key may be shown here, whatever its product's policy says.
const API_KEY: &str = "x-api-key";

/// The characters of its id by which people tell keys apart.
const HINT: usize = 8;

pub(super) async fn describe(State(http): State<Arc<Http>>, head: Parts) -> Response {
    match describe_at(&http, &head, Timestamp::now()).await {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn describe_at(http: &Http, head: &Parts, now: Timestamp) -> Result<Response, Response> {
    let headers = &head.headers;
    if is_basic(headers) {
        return Err(answer::problem(
            StatusCode::BAD_REQUEST,
            "not_an_api_key",
            "this is about the API key in hand: send one, not a name and password",
            headers,
        ));
    }
    let snapshot = http.gate.snapshot();
    let query = head.uri.query().unwrap_or_default();
    let presented = presented(&snapshot, headers, query);
    if presented.is_empty() {
        return Err(refused(&Refused::new(Denial::CredentialMissing), headers));
    }
    let product = product(query);
    let mut holders = Vec::new();
    for value in presented {
        let found = http
            .gate
            .holders_of(value.as_bytes())
            .map_err(|unavailable| refused(&unavailable, headers))?;
        holders.extend(found.into_iter().filter(|holder| {
            let of = holder.product();
            product.is_none() || of == product.as_ref()
        }));
    }
    holders.sort_by_key(|holder| holder.secret());
    holders.dedup_by(|a, b| a.secret() == b.secret());
    let holder = match holders.as_slice() {
        [] => return Err(refused(&Refused::new(Denial::InvalidKey), headers)),
        [holder] => holder,
        [..] => {
            return Err(answer::problem(
                StatusCode::BAD_REQUEST,
                Denial::BadRequest.code(),
                "this value is a key of several products: say which with ?product=NAMESPACE/NAME",
                headers,
            ));
        }
    };
    if holder.ends_at().is_some_and(|end| end <= now) {
        let expired = Refused {
            holder: Some(Arc::clone(holder)),
            ..Refused::new(Denial::KeyExpired)
        };
        return Err(refused(&expired, headers));
    }
    let document = document(http, &snapshot, holder, now).await;
    let mut answer = answer::json(document.to_string());
    let [id, expires_at] = FOR_CALLERS;
    let headers = answer.headers_mut();
    headers.extend(HeaderValue::try_from(holder.key_id().to_string()).map(|value| (id, value)));
    headers.extend(HeaderValue::try_from(moment(holder.ends_at())).map(|value| (expires_at, value)));
    let exposed = HeaderValue::from_static("x-api-key-id, x-api-key-expires-at");
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    Ok(answer)
}

/// Every value that may be meant: after whatever word of `Authorization`, under `X-API-Key`, and where the policies of
/// the cluster want keys.
fn presented<'a>(snapshot: &Snapshot, headers: &'a HeaderMap, query: &'a str) -> Vec<Presented<'a>> {
    let authorization = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let token = authorization.and_then(|value| {
        let space = value.iter().position(|byte| *byte == b' ')?;
        Some(Presented::new(value[space + 1..].into()))
    });
    let own = headers
        .get(API_KEY)
        .map(|value| Presented::new(value.as_bytes().into()));
    let elsewhere = snapshot
        .locations
        .iter()
        .filter_map(|location| location.extract(headers, query));
    token.into_iter().chain(own).chain(elsewhere).collect()
}

fn is_basic(headers: &HeaderMap) -> bool {
    let authorization = headers.get("authorization");
    authorization.is_some_and(|value| {
        value
            .as_bytes()
            .get(..6)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic "))
    })
}

fn product(query: &str) -> Option<NamespacedName> {
    let product = query.split('&').find_map(|pair| pair.strip_prefix("product="))?;
    let product = product.replace("%2F", "/").replace("%2f", "/");
    // A name that is none belongs to no product.
    let (namespace, name) = product.split_once('/').unwrap_or((product.as_str(), ""));
    Some(NamespacedName::new(namespace, name))
}

fn refused(refused: &Refused, headers: &HeaderMap) -> Response {
    let mut answer = answer::refused(refuse(refused, request_id(headers)));
    if answer.status() == StatusCode::UNAUTHORIZED {
        let challenge = match refused.denial {
            Denial::CredentialMissing => "Bearer realm=\"keydesk\"",
            _ => "Bearer realm=\"keydesk\", error=\"invalid_token\"",
        };
        answer
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    answer
}

async fn document(http: &Http, snapshot: &Snapshot, holder: &Arc<Holder>, now: Timestamp) -> Value {
    let approved = holder.approved();
    let key = approved.and_then(|approved| http.catalog.read().key_record(&approved.key()));
    let created_at = key.as_ref().and_then(|key| key.created_at);
    let created_at = created_at.or_else(|| holder.created_at());
    let protection = holder
        .product()
        .and_then(|product| snapshot.products.get(product));
    let counted = match protection {
        Some(protection) => Some(http.gate.look(holder, protection, now).await),
        None => None,
    };
    let (namespace, user_id) = holder.consumer();
    let id = holder.key_id().to_string();
    let ends_at = holder.ends_at();
    let seconds_left = ends_at.map(|end| end.duration_since(now).as_secs().max(0));
    let (plan, limits) = match &counted {
        Some(Ok(counted)) => (
            counted.tier().map(|tier| tier.name.clone()),
            json!(Left::of(counted)),
        ),
        Some(Err(_)) | None => (None, Value::Null),
    };
    json!({
        "key_id": id,
        "type": "API_KEY",
        "name": key.as_ref().map(|key| &key.id.name),
        "namespace": namespace,
        "comment": key.as_ref().and_then(|key| key.use_case.as_ref()),
        "hint": id.get(..HINT).unwrap_or(&id),
        "status": "active",
        "active": true,
        "enabled": true,
        "user_name": user_id,
        "created_by": null,
        "scopes": approved.map(|approved| &approved.entitlement.scopes),
        "created_at": created_at.map(rfc3339),
        "not_before": null,
        "expires_at": ends_at.map(rfc3339),
        "expires_in": seconds_left,
        "last_used_at": null,
        "max_lifetime_at": null,
        "renewable": false,
        "metadata": {},
        "product": holder.product().map(|product| json!({
            "namespace": product.namespace,
            "name": product.name,
        })),
        "plan": plan,
        "limits": limits,
        "rate_limit": null,
    })
}
