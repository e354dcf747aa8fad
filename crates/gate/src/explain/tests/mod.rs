//! One story for each thing that can become of a call, and what is then said.

mod entries;
mod scene;

use keydesk_api::meta::annotation;
use keydesk_catalog::Object;
use keydesk_testkit::fixtures::{self, KEY_VALUE, but};
use serde_json::json;
use zeroize::Zeroizing;

use super::{KeyInHand, Obstacle, RouteFinding, Stands};

use scene::{Asked, HOST, Scene, WITH_KEY, accepted, check, read};

#[tokio::test]
async fn a_key_in_force_passes_and_its_plan_is_told() {
    let explanation = Scene::approved(KEY_VALUE).explain(&WITH_KEY).await;
    check(&explanation, "pass", "");
    assert!(explanation.outcome.passes);
    let RouteFinding::Rule { rule } = &explanation.route else {
        panic!("{:?}", explanation.route)
    };
    assert_eq!(
        (rule.route.to_string().as_str(), rule.rule),
        ("gamestore/gamestore", 1)
    );
    assert_eq!(rule.takes, ["any method, paths under /"]);
    let policy = explanation.policy.unwrap();
    assert_eq!(
        policy.auth_policy.unwrap().to_string(),
        "gamestore/gamestore-auth"
    );
    assert_eq!(policy.entries[0].expects, "header `Authorization: APIKEY …`");
    let plan = explanation.plan.unwrap();
    assert_eq!(plan.tier.as_deref(), Some("gold"));
    assert!(plan.predicate.unwrap().ends_with(r#"== "gold""#));
    assert_eq!(
        (plan.limits[0].limit, plan.limits[0].window.as_str()),
        (100, "24h")
    );
    let [owner] = explanation.key.owners.as_slice() else {
        panic!("{:?}", explanation.key)
    };
    assert!(matches!(owner.stands, Stands::Approved { .. }) && owner.obstacle.is_none());
}

#[tokio::test]
async fn a_key_that_waits_names_the_request() {
    let explanation = Scene::asked().explain(&WITH_KEY).await;
    let request = fixtures::request_name("consumer-app", "gamestore-apikey");
    check(&explanation, "invalid_key", &request);
    assert!(matches!(explanation.key.owners[0].stands, Stands::Pending { .. }));
    assert_eq!(explanation.plan, None);
}

#[tokio::test]
async fn a_denial_says_by_whom() {
    let mut scene = Scene::asked();
    scene.put(Object::Approval(read(fixtures::denial("Not yet"))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(
        &explanation,
        "invalid_key",
        "the owner of gamestore/gamestore-api",
    );
    let Stands::Denied { by, message, .. } = &explanation.key.owners[0].stands else {
        panic!("{:?}", explanation.key)
    };
    assert_eq!(
        (by.as_str(), message.as_str()),
        ("api-owner@gamestore.com", "Not yet")
    );
}

#[tokio::test]
async fn an_expired_key_says_when_it_ended() {
    let mut scene = Scene::approved(KEY_VALUE);
    let ended = json!({ "spec": { "expiresAt": "2026-02-01T00:00:00Z" } });
    scene.put(Object::Key(read(but(fixtures::key(), &ended))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "key_expired", "ask for a later end");
    let Stands::Expired { at } = explanation.key.owners[0].stands else {
        panic!("{:?}", explanation.key)
    };
    assert_eq!(at.to_string(), "2026-02-01T00:00:00Z");
}

#[tokio::test]
async fn who_asks_for_a_later_end_already_waits_for_the_owner() {
    let mut scene = Scene::approved(KEY_VALUE);
    let terms = r#"{"namespace":"consumer-app","product":{"name":"gamestore-api","namespace":"gamestore"},"tier":"gold","userId":"user-12345","expiresAt":"2026-02-01T00:00:00Z"}"#;
    let bound = json!({ "metadata": { "annotations": { annotation::TERMS: terms } } });
    scene.put(Object::Approval(read(but(fixtures::approval(), &bound))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(
        &explanation,
        "key_expired",
        "the owner of gamestore/gamestore-api: approve the later end",
    );
}

#[tokio::test]
async fn an_expired_key_whose_copy_is_gone_is_still_its_holders_to_extend() {
    let mut scene = Scene::asked();
    let ended = json!({ "spec": { "expiresAt": "2026-02-01T00:00:00Z" } });
    scene.put(Object::Key(read(but(fixtures::key(), &ended))));
    scene.put(Object::Approval(read(fixtures::approval())));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "invalid_key", "ask for a later end");
}

#[tokio::test]
async fn terms_that_changed_since_are_told_and_the_approved_ones_hold() {
    let mut scene = Scene::approved(KEY_VALUE);
    let terms = r#"{"namespace":"consumer-app","product":{"name":"gamestore-api","namespace":"gamestore"},"tier":"gold","userId":"user-12345"}"#;
    let bound = json!({ "metadata": { "annotations": { annotation::TERMS: terms } } });
    scene.put(Object::Approval(read(but(fixtures::approval(), &bound))));
    let silver = json!({ "spec": { "planTier": "silver" } });
    scene.put(Object::Key(read(but(fixtures::key(), &silver))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "pass", "");
    let owner = &explanation.key.owners[0];
    assert!(owner.terms_changed);
    assert_eq!(owner.tier.as_deref(), Some("gold"));
}

#[tokio::test]
async fn an_enforcement_secret_that_is_missing_or_differs_is_told_apart() {
    let mut scene = Scene::asked();
    scene.put(Object::Approval(read(fixtures::approval())));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "invalid_key", "the platform team");
    assert!(matches!(
        explanation.key.owners[0].obstacle,
        Some(Obstacle::EnforcementMissing { .. })
    ));
    let explanation = Scene::approved("another").explain(&WITH_KEY).await;
    check(&explanation, "invalid_key", "the platform team");
    assert!(matches!(
        explanation.key.owners[0].obstacle,
        Some(Obstacle::EnforcementDiffers { .. })
    ));
}

#[tokio::test]
async fn what_the_controller_misses_is_repeated() {
    let mut scene = Scene::asked();
    scene.put(Object::Approval(read(fixtures::approval())));
    let failed = json!({ "status": { "conditions": [{
        "type": "Failed", "status": "True", "reason": "SecretNotFound", "message": "no Secret",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }] } });
    scene.put(Object::Key(read(but(fixtures::key(), &failed))));
    let explanation = scene.explain(&WITH_KEY).await;
    let Some(Obstacle::EnforcementMissing { controller_says, .. }) = &explanation.key.owners[0].obstacle
    else {
        panic!("{:?}", explanation.key)
    };
    assert_eq!(controller_says.as_deref(), Some("SecretNotFound: no Secret"));
}

#[tokio::test]
async fn a_key_of_another_product_names_those_that_are_good_here() {
    let mut scene = Scene::approved(KEY_VALUE);
    let elsewhere = json!({ "spec": { "targetRef": { "name": "other" } } });
    scene.put(Object::Product(read(but(fixtures::product(), &elsewhere))));
    let vault = json!({ "metadata": { "name": "vault" } });
    scene.put(Object::Product(read(but(fixtures::product(), &vault))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "invalid_key", "ask for a key of gamestore/vault");
    assert_eq!(explanation.key.owners[0].obstacle, Some(Obstacle::OtherProduct));
}

#[tokio::test]
async fn a_secret_that_no_entry_selects_is_told() {
    let mut scene = Scene::approved(KEY_VALUE);
    let role = json!({ "spec": { "rules": { "authentication": { "vip-users": { "apiKey": { "selector": {
        "matchLabels": { "role": "guest" },
    } } } } } } });
    scene.put(Object::AuthPolicy(read(but(fixtures::auth_policy(), &role))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "invalid_key", "the selector of the AuthPolicy");
}

#[tokio::test]
async fn a_value_that_nobody_has_is_nobodys() {
    let wrong = Asked {
        key: Some("not-a-key-of-anybody"),
        ..WITH_KEY
    };
    let explanation = Scene::approved(KEY_VALUE).explain(&wrong).await;
    check(&explanation, "invalid_key", "no APIKey has this value");
    assert!(explanation.key.owners.is_empty());
}

#[tokio::test]
async fn without_a_key_it_is_said_where_one_belongs() {
    let without = Asked {
        key: None,
        ..WITH_KEY
    };
    let explanation = Scene::approved(KEY_VALUE).explain(&without).await;
    check(
        &explanation,
        "credential_missing",
        "header `Authorization: APIKEY …`",
    );
}

#[tokio::test]
async fn a_key_that_the_call_carries_already_is_the_one() {
    let carried = Asked {
        headers: &[("authorization", "APIKEY abc123")],
        key: Some("something-else"),
        ..WITH_KEY
    };
    let explanation = Scene::approved(KEY_VALUE).explain(&carried).await;
    check(&explanation, "pass", "");
}

#[tokio::test]
async fn a_key_goes_wherever_its_entry_wants_it() {
    for (place, expects) in [
        (
            json!({ "customHeader": { "name": "X-Key" } }),
            "header `x-key: …`",
        ),
        (json!({ "queryString": { "name": "k" } }), "query parameter `k=…`"),
        (json!({ "cookie": { "name": "k" } }), "cookie `k=…`"),
    ] {
        let mut scene = Scene::approved(KEY_VALUE);
        let mut policy = fixtures::auth_policy();
        // The first entry takes other keys.
        let entries = &mut policy["spec"]["rules"]["authentication"];
        entries["vip-users"]["credentials"] = place;
        entries["guests"] = json!({ "apiKey": { "selector": { "matchLabels": { "role": "guest" } } } });
        scene.put(Object::AuthPolicy(read(policy)));
        let call = Asked {
            target: "/games?page=1",
            headers: &[("cookie", "a=b")],
            ..WITH_KEY
        };
        let explanation = scene.explain(&call).await;
        check(&explanation, "pass", "");
        assert_eq!(explanation.policy.unwrap().entries[1].expects, expects);
    }
}

#[tokio::test]
async fn a_key_where_other_keys_belong_is_sent_to_its_own_place() {
    let mut scene = Scene::approved(KEY_VALUE);
    let mut policy = fixtures::auth_policy();
    let entries = &mut policy["spec"]["rules"]["authentication"];
    entries["vip-users"]["credentials"] = json!({ "customHeader": { "name": "X-Key" } });
    entries["guests"] = json!({ "apiKey": { "selector": { "matchLabels": { "role": "guest" } } } });
    scene.put(Object::AuthPolicy(read(policy)));
    let call = Asked {
        headers: &[("authorization", "Bearer abc123")],
        key: None,
        ..WITH_KEY
    };
    let explanation = scene.explain(&call).await;
    check(&explanation, "invalid_key", "send the key in header `x-key: …`");
}

#[tokio::test]
async fn a_tier_that_no_predicate_takes_is_the_owners_to_mend() {
    let mut scene = Scene::approved(KEY_VALUE);
    let none = json!({ "spec": { "plans": [{ "tier": "platinum", "predicate": "false" }] } });
    scene.put(Object::PlanPolicy(read(but(fixtures::plan_policy(), &none))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "plan_unresolved", "the owner of the API");
    assert_eq!(
        explanation.plan.unwrap().unresolved.as_deref(),
        Some("no predicate holds")
    );
}

#[tokio::test]
async fn a_part_that_is_not_evaluated_says_how_it_is_waived() {
    let mut scene = Scene::approved(KEY_VALUE);
    let opa = json!({ "spec": { "rules": { "authorization": { "admins": { "opa": {} } } } } });
    scene.put(Object::AuthPolicy(read(but(fixtures::auth_policy(), &opa))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(
        &explanation,
        "policy_not_supported",
        r#"annotate AuthPolicy gamestore/gamestore-auth with keydesk.dev/gate-ignore: "authorization""#,
    );
}

#[tokio::test]
async fn other_ways_to_be_let_in_are_named() {
    let mut scene = Scene::approved(KEY_VALUE);
    let jwt = json!({ "jwt": { "issuerUrl": "https://oidc.example.com" } });
    let ways = json!({ "spec": { "rules": { "authentication": { "realm": jwt } } } });
    scene.put(Object::AuthPolicy(read(but(fixtures::auth_policy(), &ways))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "pass", "");
    let ways = explanation.policy.unwrap().other_ways;
    assert_eq!((ways[0].name.as_str(), ways[0].way), ("realm", "jwt"));
}

#[tokio::test]
async fn without_a_policy_nobody_passes() {
    let mut scene = Scene::empty();
    scene.put(Object::Route(read(accepted("True"))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "policy_not_supported", "attach an AuthPolicy");
}

#[tokio::test]
async fn a_host_that_no_route_names_and_one_that_no_gateway_took_are_told_apart() {
    let elsewhere = Asked {
        host: "api.example.org",
        ..WITH_KEY
    };
    let explanation = Scene::approved(KEY_VALUE).explain(&elsewhere).await;
    check(&explanation, "no_route", "give its HTTPRoute this hostname");
    assert_eq!(explanation.route, RouteFinding::NoHost { unserved: Vec::new() });
    assert_eq!(
        explanation.key.owners.len(),
        1,
        "whose it is is known all the same"
    );

    for (status, says) in [
        ("False", "NotAllowedByListeners: no"),
        ("Unknown", "has not said"),
    ] {
        let mut scene = Scene::approved(KEY_VALUE);
        scene.put(Object::Route(read(accepted(status))));
        let explanation = scene.explain(&WITH_KEY).await;
        check(&explanation, "no_route", "make the Gateway accept the route");
        let RouteFinding::NoHost { unserved } = &explanation.route else {
            panic!("{:?}", explanation.route)
        };
        assert!(unserved[0].why[0].contains(says), "{unserved:?}");
    }
}

#[tokio::test]
async fn a_path_that_no_rule_takes_lists_the_rules_that_there_are() {
    let mut scene = Scene::approved(KEY_VALUE);
    let rules = json!({ "spec": { "rules": [
        { "matches": [{ "path": { "type": "Exact", "value": "/api" }, "method": "POST" }] },
    ] } });
    scene.put(Object::Route(read(but(accepted("True"), &rules))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "no_route", "check path and method");
    let RouteFinding::NoRule { rules } = &explanation.route else {
        panic!("{:?}", explanation.route)
    };
    assert_eq!(rules[0].takes, ["POST, path /api"]);
}

#[tokio::test]
async fn a_path_with_several_readings_shows_them() {
    let mut scene = Scene::approved(KEY_VALUE);
    let rules = json!({ "spec": { "rules": [
        { "matches": [{ "path": { "type": "PathPrefix", "value": "/open" } }] },
        { "matches": [{ "path": { "type": "PathPrefix", "value": "/admin" } }] },
    ] } });
    scene.put(Object::Route(read(but(accepted("True"), &rules))));
    let call = Asked {
        target: "/open/../admin",
        ..WITH_KEY
    };
    let explanation = scene.explain(&call).await;
    check(
        &explanation,
        "bad_request",
        "the one form that everybody reads alike",
    );
    let RouteFinding::Ambiguous { readings } = &explanation.route else {
        panic!("{:?}", explanation.route)
    };
    let met: Vec<_> = readings
        .iter()
        .map(|reading| {
            (
                reading.reading.as_str(),
                reading.rule.as_ref().map(|rule| rule.rule),
            )
        })
        .collect();
    assert_eq!(met, [("/open/../admin", Some(1)), ("/admin", Some(2))]);
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    for (host, target, says) in [
        ("a b", "/", "the host"),
        (HOST, "games", "the path"),
        (HOST, "/%", "the path"),
    ] {
        let call = Asked {
            host,
            target,
            ..WITH_KEY
        };
        let explanation = Scene::approved(KEY_VALUE).explain(&call).await;
        check(&explanation, "bad_request", "the caller");
        let RouteFinding::Malformed { why } = &explanation.route else {
            panic!("{:?}", explanation.route)
        };
        assert!(why.starts_with(says), "{why}");
    }
}

#[test]
fn a_key_in_hand_is_read_without_the_end_of_its_line_and_never_printed() {
    let take = |text: &[u8]| KeyInHand::new(Zeroizing::new(text.to_vec()));
    for text in ["abc", "abc\n", "abc\r\n"] {
        assert_eq!(take(text.as_bytes()).unwrap().as_bytes(), b"abc");
    }
    assert_eq!(take(b" abc \n\n").unwrap().as_bytes(), b" abc \n");
    assert!(take(b"").is_none() && take(b"\n").is_none());
    assert_eq!(format!("{:?}", take(b"abc").unwrap()), "KeyInHand(..)");
}
