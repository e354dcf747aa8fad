//! Objects of others decode whatever is in them.

use keydesk_api::foreign::{AuthPolicy, Gateway, GatewayClass, HTTPRoute, Kuadrant, ParentRef, PlanPolicy};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).unwrap()
}

#[test]
fn a_route_says_where_it_is_attached_and_whether_it_was_accepted() {
    let route: HTTPRoute = read(json!({
        "spec": {
            "parentRefs": [
                { "name": "gw" },
                { "name": "gw", "namespace": "infra", "kind": "Gateway", "sectionName": "https" },
                { "name": "svc", "group": "", "kind": "Service" },
            ],
            "hostnames": ["api.example.com"],
            "rules": [{ "matches": [] }],
        },
        "status": {
            "parents": [
                { "conditions": [{ "type": "Accepted", "status": "False" }] },
                { "controllerName": "x", "conditions": [{ "type": "Accepted", "status": "True" }] },
            ],
        },
    }));
    let parents = &route.spec.parent_refs;
    assert_eq!(
        parents.iter().map(ParentRef::is_gateway).collect::<Vec<_>>(),
        [true, true, false]
    );
    assert_eq!(
        (parents[0].namespace_or("own"), parents[1].namespace_or("own")),
        ("own", "infra")
    );
    assert!(route.status.unwrap().is_accepted());
}

#[test]
fn odd_objects_decode_to_what_can_be_understood_of_them() {
    let route: HTTPRoute = read(json!({
        "spec": { "parentRefs": [7, { "name": ["gw"] }], "hostnames": "api.example.com" },
        "status": { "parents": [null, { "conditions": { "Accepted": true } }] },
    }));
    assert_eq!((route.spec.parent_refs.len(), route.spec.hostnames.len()), (2, 0));
    assert!(!route.status.unwrap().is_accepted());
    let policy: AuthPolicy = read(json!({ "spec": { "targetRef": "route", "rules": [], "defaults": 1 } }));
    assert!(policy.spec.effective_rules().is_none());
    let gateway: Gateway =
        read(json!({ "spec": { "gatewayClassName": 5 }, "status": { "conditions": [1, "x"] } }));
    assert_eq!(gateway.spec.gateway_class_name, "");
    assert!(!gateway.status.unwrap().is_true("Programmed"));
    let class: GatewayClass = read(json!({ "spec": {} }));
    assert_eq!(class.spec.controller_name, "");
    let _: Kuadrant = read(json!({ "metadata": { "name": "kuadrant" }, "spec": { "observability": {} } }));
}

#[test]
fn a_plan_that_cannot_be_understood_does_not_make_a_product_unlimited() {
    let policy: PlanPolicy = read(json!({
        "spec": { "plans": [{ "tier": "gold", "limits": { "daily": "many" } }, 3] },
    }));
    let tiers: Vec<_> = policy.spec.plans.iter().map(|plan| plan.tier.as_str()).collect();
    assert_eq!(
        tiers,
        ["", ""],
        "the plans are still there, but nobody can ask for them"
    );
}

#[test]
fn rules_are_found_wherever_a_policy_has_them() {
    let rules = json!({ "authentication": { "users": { "anonymous": {} } } });
    for spec in [
        json!({ "rules": rules }),
        json!({ "defaults": { "rules": rules, "strategy": "atomic" } }),
        json!({ "overrides": { "rules": rules } }),
        json!({ "overrides": { "rules": rules }, "defaults": { "rules": {} }, "rules": {} }),
    ] {
        let policy: AuthPolicy = read(json!({ "spec": spec }));
        assert_eq!(
            policy.spec.effective_rules().unwrap().authentications().len(),
            1,
            "{spec}"
        );
    }
}
