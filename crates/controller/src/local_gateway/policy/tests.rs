//! What policies are told, as data: `namespace` is `infra`, the route is `pets`.

use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::local_gateway::{
    tests::{conditions, gateway, now, object, route, settle, status, world},
    world::{Kind, World},
};

const GATE_IGNORE: &str = "keydesk.dev/gate-ignore";

/// A policy on the route `pets`, created in that minute.
fn policy(kind: Kind, name: &str, minute: u8, spec: &Value) -> (Kind, DynamicObject) {
    let (api_version, word) = match kind {
        Kind::AuthPolicy => ("kuadrant.io/v1", "AuthPolicy"),
        Kind::RateLimitPolicy => ("kuadrant.io/v1", "RateLimitPolicy"),
        _ => ("extensions.kuadrant.io/v1alpha1", "PlanPolicy"),
    };
    let mut spec = spec.clone();
    if spec["targetRef"].is_null() {
        spec["targetRef"] = target("HTTPRoute", "pets");
    }
    let mut object = object(api_version, word, Some("infra"), name, &spec);
    let created_at = format!("2026-01-01T00:{minute:02}:00Z");
    object.metadata.creation_timestamp = serde_json::from_value(json!(created_at)).unwrap();
    (kind, object)
}

fn auth(name: &str, minute: u8, spec: &Value) -> (Kind, DynamicObject) {
    policy(Kind::AuthPolicy, name, minute, spec)
}

fn plans(name: &str, minute: u8, spec: &Value) -> (Kind, DynamicObject) {
    policy(Kind::PlanPolicy, name, minute, spec)
}

fn target(kind: &str, name: &str) -> Value {
    json!({"group": "gateway.networking.k8s.io", "kind": kind, "name": name})
}

/// Rules with one entry for API keys.
fn keys() -> Value {
    json!({"authentication": {"keys": {"apiKey": {"selector": {"matchLabels": {"app": "pets"}}}}}})
}

fn gold(limits: &Value) -> Value {
    let predicate = r#"auth.identity.metadata.annotations["secret.kuadrant.io/plan-id"] == "gold""#;
    json!({"plans": [{"tier": "gold", "predicate": predicate, "limits": limits}]})
}

/// The route `pets` on the gateway `ours`, and these policies.
fn told(policies: impl IntoIterator<Item = (Kind, DynamicObject)>) -> World {
    let pets = (Kind::HTTPRoute, route("infra", &json!([{"name": "ours"}])));
    settle(world([pets].into_iter().chain(policies)))
}

/// Checks that a policy is accepted, its condition `Enforced`, and that its message contains these words.
#[track_caller]
fn check(world: &World, kind: Kind, name: &str, enforced: &str, words: &[&str]) {
    let status = status(world, kind, "infra", name);
    let said = conditions(&status["conditions"]);
    assert_eq!(
        said,
        ["Accepted=True/Accepted", &format!("Enforced={enforced}")],
        "{name}"
    );
    let message = status["conditions"][1]["message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "{message:?} lacks {word:?}");
    }
}

#[test]
fn who_comes_in_by_what_the_gate_does_not_evaluate_is_named() {
    let mut rules = keys();
    rules["authentication"]["realm"] = json!({"jwt": {"issuerUrl": "https://oidc.example.com"}});
    rules["authentication"]["anybody"] = json!({"anonymous": {}});
    let world = told([auth("auth", 0, &json!({"rules": rules}))]);
    let words = [
        "Keydesk's gate enforces",
        "anybody (anonymous), realm (jwt): callers who show nothing else",
    ];
    check(&world, Kind::AuthPolicy, "auth", "True/Enforced", &words);
}

#[test]
fn a_part_that_the_gate_does_not_evaluate_is_named_with_what_to_do() {
    let mut rules = keys();
    rules["authorization"] = json!({"admins": {"opa": {}}});
    let spec = json!({"rules": rules, "when": [{"predicate": "true"}]});
    let world = told([auth("auth", 0, &spec)]);
    let words = ["every call on the route", "(authorization, when)", GATE_IGNORE];
    check(&world, Kind::AuthPolicy, "auth", "False/NotSupported", &words);
}

#[test]
fn a_part_that_its_owner_waives_does_not_hinder_but_is_not_said_to_be_enforced() {
    let mut rules = keys();
    rules["authorization"] = json!({"admins": {"opa": {}}});
    let (kind, mut policy) = auth("auth", 0, &json!({"rules": rules}));
    policy.metadata.annotations = Some([(GATE_IGNORE.to_owned(), "authorization".to_owned())].into());
    let world = told([(kind, policy)]);
    let words = ["but for what keydesk.dev/gate-ignore waives (authorization)"];
    check(&world, Kind::AuthPolicy, "auth", "True/Enforced", &words);
}

