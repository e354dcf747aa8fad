//! The plan as data: a world in, statuses out.

use keydesk_api::meta::GATEWAY_CONTROLLER;

use super::*;
use serde_json::{Value, json};

pub(super) fn object(
    api_version: &str,
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    spec: &Value,
) -> DynamicObject {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind, "metadata": {"name": name, "generation": 1}, "spec": spec,
    });
    if let Some(namespace) = namespace {
        object["metadata"]["namespace"] = json!(namespace);
    }
    serde_json::from_value(object).unwrap()
}

fn class(name: &str, controller: &str) -> DynamicObject {
    let spec = json!({"controllerName": controller});
    object("gateway.networking.k8s.io/v1", "GatewayClass", None, name, &spec)
}

pub(super) fn gateway(name: &str, class: &str, from: &str) -> DynamicObject {
    let listener = json!({"name": "http", "allowedRoutes": {"namespaces": {"from": from}}});
    let spec = json!({"gatewayClassName": class, "listeners": [listener]});
    object(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        Some("infra"),
        name,
        &spec,
    )
}

pub(super) fn route(namespace: &str, parents: &Value) -> DynamicObject {
    object(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        Some(namespace),
        "pets",
        &json!({"parentRefs": parents}),
    )
}

fn policy(target: &str, name: &str) -> DynamicObject {
    let target = json!({"group": "gateway.networking.k8s.io", "kind": target, "name": name});
    let keys = json!({"keys": {"apiKey": {"selector": {"matchLabels": {"app": "pets"}}}}});
    let spec = json!({"targetRef": target, "rules": {"authentication": keys}});
    object("kuadrant.io/v1", "AuthPolicy", Some("infra"), "auth", &spec)
}

pub(super) fn now() -> Timestamp {
    Timestamp::constant(1_800_000_000, 0)
}

/// A world with our class and gateway, another's, and these.
pub(super) fn world(objects: impl IntoIterator<Item = (Kind, DynamicObject)>) -> World {
    let mut world = World::default();
    world.put(Kind::GatewayClass, class("keydesk", GATEWAY_CONTROLLER));
    world.put(Kind::GatewayClass, class("istio", "istio.io/gateway-controller"));
    world.put(Kind::Gateway, gateway("ours", "keydesk", "Same"));
    world.put(Kind::Gateway, gateway("open", "keydesk", "All"));
    world.put(Kind::Gateway, gateway("theirs", "istio", "All"));
    for (kind, object) in objects {
        world.put(kind, object);
    }
    world
}

/// Takes in what is planned until nothing is; a second round must have nothing to do.
pub(super) fn settle(mut world: World) -> World {
    for (kind, object) in plan::plan(&world, now()) {
        world.put(kind, object);
    }
    let later = now() + jiff::SignedDuration::from_secs(60);
    assert!(plan::plan(&world, later).is_empty(), "nothing is written at rest");
    world
}

pub(super) fn status(world: &World, kind: Kind, namespace: &str, name: &str) -> Value {
    world.get(kind, namespace, name).unwrap().data["status"].clone()
}

/// `type=status/reason` of each condition.
pub(super) fn conditions(list: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = |c: &Value| {
        format!(
            "{}={}/{}",
            text(&c["type"]),
            text(&c["status"]),
            text(&c["reason"])
        )
    };
    list.as_array().into_iter().flatten().map(said).collect()
}

#[test]
fn a_gateway_of_our_class_is_accepted_and_anothers_is_left_alone() {
    let world = settle(world([]));
    let ours = status(&world, Kind::Gateway, "infra", "ours");
    assert_eq!(
        conditions(&ours["conditions"]),
        ["Accepted=True/Accepted", "Programmed=False/Pending"]
    );
    let programmed = ours["conditions"][1]["message"].as_str().unwrap();
    assert!(programmed.contains("ask Keydesk's gate"), "{programmed}");
    assert_eq!(status(&world, Kind::Gateway, "infra", "theirs"), Value::Null);
    assert_eq!(status(&world, Kind::GatewayClass, "", "istio"), Value::Null);
}

#[test]
fn a_route_hears_from_each_gateway_of_ours_and_keeps_what_others_say() {
    let refs = json!([{"name": "ours"}, {"name": "theirs"}, {"name": "missing"}, {"name": "ours", "sectionName": "tls"}]);
    let mut route = route("infra", &refs);
    let theirs =
        json!({"controllerName": "istio.io/gateway-controller", "parentRef": {"name": "theirs"}, "x": 1});
    route.data["status"] = json!({"parents": [theirs], "other": 7});
    let world = settle(world([(Kind::HTTPRoute, route)]));
    let status = status(&world, Kind::HTTPRoute, "infra", "pets");
    assert_eq!(status["parents"][0], theirs);
    assert_eq!(status["other"], 7);
    assert_eq!(
        conditions(&status["parents"][1]["conditions"]),
        ["Accepted=True/Accepted"]
    );
    assert_eq!(status["parents"][1]["parentRef"], json!({"name": "ours"}));
    assert_eq!(
        conditions(&status["parents"][2]["conditions"]),
        ["Accepted=False/NoMatchingParent"]
    );
    assert_eq!(status["parents"].as_array().unwrap().len(), 3);
}

#[test]
fn a_gateway_admits_routes_of_other_namespaces_only_where_it_says_so() {
    let refs = json!([{"name": "ours", "namespace": "infra"}, {"name": "open", "namespace": "infra"}]);
    let world = settle(world([(Kind::HTTPRoute, route("shop", &refs))]));
    let status = status(&world, Kind::HTTPRoute, "shop", "pets");
    assert_eq!(
        conditions(&status["parents"][0]["conditions"]),
        ["Accepted=False/NotAllowedByListeners"]
    );
    assert_eq!(
        conditions(&status["parents"][1]["conditions"]),
        ["Accepted=True/Accepted"]
    );
}

