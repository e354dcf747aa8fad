//! Keys, seen by somebody who may read everything.

use keydesk_core::Flaw;
use serde_json::json;

use super::scene::{Scene, decision, fails, holds, step, value};
use crate::explain::{SecretSight, Sight, State};

#[test]
fn a_key_that_works_says_by_whose_word_and_until_when() {
    let mut scene = Scene::working();
    let explanation = scene.key();
    assert!(explanation.works, "{explanation:#?}");
    assert_eq!(
        explanation.verdict,
        "works: approved by olga: as she says, without end"
    );
    assert!(
        explanation.steps.iter().all(|step| step.state == State::Good),
        "{explanation:#?}"
    );
    assert_eq!(
        step(&explanation, "decisions").says,
        [
            "approved by olga at 2026-11-01T00:00:01Z: as she says",
            "for tier gold until never, as APIKeyApproval yes"
        ]
    );
    assert_eq!(
        step(&explanation, "scheme").says,
        ["entry vips takes the key in header `X-Key: …`"]
    );
    assert_eq!(step(&explanation, "tier").says, ["gold: 100 calls in 24h"]);
    scene.key["spec"]["expiresAt"] = json!("2027-01-01T00:00:00Z");
    assert!(
        scene.key().verdict.ends_with("until 2027-01-01T00:00:00Z"),
        "an earlier end is free"
    );
}

#[test]
fn everything_that_can_be_missing_is_told_with_who_can_mend_it() {
    let with = |change: &dyn Fn(&mut Scene)| {
        let mut scene = Scene::working();
        change(&mut scene);
        scene.key()
    };
    let none = |scene: &mut Scene, part: &str| {
        scene.product["status"].as_object_mut().unwrap().remove(part);
    };
    fails(
        &with(&|scene| scene.kuadrant = false),
        "platform",
        "no Kuadrant",
        "platform",
    );
    fails(
        &with(&|scene| scene.product["metadata"]["deletionTimestamp"] = json!("2026-11-27T00:00:00Z")),
        "product",
        "is being deleted",
        "consumer",
    );
    fails(
        &with(&|scene| scene.secret = SecretSight::Missing),
        "secret",
        "Secret app/value does not exist",
        "consumer",
    );
    fails(
        &with(&|scene| scene.secret = SecretSight::WithoutEntry),
        "secret",
        "has no entry api_key",
        "consumer",
    );
    fails(
        &with(&|scene| scene.secret = SecretSight::Empty),
        "secret",
        "an empty entry",
        "consumer",
    );
    fails(
        &with(&|scene| scene.secret = value(&[Flaw::SpaceAround])),
        "secret",
        "white space",
        "consumer",
    );
    fails(
        &with(&|scene| none(scene, "discoveredAuthScheme")),
        "scheme",
        "no authentication scheme in force",
        "owner",
    );
    fails(
        &with(&|scene| {
            let entry = &mut scene.product["status"]["discoveredAuthScheme"]["authentication"]["vips"];
            *entry = json!({ "jwt": {} });
        }),
        "scheme",
        "takes no API keys",
        "owner",
    );
    fails(
        &with(&|scene| scene.product["status"]["discoveredPlans"] = json!([{ "tier": "silver" }])),
        "tier",
        "has no tier gold",
        "consumer",
    );
    fails(
        &with(&|scene| scene.enforcement = Some(Sight::Missing)),
        "gateways",
        "its enforcement secret is not there",
        "platform",
    );
}

#[test]
fn a_product_that_does_not_exist_is_all_that_is_told_of_it() {
    let mut scene = Scene::working();
    scene.product = json!(null);
    let explanation = scene.key();
    assert_eq!(
        explanation.verdict,
        "does not work: APIProduct store/games does not exist"
    );
    assert_eq!(step(&explanation, "tier").state, State::Unknown);
}

#[test]
fn decisions_are_told_in_the_order_of_their_weight() {
    let mut scene = Scene::working().said(&[holds("Denied", "Denied")]);
    scene.approvals = vec![
        decision("first", true, "gold", 1),
        decision("second", false, "gold", 2),
        decision("third", true, "bronze", 0),
    ];
    let explanation = scene.key();
    fails(
        &explanation,
        "decisions",
        "denied by olga at 2026-11-01T00:00:02Z: as she says",
        "owner",
    );
    assert_eq!(
        step(&explanation, "decisions").says[2..],
        [
            "superseded: approved by olga at 2026-11-01T00:00:01Z: as she says, for tier gold until never, as \
             APIKeyApproval first",
            "superseded: approved by olga at 2026-11-01T00:00:00Z: as she says, for tier bronze until never, as \
             APIKeyApproval third",
        ]
    );
}