#[test]
fn a_policy_without_keys_is_told_that_it_needs_some_and_not_that_it_may_be_waived() {
    let rules = json!({"authentication": {"realm": {"jwt": {"issuerUrl": "https://oidc.example.com"}}}});
    let world = told([auth("auth", 0, &json!({"rules": rules}))]);
    let words = ["until an entry of rules.authentication takes API keys"];
    check(&world, Kind::AuthPolicy, "auth", "False/NotSupported", &words);
    let message = &status(&world, Kind::AuthPolicy, "infra", "auth")["conditions"][1]["message"];
    assert!(!message.as_str().unwrap().contains(GATE_IGNORE), "{message}");
}

#[test]
fn of_several_on_one_target_the_oldest_is_enforced_whatever_it_is_called() {
    let rules = json!({"rules": keys()});
    let world = told([
        auth("a-younger", 1, &rules),
        auth("z-oldest", 0, &rules),
        plans("a-younger", 1, &gold(&json!({}))),
        plans("z-oldest", 0, &gold(&json!({}))),
    ]);
    for kind in [Kind::AuthPolicy, Kind::PlanPolicy] {
        check(&world, kind, "z-oldest", "True/Enforced", &[]);
        check(
            &world,
            kind,
            "a-younger",
            "False/Overridden",
            &["by infra/z-oldest"],
        );
    }
}

#[test]
fn the_oldest_counts_also_where_the_gate_does_not_evaluate_it() {
    let world = told([
        auth("oldest", 0, &json!({"rules": keys(), "patterns": {"p": [1]}})),
        auth("younger", 1, &json!({"rules": keys()})),
    ]);
    check(
        &world,
        Kind::AuthPolicy,
        "oldest",
        "False/NotSupported",
        &["patterns"],
    );
    check(&world, Kind::AuthPolicy, "younger", "False/Overridden", &[]);
}

/// `Overridden` is the gate's leave not to mind a policy: whoever is stricter for a part, or in addition, must not get it.
#[test]
fn a_policy_for_a_part_or_to_be_merged_is_not_overridden_by_another_on_its_target() {
    let mut part = target("HTTPRoute", "pets");
    part["sectionName"] = json!("rule-1");
    let world = told([
        auth("whole", 5, &json!({"rules": keys()})),
        auth("part", 0, &json!({"rules": keys(), "targetRef": part})),
        auth(
            "merged",
            9,
            &json!({"defaults": {"strategy": "merge", "rules": keys()}}),
        ),
    ]);
    check(&world, Kind::AuthPolicy, "whole", "True/Enforced", &[]);
    check(
        &world,
        Kind::AuthPolicy,
        "part",
        "False/NotSupported",
        &["sectionName"],
    );
    check(
        &world,
        Kind::AuthPolicy,
        "merged",
        "False/NotSupported",
        &["strategy"],
    );
}

#[test]
fn a_policy_on_its_way_out_makes_room_for_the_next() {
    let rules = json!({"rules": keys()});
    let (kind, mut leaving) = auth("leaving", 0, &rules);
    leaving.metadata.deletion_timestamp = leaving.metadata.creation_timestamp.clone();
    let world = told([(kind, leaving), auth("next", 1, &rules)]);
    check(
        &world,
        Kind::AuthPolicy,
        "leaving",
        "False/Unknown",
        &["being deleted"],
    );
    check(&world, Kind::AuthPolicy, "next", "True/Enforced", &[]);
}

#[test]
fn a_gateways_overrides_replace_the_routes_policy_and_its_defaults_do_not() {
    for (block, of_route) in [("overrides", "False/Overridden"), ("defaults", "True/Enforced")] {
        let on_gateway = json!({"targetRef": target("Gateway", "ours"), block: {"rules": keys()}});
        let world = told([
            auth("gateways", 5, &on_gateway),
            auth("routes", 0, &json!({"rules": keys()})),
        ]);
        check(&world, Kind::AuthPolicy, "gateways", "True/Enforced", &[]);
        check(&world, Kind::AuthPolicy, "routes", of_route, &[]);
    }
}

#[test]
fn overrides_replace_a_routes_policy_only_where_every_gateway_has_some() {
    let overrides = |name: &str| {
        let spec = json!({"targetRef": target("Gateway", name), "overrides": {"rules": keys()}});
        auth(name, 5, &spec)
    };
    let pets = || {
        (
            Kind::HTTPRoute,
            route("infra", &json!([{"name": "ours"}, {"name": "second"}])),
        )
    };
    let second = || (Kind::Gateway, gateway("second", "keydesk", "Same"));
    let routes = || auth("routes", 0, &json!({"rules": keys()}));
    let one = settle(world([pets(), second(), routes(), overrides("ours")]));
    check(&one, Kind::AuthPolicy, "routes", "True/Enforced", &[]);
    let both = settle(world([
        pets(),
        second(),
        routes(),
        overrides("ours"),
        overrides("second"),
    ]));
    check(
        &both,
        Kind::AuthPolicy,
        "routes",
        "False/Overridden",
        &["by infra/ours"],
    );
}

