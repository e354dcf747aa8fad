//! The plan for a product as stories.

mod documents;
mod policies;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::APIProduct;
use keydesk_api::condition::{self, ProductAspect};
use keydesk_api::foreign::{AuthPolicy, HTTPRoute};
use keydesk_api::v1alpha1::APIProductStatus;
use keydesk_catalog::Attached;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::discovery::{Document, Wish};
use super::gather::Seen;
use crate::fetch::{FetchError, Outcome};

fn decode<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn seen() -> Seen {
    let product: APIProduct = decode(json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIProduct",
        "metadata": { "namespace": "gamestore", "name": "gamestore-api", "generation": 1 },
        "spec": { "displayName": "Gamestore", "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore" } },
    }));
    Seen {
        product: Arc::new(product),
        route: None,
        plan_policies: Attached {
            to_route: Vec::new(),
            to_gateways: Vec::new(),
        },
        auth_policies: Attached {
            to_route: Vec::new(),
            to_gateways: Vec::new(),
        },
        openapi: Document::None,
        oidc: Document::None,
        max_size: 512_000,
    }
}

fn route(accepted: &[&str]) -> Arc<HTTPRoute> {
    let condition = |status| json!({ "conditions": [{ "type": "Accepted", "status": status }] });
    let parents: Vec<_> = accepted.iter().map(condition).collect();
    Arc::new(decode(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": { "namespace": "gamestore", "name": "gamestore" }, "spec": {}, "status": { "parents": parents },
    })))
}

/// An `AuthPolicy` by this name, with one entry by the same name.
fn auth_policy(name: &str, ready: bool, more: &Value) -> Arc<AuthPolicy> {
    let status = if ready { "True" } else { "False" };
    let mut policy = json!({
        "apiVersion": "kuadrant.io/v1", "kind": "AuthPolicy",
        "metadata": { "namespace": "gamestore", "name": name, "creationTimestamp": "2026-01-01T00:00:00Z" },
        "spec": {
            "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore" },
            "rules": { "authentication": { name: { "apiKey": { "selector": {} } } } },
        },
        "status": { "conditions": [
            { "type": "Accepted", "status": "True" }, { "type": "Enforced", "status": status },
        ] },
    });
    for (name, value) in more.as_object().unwrap() {
        *policy.pointer_mut(name).unwrap() = value.clone();
    }
    Arc::new(decode(policy))
}

fn with_jwt(issuer: &str) -> Arc<AuthPolicy> {
    auth_policy(
        "jwt",
        true,
        &json!({ "/spec/rules": { "authentication": { "jwt": { "jwt": { "issuerUrl": issuer } } } } }),
    )
}

/// Type, status, reason and message of a condition.
fn says(status: &APIProductStatus, aspect: ProductAspect) -> String {
    condition::find(&status.conditions, aspect)
        .map(|condition| format!("{} {}: {}", condition.status, condition.reason, condition.message))
        .unwrap_or_default()
}

fn failed(code: u16) -> FetchError {
    FetchError::Status {
        code,
        retry_after: None,
    }
}

fn outcome(document: Result<&str, FetchError>) -> Outcome {
    Outcome {
        at: now(),
        result: document.map(Into::into).map_err(Arc::new),
    }
}

/// What would be fetched, and the document that came of it.
fn fetched(wish: Wish, outcome: Outcome) -> Document {
    let Wish::Fetch(wanted) = wish else {
        panic!("nothing to fetch: {wish:?}")
    };
    Document::Fetched(wanted, outcome)
}

/// The same of a document that the status holds.
fn refreshed(wish: Wish, outcome: Outcome) -> Document {
    let Wish::Keep(wanted, _) = wish else {
        panic!("nothing to refresh: {wish:?}")
    };
    Document::Refreshed(wanted, outcome)
}

fn with_status(seen: &Seen, status: APIProductStatus) -> Seen {
    let product = APIProduct {
        status: Some(status),
        ..seen.product.as_ref().clone()
    };
    Seen {
        product: Arc::new(product),
        ..seen.clone()
    }
}

#[test]
fn only_what_changed_of_the_conditions_is_news() {
    let conditions = |ready: &str| -> Vec<Condition> {
        let condition = |aspect: &str, status: &str| {
            json!({
                "type": aspect, "status": status, "reason": status, "message": "",
                "lastTransitionTime": "2026-06-01T12:00:00Z",
            })
        };
        serde_json::from_value(json!([condition("Found", "True"), condition("Ready", ready)])).unwrap()
    };
    let changes = |before: &[Condition]| crate::product::plan::changes(before, &conditions("True"));
    assert_eq!(changes(&[]), "Found=True/True Ready=True/True");
    assert_eq!(changes(&conditions("False")), "Ready=True/True");
    assert_eq!(changes(&conditions("True")), "");
}
