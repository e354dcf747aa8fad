//! The plan for a product as stories.

use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::APIProduct;
use keydesk_api::condition::{self, ProductAspect};
use keydesk_api::foreign::{AuthPolicy, HTTPRoute, PlanPolicy};
use keydesk_api::v1alpha1::APIProductStatus;
use keydesk_catalog::Attached;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::discovery::{Document, Wish, wishes};
use super::gather::Seen;
use super::plan::plan;
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
fn a_product_without_anything_says_so_in_upstreams_order() {
    let status = plan(&seen(), now()).status;
    let types: Vec<_> = status
        .conditions
        .iter()
        .map(|condition| condition.type_.as_str())
        .collect();
    assert_eq!(
        types,
        [
            "PlanPolicyDiscovered",
            "AuthPolicyDiscovered",
            "OIDCDiscovered",
            "Ready"
        ]
    );
    assert_eq!(
        says(&status, ProductAspect::Ready),
        "False HTTPRouteNotFound: HTTPRoute gamestore/gamestore not found"
    );
    assert_eq!(
        says(&status, ProductAspect::AuthPolicyDiscovered),
        "False NotFound: AuthPolicy not found"
    );
    assert_eq!(status.observed_generation, Some(1));
    let again = with_status(&seen(), status.clone());
    assert_eq!(plan(&again, now()).status, status);
}

#[test]
fn one_parent_that_accepts_is_enough() {
    for (accepted, expected) in [
        (&["False", "True"][..], "True HTTPRouteAccepted"),
        (&["False"], "False HTTPRouteNotAccepted"),
    ] {
        let status = plan(
            &Seen {
                route: Some(route(accepted)),
                ..seen()
            },
            now(),
        )
        .status;
        assert!(says(&status, ProductAspect::Ready).starts_with(expected));
    }
}

#[test]
fn plans_are_discovered_in_their_order_without_predicates() {
    let policy: PlanPolicy = decode(json!({
        "apiVersion": "extensions.kuadrant.io/v1alpha1", "kind": "PlanPolicy",
        "metadata": { "namespace": "gamestore", "name": "gamestore-plan" },
        "spec": {
            "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore" },
            "plans": [{ "tier": "gold", "predicate": "true", "limits": { "daily": 100 } }, { "tier": "bronze" }, 7],
        },
    }));
    let plan_policies = Attached {
        to_route: vec![Arc::new(policy)],
        to_gateways: Vec::new(),
    };
    let status = plan(
        &Seen {
            plan_policies,
            ..seen()
        },
        now(),
    )
    .status;
    assert_eq!(
        json!(status.discovered_plans),
        json!([{ "tier": "gold", "limits": { "daily": 100 } }, { "tier": "bronze", "limits": {} }])
    );
    assert_eq!(
        says(&status, ProductAspect::PlanPolicyDiscovered),
        "True Found: Discovered PlanPolicy gamestore-plan targeting HTTPRoute gamestore"
    );
}