#[test]
fn a_route_that_leaves_is_told_nothing_any_more() {
    let mut world = settle(world([(
        Kind::HTTPRoute,
        route("infra", &json!([{"name": "ours"}])),
    )]));
    let mut moved = world.get(Kind::HTTPRoute, "infra", "pets").unwrap().clone();
    moved.data["spec"]["parentRefs"] = json!([{"name": "theirs"}]);
    world.put(Kind::HTTPRoute, moved);
    let world = settle(world);
    assert_eq!(
        status(&world, Kind::HTTPRoute, "infra", "pets")["parents"],
        json!([])
    );
}

#[test]
fn every_message_says_whose_it_is() {
    let on_gateway = policy("Gateway", "ours");
    let world = settle(world([(Kind::AuthPolicy, on_gateway)]));
    let status = status(&world, Kind::AuthPolicy, "infra", "auth");
    assert_eq!(
        conditions(&status["conditions"]),
        ["Accepted=True/Accepted", "Enforced=True/Enforced"]
    );
    for condition in status["conditions"].as_array().unwrap() {
        let message = condition["message"].as_str().unwrap();
        assert!(message.ends_with(" (Keydesk's local gateway)"), "{message}");
        assert_eq!(condition["observedGeneration"], 1);
    }
}

#[test]
fn what_was_said_before_there_was_a_gate_is_replaced_in_its_place() {
    let mut old = policy("Gateway", "ours");
    let said = |type_: &str, message: &str| {
        json!({
            "type": type_, "status": "True", "reason": type_, "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "message": format!("{message} (Keydesk's local gateway: nothing enforces this yet)"),
        })
    };
    let before = [
        said("Accepted", "The policy is accepted"),
        said("Enforced", "The policy counts as enforced"),
    ];
    old.data["status"] = json!({"conditions": before});
    let world = settle(world([(Kind::AuthPolicy, old)]));
    let after = &status(&world, Kind::AuthPolicy, "infra", "auth")["conditions"];
    assert_eq!(
        conditions(after),
        ["Accepted=True/Accepted", "Enforced=True/Enforced"]
    );
    for condition in after.as_array().unwrap() {
        let message = condition["message"].as_str().unwrap();
        assert!(!message.contains("nothing enforces"), "{message}");
        assert_eq!(condition["lastTransitionTime"], "2026-01-01T00:00:00Z");
    }
}

#[test]
fn a_policy_on_a_route_counts_only_while_a_gateway_of_ours_accepts_the_route() {
    for (parent, applies) in [("ours", true), ("theirs", false), ("missing", false)] {
        let route = route("infra", &json!([{"name": parent}]));
        let objects = [
            (Kind::HTTPRoute, route),
            (Kind::PlanPolicy, policy("HTTPRoute", "pets")),
        ];
        let world = settle(world(objects));
        let status = status(&world, Kind::PlanPolicy, "infra", "auth");
        assert_eq!(status.is_null(), !applies, "{parent}");
    }
}

#[test]
fn what_somebody_else_wrote_is_never_overwritten() {
    let mut policy = policy("Gateway", "ours");
    let theirs =
        json!({"type": "Enforced", "status": "False", "reason": "Overridden", "message": "by another"});
    policy.data["status"] = json!({"conditions": [theirs]});
    let world = settle(world([(Kind::AuthPolicy, policy)]));
    let status = status(&world, Kind::AuthPolicy, "infra", "auth");
    assert_eq!(status["conditions"][0], theirs);
    assert_eq!(
        conditions(&status["conditions"]),
        ["Enforced=False/Overridden", "Accepted=True/Accepted"]
    );
}

#[test]
fn of_what_somebody_else_does_not_accept_there_is_nothing_to_say() {
    let mut policy = policy("Gateway", "ours");
    let theirs = json!({"type": "Accepted", "status": "False", "reason": "Invalid", "message": "by another"});
    policy.data["status"] = json!({"conditions": [theirs]});
    let world = settle(world([(Kind::AuthPolicy, policy)]));
    let status = status(&world, Kind::AuthPolicy, "infra", "auth");
    assert_eq!(status["conditions"], json!([theirs]));
}

#[test]
fn a_new_generation_is_noted_without_a_new_transition() {
    let mut world = settle(world([(Kind::AuthPolicy, policy("Gateway", "ours"))]));
    let mut edited = world.get(Kind::AuthPolicy, "infra", "auth").unwrap().clone();
    edited.metadata.generation = Some(2);
    let before = edited.data["status"]["conditions"][1]["lastTransitionTime"].clone();
    world.put(Kind::AuthPolicy, edited);
    let later = now() + jiff::SignedDuration::from_secs(60);
    let planned = plan::plan(&world, later);
    let condition = &planned[0].1.data["status"]["conditions"][1];
    assert_eq!(condition["observedGeneration"], 2);
    assert_eq!(condition["lastTransitionTime"], before);
}

#[test]
fn the_role_reads_and_writes_statuses_and_nothing_else() {
    let role = &role_objects("system:serviceaccount:a:b")[0];
    for rule in role["rules"].as_array().unwrap() {
        let status = rule["resources"][0].as_str().unwrap().ends_with("/status");
        let verbs = if status {
            json!(["update"])
        } else {
            json!(["get", "list", "watch"])
        };
        assert_eq!(rule["verbs"], verbs, "{rule}");
    }
}
