//! Products: which policies make them what they are.

use serde_json::json;

use super::scene::{Scene, fails, policy, step};
use crate::explain::{Part, State};

#[test]
fn a_product_is_told_with_its_policies_and_plans() {
    let explanation = Scene::working().product(Some(0));
    assert!(explanation.works, "{explanation:#?}");
    for (topic, words) in [
        ("route", "HTTPRoute store/games, for games.example.com"),
        (
            "policy",
            "AuthPolicy store/games-auth, the only one: it is attached to the route",
        ),
        (
            "keys",
            "entry vips (the first by priority and name) takes the key in header `X-Key: …`",
        ),
        (
            "plans",
            "PlanPolicy store/games-plan, the only one: it is attached to the route",
        ),
        ("approval", "manual: the owner decides on each request"),
        ("openapi", "no document is named"),
        ("requests", "none wait"),
    ] {
        assert_eq!(step(&explanation, topic).says[0], words);
    }
    assert_eq!(
        step(&explanation, "plans").says[1..],
        ["tier gold: 100 calls in 24h", "tier bronze: 10 calls in 24h"]
    );
}

#[test]
fn why_a_policy_applies_is_told() {
    let mut scene = Scene::working();
    scene.policies = vec![policy(
        "AuthPolicy",
        "infra",
        "edge-auth",
        "Gateway",
        "edge",
        true,
    )];
    assert_eq!(
        step(&scene.product(None), "policy").says,
        ["AuthPolicy infra/edge-auth, attached to Gateway edge; the route has none of its own"]
    );
    scene
        .policies
        .push(policy("AuthPolicy", "store", "own", "HTTPRoute", "games", true));
    let explanation = scene.product(None);
    let says = &step(&explanation, "policy").says;
    assert!(
        says[0].starts_with("AuthPolicy store/own, attached to the route: that comes before"),
        "{says:?}"
    );
    assert_eq!(says[1], "beside it, without effect on keys: infra/edge-auth");
    let mut overriding = policy("AuthPolicy", "infra", "edge-auth", "Gateway", "edge", true);
    overriding["spec"]["overrides"] = json!({ "rules": overriding["spec"]["rules"] });
    scene.policies = vec![
        overriding,
        policy("AuthPolicy", "store", "own", "HTTPRoute", "games", false),
    ];
    assert_eq!(
        step(&scene.product(None), "policy").says[0],
        "AuthPolicy infra/edge-auth, attached to Gateway edge; it overrides the route's own"
    );
}

#[test]
fn what_keeps_keys_from_working_is_told() {
    let mut scene = Scene::working();
    scene.policies = vec![policy("AuthPolicy", "store", "own", "HTTPRoute", "games", false)];
    let explanation = scene.product(None);
    fails(
        &explanation,
        "policy",
        "AuthPolicy store/own is not accepted or not enforced",
        "owner",
    );
    assert!(
        step(&explanation, "policy")
            .says
            .contains(&"Accepted: Conflicted: with another".to_owned())
    );
    scene.policies.clear();
    fails(&scene.product(None), "policy", "no AuthPolicy applies", "owner");
    let mut scene = Scene::working();
    scene.route["status"] = json!({});
    fails(
        &scene.product(None),
        "route",
        "is accepted by no gateway",
        "owner",
    );
    let mut scene = Scene::working();
    scene.product["metadata"]["annotations"] = json!({ "keydesk.dev/auth-entry": "nobody" });
    let explanation = scene.product(None);
    fails(
        &explanation,
        "keys",
        "no apiKey entry \"nobody\", which the product names",
        "owner",
    );
    assert_eq!(step(&explanation, "keys").says[1], "its entries are vips");
    let mut scene = Scene::working();
    scene.kuadrant = false;
    fails(&scene.product(None), "platform", "no Kuadrant", "platform");
}

#[test]
fn a_product_whose_selector_finds_no_key_does_not_work_and_its_owner_can_mend_it() {
    let long = "k".repeat(70);
    for (name, value, words) in [
        ("app", "not a label!", "no label can have the value"),
        (
            "devportal.kuadrant.io/enforcement",
            "no",
            r#"is "true" on the enforcement secrets"#,
        ),
        ("not a key!", "x", "no label can be called"),
        (&long, "x", "no label can be called"),
    ] {
        let mut scene = Scene::working();
        scene.product["status"]["discoveredAuthScheme"]["authentication"]["vips"]["apiKey"]["selector"] =
            json!({ "matchLabels": { name: value } });
        fails(&scene.product(None), "keys", words, "owner");
        fails(&scene.key(), "scheme", words, "owner");
    }
}

