//! The objects of the checks beside those that the testkit has.

use keydesk_testkit::fixtures::{self, OWNER_NAMESPACE, but};
use serde_json::{Value, json};

/// The gateway that the game store's route is attached to.
pub(crate) fn gateway() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": { "name": "gamestore", "namespace": OWNER_NAMESPACE },
        "spec": {
            "gatewayClassName": "keydesk",
            "listeners": [{ "name": "http", "protocol": "HTTP", "port": 80,
                "allowedRoutes": { "namespaces": { "from": "Same" } } }],
        },
    })
}

/// The status of a route of which its parents all say the same.
pub(crate) fn accepted(route: &Value, is_accepted: bool) -> Value {
    let parents = route["spec"]["parentRefs"].as_array().unwrap().iter();
    let parents: Vec<_> = parents
        .map(|parent| {
            json!({
                "parentRef": parent,
                "controllerName": "example.com/gateway-controller",
                "conditions": [{
                    "type": "Accepted",
                    "status": if is_accepted { "True" } else { "False" },
                    "reason": if is_accepted { "Accepted" } else { "NotAllowedByListeners" },
                    "message": "as the check says",
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                }],
            })
        })
        .collect();
    json!({ "parents": parents })
}

/// The game store's `PlanPolicy` with these plans.
pub(crate) fn plans(plan_list: &Value) -> Value {
    but(
        fixtures::plan_policy(),
        &json!({ "spec": { "plans": plan_list } }),
    )
}

/// A plan for those whose key says so.
pub(crate) fn plan(tier: &str, limits: &Value) -> Value {
    let predicate =
        format!(r#"auth.identity.metadata.annotations["secret.kuadrant.io/plan-id"] == "{tier}""#);
    json!({ "tier": tier, "predicate": predicate, "limits": limits })
}

/// The plans of `spec/gate.md` §7.
pub(crate) fn usual_plans() -> Value {
    json!([
        plan("gold", &json!({ "daily": 5 })),
        plan(
            "free",
            &json!({ "daily": 1, "custom": [{ "limit": 2, "window": "10s" }] })
        ),
    ])
}

/// One plan, named `gold`, with these limits.
pub(crate) fn gold(limits: &Value) -> Value {
    json!([plan("gold", limits)])
}