#[test]
fn a_key_that_nobody_decided_on_waits_for_its_owner_or_in_automatic_mode_for_the_controller() {
    let mut scene = Scene::working().said(&[holds("Pending", "AwaitingApproval")]);
    scene.approvals.clear();
    let explanation = scene.key();
    fails(&explanation, "decisions", "nobody has decided", "owner");
    assert_eq!(
        explanation.to_do()[0].what,
        "keydesk approve app/mobile -n store, or deny"
    );
    scene.product["spec"]["approvalMode"] = json!("automatic");
    fails(&scene.key(), "decisions", "nobody has decided", "platform");
    let mut garbled = Scene::working().approvals.remove(0);
    garbled["metadata"]["annotations"] = json!({ "keydesk.dev/terms": "{" });
    scene.approvals.push(garbled);
    fails(&scene.key(), "decisions", "nobody has decided", "owner");
    scene.approvals.clear();
    scene.product["spec"]["approvalMode"] = json!("manual");
    let request = scene.request.take();
    let explanation = scene.key();
    assert!(
        explanation
            .to_do()
            .iter()
            .all(|fix| !fix.what.contains("keydesk approve")),
        "there is nothing to approve: {explanation:#?}"
    );
    scene.request = request;
    let scene = scene.said(&[holds("Failed", "TooManyKeys")]);
    fails(
        &scene.key(),
        "decisions",
        "the controller says TooManyKeys",
        "consumer",
    );
    let by_consumer = scene.by_consumer().key();
    fails(
        &by_consumer,
        "decisions",
        "the controller says TooManyKeys",
        "consumer",
    );
    assert_eq!(
        by_consumer.to_do()[0].what,
        "delete one of your keys for this product, or ask the owner to approve this one (owner: keydesk approve \
         app/mobile -n store)"
    );
}

#[test]
fn an_approval_whose_terms_nobody_can_read_is_told_of() {
    let mut scene = Scene::working().said(&[holds("Pending", "AwaitingApproval")]);
    scene.approvals[0]["metadata"]["annotations"]["keydesk.dev/terms"] = json!("what?");
    scene.approvals[0]["status"] = json!({ "conditions": [{
        "type": "Valid", "status": "False", "reason": "TermsNotReadable", "message": "cannot be read",
        "lastTransitionTime": "2026-11-01T00:00:00Z",
    }] });
    let explanation = scene.key();
    fails(&explanation, "decisions", "nobody has decided", "owner");
    assert_eq!(
        step(&explanation, "decisions").says[1],
        "does not count: APIKeyApproval store/yes: cannot be read"
    );
}

#[test]
fn what_is_in_force_is_told_beside_what_is_asked_for() {
    let mut scene = Scene::working();
    scene.approvals = vec![decision("yes", true, "bronze", 1)];
    let explanation = scene.key();
    assert!(explanation.works);
    let terms = step(&explanation, "terms");
    assert_eq!(
        terms.says,
        [
            "in force: tier bronze, until never",
            "asks for plan tier gold instead of bronze: not approved"
        ]
    );
    assert_eq!(step(&explanation, "tier").says, ["bronze: 10 calls in 24h"]);
    assert_eq!(
        explanation.to_do()[0].what,
        "to grant it: keydesk approve app/mobile -n store"
    );
}

#[test]
fn an_end_that_has_come_is_told() {
    let mut scene = Scene::working().said(&[holds("Expired", "KeyExpired")]);
    scene.key["spec"]["expiresAt"] = json!("2026-11-27T12:00:00Z");
    scene.request["spec"]["expiresAt"] = json!("2026-11-27T12:00:00Z");
    fails(
        &scene.key(),
        "expiry",
        "it ended at 2026-11-27T12:00:00Z",
        "consumer",
    );
}

#[test]
fn who_asks_for_a_later_end_than_the_one_that_has_come_is_not_told_to_ask_for_it() {
    let bound = decision("yes", true, "gold", 1)["metadata"]["annotations"]["keydesk.dev/terms"].clone();
    let mut terms: serde_json::Value = serde_json::from_str(bound.as_str().unwrap()).unwrap();
    terms["expiresAt"] = json!("2026-11-27T12:00:00Z");
    for later in [json!(null), json!("2027-01-01T00:00:00Z")] {
        let mut scene = Scene::working().said(&[
            holds("Expired", "KeyExpired"),
            holds("TermsChanged", "AwaitingReapproval"),
        ]);
        scene.secret = value(&[Flaw::Guessable]);
        scene.approvals[0]["metadata"]["annotations"]["keydesk.dev/terms"] = json!(terms.to_string());
        scene.key["spec"]["expiresAt"] = later.clone();
        scene.request["spec"]["expiresAt"] = later;
        for explanation in [scene.key(), scene.by_consumer().key()] {
            assert!(!explanation.works, "{explanation:#?}");
            assert_eq!(step(&explanation, "expiry").state, State::Bad);
            let to_do = explanation.to_do();
            let [first, weak] = to_do.as_slice() else {
                panic!("one thing to do by the owner, and a better value: {to_do:#?}")
            };
            assert_eq!(first.what, "to grant it: keydesk approve app/mobile -n store");
            assert!(weak.what.starts_with("choose a better one"), "{weak:?}");
        }
    }
}