#[test]
fn a_policy_that_is_not_enforced_keeps_keys_from_working_in_its_own_words() {
    let unenforced = |kind: &str, reason: &str| {
        let mut policy = policy(kind, "store", "odd", "HTTPRoute", "games", true);
        let message = format!("{kind} is beyond the gate");
        policy["status"]["conditions"][1] =
            json!({ "type": "Enforced", "status": "False", "reason": reason, "message": message });
        policy
    };
    let mut scene = Scene::working();
    scene.plan_policies = vec![unenforced("PlanPolicy", "InvalidCelExpression")];
    for explanation in [scene.product(None), scene.key()] {
        fails(
            &explanation,
            "enforced",
            "PlanPolicy store/odd is not enforced: PlanPolicy is beyond the gate",
            "owner",
        );
    }
    let mut scene = Scene::working();
    scene.rate_limits = vec![unenforced("RateLimitPolicy", "NotSupported")];
    for explanation in [scene.product(None), scene.key()] {
        fails(
            &explanation,
            "enforced",
            "RateLimitPolicy store/odd is not enforced",
            "owner",
        );
    }
    scene.policies[0]["metadata"]["annotations"] = json!({ "keydesk.dev/gate-ignore": "RateLimitPolicy" });
    assert!(scene.key().works, "the owner tells the gate to ignore it");
    scene.rate_limits = vec![unenforced("RateLimitPolicy", "Overridden")];
    scene.policies = vec![unenforced("AuthPolicy", "NotSupported")];
    fails(&scene.key(), "enforced", "AuthPolicy is beyond the gate", "owner");
    fails(
        &scene.product(None),
        "policy",
        "AuthPolicy is beyond the gate",
        "owner",
    );
}

#[test]
fn policies_that_may_not_be_read_are_no_proof_that_calls_pass() {
    for part in [Part::Policies, Part::RateLimits] {
        let mut scene = Scene::working();
        scene.hidden.insert(part);
        let explanation = scene.key();
        let enforced = step(&explanation, "enforced");
        assert_eq!(enforced.state, State::Unknown);
        assert!(enforced.says[1].contains("keydesk explain call"), "{enforced:?}");
    }
}

#[test]
fn what_is_without_a_limit_is_said_to_be() {
    let mut scene = Scene::working();
    scene.product["status"]["discoveredPlans"] = json!([{ "tier": "free" }]);
    let explanation = scene.product(None);
    let plans = step(&explanation, "plans");
    assert_eq!(
        (plans.state, plans.says[1].as_str()),
        (State::Note, "tier free: without limit")
    );
    scene.product["status"]["discoveredPlans"] = json!([]);
    scene.plan_policies.clear();
    let explanation = scene.product(None);
    let plans = step(&explanation, "plans");
    assert_eq!(plans.says[0], "none: no PlanPolicy applies");
    assert!(plans.says[1].contains("none has a limit, as the owner set none"));
    scene.product["spec"]["approvalMode"] = json!("automatic");
    let explanation = scene.product(None);
    assert!(step(&explanation, "approval").says[1].starts_with("with no cap"));
    scene.product["metadata"]["annotations"] = json!({ "keydesk.dev/max-keys-per-namespace": "3" });
    let explanation = scene.product(None);
    assert_eq!(
        step(&explanation, "approval").says[1],
        "at most 3 keys for each namespace"
    );
}

#[test]
fn what_may_not_be_read_is_said_and_the_controllers_words_stand_for_it() {
    let mut scene = Scene::working();
    scene.route = json!(null);
    scene.hidden = [Part::Route, Part::Kuadrant].into();
    let explanation = scene.product(None);
    assert_eq!(
        step(&explanation, "route").says,
        [
            "the controller says HTTPRouteAccepted",
            "you may not read the route itself"
        ]
    );
    for topic in ["platform", "policy", "requests"] {
        assert_eq!(step(&explanation, topic).state, State::Unknown, "{topic}");
    }
    assert!(explanation.works, "as far as whoever asks can know");
    let waiting = Scene::working().product(Some(2));
    assert_eq!(step(&waiting, "requests").says, ["2 wait for a decision"]);
}
