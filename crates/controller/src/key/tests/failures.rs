//! What is missing, and what becomes of a key that worked.

use std::sync::Arc;

use keydesk_api::condition::KeyAspect;
use keydesk_core::SecretFacts;
use serde_json::json;

use super::stage::{GRACE, Stage, after, merged, product};
use crate::key::plan::forfeited;

#[test]
fn a_failing_key_that_nobody_decided_on_has_no_request() {
    let mut stage = Stage::new();
    stage.live().secret = SecretFacts::Missing;
    stage.settle();
    assert_eq!(
        stage.message(KeyAspect::Failed),
        "Referenced secret consumer-app/value not found"
    );
    assert!(stage.live().request.is_none());
    stage.live().secret = SecretFacts::Usable;
    stage.settle();
    assert_eq!(stage.stands(), ["Pending/AwaitingApproval"]);
    stage.live().secret = SecretFacts::Empty;
    stage.settle();
    assert!(stage.live().request.is_none());
}

#[test]
fn a_decision_outlives_a_failure() {
    let mut stage = Stage::approved();
    stage.live().secret = SecretFacts::Missing;
    stage.live().value = None;
    stage.settle();
    assert_eq!(stage.stands(), ["Failed/SecretNotFound"]);
    assert!(
        stage.seen.copies.is_empty() && stage.live().request.is_some() && stage.live().approvals.len() == 1
    );
    let value = keydesk_core::FingerprintKey::new([1; 32]).fingerprint(b"new456");
    stage.live().secret = SecretFacts::Usable;
    stage.live().value = Some(value);
    stage.settle();
    assert_eq!(
        (stage.stands(), stage.seen.copies[0].value),
        (vec!["Approved/Approved".to_owned()], Some(value))
    );
}

#[test]
fn a_product_that_fails_for_a_moment_does_not_stop_a_working_key() {
    let mut stage = Stage::approved();
    stage.at(100);
    let bare = merged(
        &product("manual"),
        &json!({ "status": { "discoveredAuthScheme": null } }),
    );
    stage.live().product = Some(Arc::new(bare));
    stage.settle();
    assert_eq!(stage.stands(), ["Failed/AuthSchemeNotFound"]);
    assert_eq!(stage.plan().wake_at, Some(after(160)));
    stage.at(159);
    assert!(stage.plan().revoke.is_empty());
    stage.at(160);
    assert_eq!(stage.plan().revoke.len(), 1);
}

#[test]
fn a_denial_or_the_end_is_not_put_off_by_a_failing_product() {
    let mut stage = Stage::approved();
    stage.at(100);
    stage.live().enforcement_namespace = None;
    stage.settle();
    assert_eq!(
        (stage.stands(), stage.seen.copies.len()),
        (vec!["Failed/KuadrantNotFound".to_owned()], 1)
    );
    let mut ended = stage.clone();
    ended.edit(&json!({ "expiresAt": after(90) }));
    assert_eq!(ended.plan().revoke.len(), 1);
    stage.edit_approval("yes", &json!({ "spec": { "approved": false } }), 110);
    assert_eq!(stage.plan().revoke.len(), 1);
}

#[test]
fn a_value_that_its_owner_took_away_is_not_spared_with_a_failing_product() {
    let mut stage = Stage::approved();
    stage.live().enforcement_namespace = None;
    stage.live().secret = SecretFacts::Missing;
    stage.live().value = None;
    assert_eq!(stage.stands(), ["Failed/KuadrantNotFound"]);
    assert_eq!(stage.plan().revoke.len(), 1);
}

#[test]
fn a_product_that_goes_stops_its_keys_at_once() {
    let mut stage = Stage::approved();
    stage.live().product = None;
    stage.settle();
    assert_eq!(
        stage.message(KeyAspect::Failed),
        "Referenced APIProduct gamestore/gamestore-api not found"
    );
    assert!(stage.seen.copies.is_empty());
}

#[test]
fn an_unknown_tier_is_never_approved_by_itself() {
    let mut stage = Stage::automatic();
    stage.edit(&json!({ "planTier": "platinum" }));
    stage.settle();
    assert_eq!(stage.stands(), ["Failed/PlanTierNotFound"]);
    assert!(
        stage
            .message(KeyAspect::Failed)
            .ends_with("its tiers are bronze, gold")
    );
    assert!(stage.live().approvals.is_empty());
}

#[test]
fn a_duplicate_value_is_told_without_telling_whose() {
    let mut stage = Stage::new();
    stage.live().secret = SecretFacts::Duplicate;
    stage.settle();
    assert_eq!(stage.stands(), ["Failed/SecretAPIKeyDuplicate"]);
}

#[test]
fn an_end_that_passes_is_waited_for_and_takes_the_copy_away() {
    let mut stage = Stage::approved();
    stage.edit(&json!({ "expiresAt": after(50) }));
    stage.settle();
    assert_eq!(stage.plan().wake_at, Some(after(50)));
    let expires_at = &stage.seen.copies[0].meta.annotations["secret.kuadrant.io/expires-at"];
    assert_eq!(expires_at, "2026-06-01T12:00:50Z");
    stage.at(50);
    stage.settle();
    assert_eq!(
        stage.message(KeyAspect::Expired),
        "API key expired at 2026-06-01T12:00:50Z"
    );
    assert!(stage.seen.copies.is_empty());
}

#[test]
fn of_a_key_whose_secret_cannot_be_read_goes_what_would_go_whatever_it_holds() {
    let mut stage = Stage::approved();
    stage.live().value = None;
    stage.live().secret = SecretFacts::Unnamed;
    let goes = |stage: &Stage| forfeited(&stage.seen, GRACE, stage.now).len();
    assert_eq!(goes(&stage), 0);
    let approved = stage.clone();

    stage.approve("no", false, 20);
    assert_eq!(goes(&stage), 1, "it is denied");

    let mut stage = approved.clone();
    stage.live().approvals.clear();
    stage.live().request = None;
    assert_eq!(goes(&stage), 1, "nobody has approved it");

    let mut stage = approved.clone();
    stage.edit(&json!({ "expiresAt": after(30).to_string() }));
    stage.at(29);
    assert_eq!(goes(&stage), 0);
    stage.at(30);
    assert_eq!(goes(&stage), 1, "its time is over");

    let mut stage = approved.clone();
    stage.live().product = None;
    assert_eq!(goes(&stage), 1, "its product is gone");

    let mut stage = approved.clone();
    let bare = json!({ "status": { "discoveredAuthScheme": null } });
    stage.live().product = Some(Arc::new(merged(&product("manual"), &bare)));
    assert_eq!(goes(&stage), 0, "its product fails for a moment");

    let mut stage = approved;
    stage.seen.live = None;
    assert_eq!(goes(&stage), 1, "it is gone");
}
