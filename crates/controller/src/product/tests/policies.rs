//! What is found out about plans, schemes and routes.

use std::sync::Arc;

use keydesk_api::condition::ProductAspect;
use keydesk_api::foreign::{AuthPolicy, PlanPolicy};
use keydesk_catalog::Attached;
use serde_json::json;

use super::super::gather::Seen;
use super::super::plan::plan;
use super::{auth_policy, decode, now, route, says, seen, with_status};

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