#[test]
fn the_same_policy_is_chosen_whatever_the_order() {
    let old = |name, ready| {
        auth_policy(
            name,
            ready,
            &json!({ "/metadata/creationTimestamp": "2025-01-01T00:00:00Z" }),
        )
    };
    let section = json!({ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore", "sectionName": "rule-1" });
    let cases = [
        (
            vec![
                auth_policy("b", true, &json!({})),
                auth_policy("a", true, &json!({})),
            ],
            "a",
        ),
        (vec![auth_policy("a", true, &json!({})), old("b", true)], "b"),
        (vec![auth_policy("a", true, &json!({})), old("b", false)], "a"),
        (
            vec![
                auth_policy("b", false, &json!({})),
                auth_policy("a", true, &json!({ "/spec/targetRef": section })),
            ],
            "b",
        ),
    ];
    for (mut policies, expected) in cases {
        for _ in 0..policies.len() {
            policies.rotate_left(1);
            let attached = Attached {
                to_route: policies.clone(),
                to_gateways: Vec::new(),
            };
            assert_eq!(
                attached.choose().unwrap().metadata.name.as_deref(),
                Some(expected)
            );
        }
    }
}

#[test]
fn a_gateway_counts_where_the_route_has_nothing_or_is_overridden() {
    let choose = |to_route: Vec<_>, gateway: Arc<AuthPolicy>| {
        let attached = Attached {
            to_route,
            to_gateways: vec![Vec::new(), vec![gateway]],
        };
        attached.choose().unwrap().metadata.name.clone().unwrap()
    };
    let overriding: AuthPolicy = decode(json!({
        "apiVersion": "kuadrant.io/v1", "kind": "AuthPolicy", "metadata": { "namespace": "gamestore", "name": "gateway" },
        "spec": { "overrides": { "rules": {} } },
        "status": { "conditions": [{ "type": "Accepted", "status": "True" }, { "type": "Enforced", "status": "True" }] },
    }));
    let overriding = Arc::new(overriding);
    let plain = auth_policy("gateway", true, &json!({}));
    assert_eq!(choose(Vec::new(), plain.clone()), "gateway");
    assert_eq!(
        choose(vec![auth_policy("route", true, &json!({}))], overriding.clone()),
        "route"
    );
    assert_eq!(
        choose(vec![auth_policy("route", false, &json!({}))], plain),
        "route"
    );
    assert_eq!(
        choose(vec![auth_policy("route", false, &json!({}))], overriding),
        "gateway"
    );
}

#[test]
fn a_policy_that_is_not_in_force_gives_no_scheme() {
    let with = |ready| {
        let auth_policies = Attached {
            to_route: vec![auth_policy("vip", ready, &json!({}))],
            to_gateways: Vec::new(),
        };
        plan(
            &Seen {
                auth_policies,
                ..seen()
            },
            now(),
        )
        .status
    };
    assert!(with(true).discovered_auth_scheme.is_some());
    let status = with(false);
    assert_eq!(status.discovered_auth_scheme, None);
    assert_eq!(
        says(&status, ProductAspect::AuthPolicyDiscovered),
        "False AuthPolicyNotReady: AuthPolicy not accepted or not enforced"
    );
}

#[test]
fn an_issuer_is_asked_once_and_again_when_it_changes() {
    let mut seen = Seen {
        auth_policies: Attached {
            to_route: vec![with_jwt("http://idp/a/")],
            to_gateways: Vec::new(),
        },
        ..seen()
    };
    let document = r#"{"issuer": "http://idp/a", "token_endpoint": "http://idp/a/token"}"#;
    let wish = wishes(&seen).oidc;
    assert!(
        matches!(&wish, Wish::Fetch(wanted) if wanted.url == "http://idp/a/.well-known/openid-configuration")
    );
    seen.oidc = fetched(wish, outcome(Ok(document)));
    let status = plan(&seen, now()).status;
    assert_eq!(
        status.oidc_discovery.as_ref().unwrap().token_endpoint,
        "http://idp/a/token"
    );
    assert_eq!(
        says(&status, ProductAspect::OIDCDiscovered),
        "True Discovered: OIDC discovery fetched from http://idp/a/"
    );

    let mut seen = with_status(&seen, status);
    assert_eq!(wishes(&seen).oidc, Wish::Keep);
    seen.auth_policies.to_route = vec![with_jwt("http://idp/b")];
    assert!(matches!(wishes(&seen).oidc, Wish::Fetch(_)));
    seen.oidc = Document::Pending;
    let status = plan(&seen, now()).status;
    assert_eq!(status.oidc_discovery, None);

    seen.oidc = fetched(wishes(&seen).oidc, outcome(Err(FetchError::Status(500))));
    assert_eq!(
        says(&plan(&seen, now()).status, ProductAspect::OIDCDiscovered),
        "False DiscoveryFailed: Failed to fetch OIDC discovery from http://idp/b: unexpected status code: 500"
    );
}

#[test]
fn a_discovery_outlives_a_policy_that_is_not_in_force_but_not_one_without_issuer() {
    let discovered = APIProductStatus {
        oidc_discovery: Some(keydesk_api::v1alpha1::OidcDiscovery {
            token_endpoint: "http://idp/token".into(),
        }),
        ..APIProductStatus::default()
    };
    for (ready, remains) in [(false, true), (true, false)] {
        let mut seen = with_status(&seen(), discovered.clone());
        seen.auth_policies.to_route = vec![auth_policy("keys", ready, &json!({}))];
        assert_eq!(plan(&seen, now()).status.oidc_discovery.is_some(), remains);
    }
}

fn documented() -> Seen {
    let mut seen = seen();
    let product = Arc::make_mut(&mut seen.product);
    product.spec.documentation = Some(decode(json!({ "openAPISpecURL": "http://specs/store.json" })));
    seen
}

#[test]
fn a_document_is_fetched_once_for_each_generation_and_limit() {
    let mut seen = documented();
    seen.openapi = Document::Pending;
    assert_eq!(plan(&seen, now()).status.observed_generation, None);
    seen.openapi = fetched(wishes(&seen).openapi, outcome(Ok("{}")));
    let done = plan(&seen, now());
    assert_eq!(
        (done.keeps_document, done.status.observed_generation),
        (false, Some(1))
    );
    let openapi = done.status.openapi.clone().unwrap();
    assert_eq!(
        (openapi.raw.as_str(), openapi.max_size_used),
        ("{}", Some(512_000))
    );
    assert_eq!(
        says(&done.status, ProductAspect::OpenAPISpecReady),
        "True SpecFetched: OpenAPI spec was successfully fetched"
    );

    let mut seen = with_status(&seen, done.status);
    assert_eq!(wishes(&seen).openapi, Wish::Keep);
    seen.max_size = 1000;
    assert!(matches!(wishes(&seen).openapi, Wish::Fetch(_)));
    seen.max_size = 512_000;
    Arc::make_mut(&mut seen.product).metadata.generation = Some(2);
    assert!(matches!(wishes(&seen).openapi, Wish::Fetch(_)));
    Arc::make_mut(&mut seen.product).spec.documentation = None;
    seen.openapi = Document::None;
    let gone = plan(&seen, now()).status;
    assert_eq!(
        (
            gone.openapi.is_none(),
            says(&gone, ProductAspect::OpenAPISpecReady)
        ),
        (true, String::new())
    );
}

#[test]
fn failing_as_before_changes_nothing() {
    let mut seen = documented();
    seen.openapi = fetched(wishes(&seen).openapi, outcome(Err(FetchError::Status(404))));
    let status = plan(&seen, now()).status;
    assert_eq!(status.openapi.as_ref().unwrap().raw, "");
    assert!(says(&status, ProductAspect::OpenAPISpecReady).contains("unexpected status code 404"));
    let mut seen = with_status(&seen, status.clone());
    let later = "2026-06-01T13:00:00Z".parse().unwrap();
    let again = Outcome {
        at: later,
        ..outcome(Err(FetchError::Status(404)))
    };
    seen.openapi = fetched(wishes(&seen).openapi, again);
    assert_eq!(plan(&seen, later).status, status);
}
