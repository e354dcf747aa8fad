//! Keys, seen by people who may read their own side only.

use serde_json::json;

use super::scene::{Scene, fails, holds, now, step};
use crate::explain::{Part, SecretSight, State};

#[test]
fn a_consumer_is_told_what_the_controller_says_and_whom_else_to_ask() {
    let explanation = Scene::working().by_consumer().key();
    assert!(explanation.works, "{explanation:#?}");
    assert_eq!(explanation.verdict, "works: the controller says Approved");
    for topic in ["platform", "request", "gateways"] {
        let step = step(&explanation, topic);
        assert_eq!(step.state, State::Unknown, "{step:?}");
        assert!(step.says[0].contains("you may not"), "{step:?}");
    }
    let scene = Scene::working().by_consumer();
    let denied = scene.said(&[holds("Denied", "Denied")]).key();
    fails(&denied, "decisions", "the controller says Denied", "owner");
    let mut scene = Scene::working().by_consumer();
    scene.key["spec"]["expiresAt"] = json!("2026-11-27T12:00:00Z");
    let expired = scene.said(&[holds("Expired", "KeyExpired")]).key();
    fails(&expired, "expiry", "the controller says KeyExpired", "consumer");
    let scene = Scene::working().by_consumer();
    let unknown = scene.said(&[holds("Failed", "SomethingNew")]).key();
    fails(&unknown, "status", "the controller says SomethingNew", "");
}

#[test]
fn a_consumers_own_eyes_come_before_the_controllers_words() {
    let mut scene = Scene::working().by_consumer();
    scene.secret = SecretSight::Missing;
    fails(&scene.key(), "secret", "does not exist", "consumer");
}

#[test]
fn nobody_knows_where_a_key_stands_that_the_controller_has_not_looked_at() {
    let mut scene = Scene::working().by_consumer();
    scene.key["metadata"]["generation"] = json!(2);
    let explanation = scene.key();
    assert!(!explanation.works);
    assert!(
        explanation
            .verdict
            .starts_with("not known: the controller has not looked")
    );
}

#[test]
fn an_owner_is_told_by_the_request() {
    let explanation = Scene::working().by_owner().key();
    assert!(explanation.works, "{explanation:#?}");
    assert!(step(&explanation, "asks for").says[1].contains("you may not read the APIKey"));
    assert_eq!(step(&explanation, "secret").state, State::Unknown);
    let mut scene = Scene::working()
        .by_owner()
        .said(&[holds("Pending", "AwaitingApproval")]);
    scene.approvals.clear();
    fails(&scene.key(), "decisions", "nobody has decided", "owner");
    for (reason, topic, who) in [
        ("SecretNotFound", "secret", "consumer"),
        ("KuadrantNotFound", "platform", "platform"),
    ] {
        let scene = Scene::working().by_owner().said(&[holds("Failed", reason)]);
        fails(&scene.key(), topic, reason, who);
    }
}

#[test]
fn without_the_catalogue_the_controllers_words_stand_for_the_product() {
    let blind = |reason| {
        let mut scene = Scene::working().by_consumer().said(&[holds("Failed", reason)]);
        scene.product = json!(null);
        scene.hidden.insert(Part::Product);
        scene.key()
    };
    for (reason, topic, who) in [
        ("APIProductNotFound", "product", "consumer"),
        ("AuthSchemeNotFound", "scheme", "owner"),
        ("PlanTierNotFound", "tier", "consumer"),
    ] {
        fails(&blind(reason), topic, reason, who);
    }
}

#[test]
fn what_keeps_a_key_from_the_gateways_is_told() {
    for (reason, who) in [
        ("SelectorNotMatched", "owner"),
        ("EnforcementSecretConflict", "platform"),
        ("SecretNotNamed", "consumer"),
    ] {
        let conditions = [holds("Approved", "Approved"), holds("EnforcementFailed", reason)];
        let scene = Scene::working().by_owner().said(&conditions);
        fails(&scene.key(), "gateways", reason, who);
    }
}

#[test]
fn a_consumer_who_asks_for_another_tier_is_told_the_limits_in_force() {
    let mut scene = Scene::working().by_consumer().said(&[
        holds("Approved", "Approved"),
        holds("TermsChanged", "AwaitingReapproval"),
    ]);
    scene.key["status"]["limits"] = json!({ "daily": 10 });
    let explanation = scene.key();
    assert!(explanation.works, "{explanation:#?}");
    let says = &step(&explanation, "tier").says;
    assert_eq!(says[0], "in force: 10 calls in 24h");
    assert!(says[1].starts_with("tier gold is asked for"), "{says:?}");
}

#[test]
fn a_consumer_who_asks_for_a_later_end_is_told_the_end_in_force() {
    let asks = |end: &str| {
        let message = format!(
            "Asks for expiry \"2030-01-01T00:00:00Z\" instead of \"{end}\"; what was approved stays in force until the owner \
             decides"
        );
        let mut changed = holds("TermsChanged", "AwaitingReapproval");
        changed["message"] = json!(message);
        let scene = Scene::working()
            .by_consumer()
            .asking("expiresAt", &json!("2030-01-01T00:00:00Z"))
            .said(&[holds("Approved", "Approved"), changed]);
        let explanation = scene.key();
        let expiry = step(&explanation, "expiry");
        (expiry.state, expiry.says[0].clone(), explanation.works)
    };
    let ahead = now().checked_add(std::time::Duration::from_mins(1)).unwrap();
    let ahead = keydesk_api::rfc3339(ahead);
    assert_eq!(asks(&ahead), (State::Good, ahead.clone(), true));
    let past = "2020-01-01T00:00:00Z";
    assert_eq!(asks(past), (State::Bad, format!("it ended at {past}"), false));
}

#[test]
fn what_is_too_long_to_be_put_on_record_is_told_where_it_is_asked_for() {
    let mut scene = Scene::working();
    scene.key["metadata"]["annotations"] = json!({ "keydesk.dev/scopes": "s".repeat(5_000) });
    fails(&scene.key(), "asks for", "bytes long together", "consumer");
}