#[test]
fn a_status_that_lags_behind_is_told() {
    let scene = Scene::working().said(&[holds("Pending", "AwaitingApproval")]);
    fails(
        &scene.key(),
        "status",
        "the controller has not seen yet that it is approved",
        "platform",
    );
    let scene = Scene::working().said(&[holds("Failed", "SomethingNew")]);
    fails(
        &scene.key(),
        "status",
        "the controller has not seen yet",
        "platform",
    );
    let mut scene = Scene::working();
    scene.key["metadata"]["generation"] = json!(2);
    let explanation = scene.key();
    assert!(explanation.works, "what was approved covers it");
    assert_eq!(step(&explanation, "status").state, State::Note);
}

#[test]
fn a_weak_value_is_a_note_and_a_duplicate_a_reason() {
    let mut scene = Scene::working();
    scene.secret = value(&[Flaw::Guessable]);
    let explanation = scene.key();
    assert!(explanation.works);
    assert_eq!(step(&explanation, "secret").state, State::Note);
    assert!(step(&explanation, "secret").says[1].contains("guessed"));
    let mut scene = Scene::working().said(&[holds("Failed", "SecretAPIKeyDuplicate")]);
    fails(&scene.key(), "secret", "is in use already", "consumer");
    assert!(scene.key().to_do()[0].what.contains("keydesk rotate app/mobile"));
    scene.sharing = vec!["ex".to_owned()];
    let explanation = scene.key();
    assert_eq!(
        step(&explanation, "secret").says[1],
        "key ex of this namespace uses the same Secret"
    );
    assert_eq!(
        explanation.to_do()[0].what,
        "name another Secret in spec.secretRef",
        "a new value would break the other key"
    );
}

#[test]
fn what_the_controller_says_beside_is_passed_on() {
    let scene = Scene::working().said(&[holds("Approved", "Approved"), holds("Throttled", "TooFast")]);
    let explanation = scene.key();
    assert!(explanation.works);
    assert_eq!(
        step(&explanation, "beside").says,
        ["Throttled is True: TooFast: the controller says TooFast"]
    );
}

#[test]
fn whether_a_value_before_is_accepted_is_for_the_controller_to_say() {
    let sight = SecretSight::There {
        flaws: Vec::new(),
        previous_until: Some(super::scene::now()),
    };
    let rotation = |condition: Option<serde_json::Value>| {
        let mut scene = Scene::working();
        scene.secret = sight.clone();
        let conditions: Vec<_> = [holds("Approved", "Approved")]
            .into_iter()
            .chain(condition)
            .collect();
        let explanation = scene.said(&conditions).key();
        assert!(explanation.works);
        let step = step(&explanation, "rotation");
        (step.state, step.says[0].clone())
    };
    let mut condition = holds("Rotating", "PreviousValueAccepted");
    let (state, says) = rotation(Some(condition.clone()));
    assert_eq!(
        (state, says.as_str()),
        (State::Good, "the controller says PreviousValueAccepted")
    );
    condition["status"] = json!("False");
    let refused = "The previous value is not accepted: the one in secret app/value is in use already";
    condition["message"] = json!(refused);
    let (state, says) = rotation(Some(condition));
    assert_eq!((state, says.as_str()), (State::Note, refused), "said once");
    let (state, says) = rotation(None);
    assert_eq!(state, State::Note);
    assert!(says.ends_with("as the Secret says"), "{says}");
}

#[test]
fn of_a_key_that_is_not_approved_no_value_is_said_to_be_accepted() {
    let mut scene = Scene::working();
    scene.secret = SecretSight::There {
        flaws: Vec::new(),
        previous_until: Some(super::scene::now()),
    };
    scene.approvals = vec![decision("no", false, "gold", 1)];
    let explanation = scene.said(&[holds("Denied", "Denied")]).key();
    assert!(!explanation.works);
    let topics: Vec<_> = explanation.steps.iter().map(|step| step.topic).collect();
    assert!(
        topics.contains(&"secret") && !topics.contains(&"rotation"),
        "{topics:?}"
    );
}