#[test]
fn a_plan_policy_that_can_be_counted_by_is_enforced_and_says_who_has_no_limit() {
    let world = told([plans(
        "plans",
        0,
        &gold(&json!({"daily": 5, "custom": [{"limit": 1, "window": "10s"}]})),
    )]);
    check(
        &world,
        Kind::PlanPolicy,
        "plans",
        "True/Enforced",
        &["counts calls"],
    );
    let world = told([plans("plans", 0, &gold(&json!({})))]);
    check(
        &world,
        Kind::PlanPolicy,
        "plans",
        "True/Enforced",
        &["no limit for gold"],
    );
}

#[test]
fn a_plan_that_nobody_can_have_is_named_with_its_mistake() {
    let bad = |predicate: &Value, limits: Value| {
        let free = json!({"tier": "free", "predicate": predicate, "limits": limits});
        let mut spec = gold(&json!({"daily": 5}));
        spec["plans"].as_array_mut().unwrap().push(free);
        told([plans("plans", 0, &spec)])
    };
    let cel = "False/InvalidCelExpression";
    for (predicate, words) in [
        (json!("auth.identity =="), "failed to parse the predicate"),
        (json!("auth.user == 'a' && nobody == 1"), "nobody"),
        (Value::Null, "no predicate"),
        (json!("1"), "not a bool"),
        (json!("1/0 == 1"), "division by zero"),
    ] {
        let world = bad(&predicate, json!({}));
        check(&world, Kind::PlanPolicy, "plans", cel, &[r#"Tier "free""#, words]);
    }
    let rates: Vec<_> = (1..=9)
        .map(|n| json!({"limit": 1, "window": format!("{n}s")}))
        .collect();
    for (limits, words) in [
        (json!({"custom": [{"limit": 1, "window": "0s"}]}), "has no length"),
        (json!({"custom": rates}), "at most 8 limits"),
    ] {
        let world = bad(&json!("true"), limits);
        check(
            &world,
            Kind::PlanPolicy,
            "plans",
            "False/InvalidLimits",
            &[r#"Tier "free""#, words],
        );
    }
}

#[test]
fn a_predicate_without_an_answer_for_plain_calls_is_enforced_and_says_whom_it_refuses() {
    let mut spec = gold(&json!({"daily": 5}));
    spec["plans"][0]["predicate"] = json!(r#"request.headers["x-plan"] == "gold""#);
    let world = told([plans("plans", 0, &spec)]);
    let words = [
        r#"Tier "gold" on a plain call"#,
        r#"no such key "x-plan""#,
        "refuses such calls",
    ];
    check(&world, Kind::PlanPolicy, "plans", "True/Enforced", &words);
}

#[test]
fn a_plan_policy_for_a_part_is_not_enforced() {
    let mut spec = gold(&json!({"daily": 5}));
    spec["targetRef"] = target("HTTPRoute", "pets");
    spec["targetRef"]["sectionName"] = json!("rule-1");
    let world = told([plans("plans", 0, &spec)]);
    let words = ["until sectionName is removed", GATE_IGNORE];
    check(&world, Kind::PlanPolicy, "plans", "False/NotSupported", &words);
}

#[test]
fn a_rate_limit_policy_is_accepted_and_never_enforced() {
    let (kind, by_hand) = policy(Kind::RateLimitPolicy, "by-hand", 0, &json!({"limits": {}}));
    let mut of_plans = by_hand.clone();
    of_plans.metadata.name = Some("of-plans".to_owned());
    of_plans.metadata.owner_references = serde_json::from_value(json!([{
        "apiVersion": "extensions.kuadrant.io/v1alpha1", "kind": "PlanPolicy", "name": "p", "uid": "u", "controller": true,
    }]))
    .unwrap();
    let world = told([(kind, by_hand), (kind, of_plans)]);
    let words = ["refuses every call on the route", "rateLimitPolicy", GATE_IGNORE];
    check(&world, kind, "by-hand", "False/NotSupported", &words);
    check(
        &world,
        kind,
        "of-plans",
        "False/Overridden",
        &["the PlanPolicy that made"],
    );
}

#[test]
fn a_condition_whose_words_alone_change_keeps_its_time() {
    let mut rules = keys();
    let mut world = told([auth("auth", 0, &json!({"rules": rules}))]);
    let before = status(&world, Kind::AuthPolicy, "infra", "auth")["conditions"][1].clone();
    let mut edited = world.get(Kind::AuthPolicy, "infra", "auth").unwrap().clone();
    rules["authentication"]["realm"] = json!({"jwt": {}});
    edited.data["spec"]["rules"] = rules;
    world.put(Kind::AuthPolicy, edited);
    let later = now() + jiff::SignedDuration::from_secs(60);
    let planned = crate::local_gateway::plan::plan(&world, later);
    let after = &planned[0].1.data["status"]["conditions"][1];
    assert_ne!(after["message"], before["message"]);
    assert_eq!(after["lastTransitionTime"], before["lastTransitionTime"]);
}
