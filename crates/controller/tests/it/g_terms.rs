//! G. A decision is on the terms that were asked for when it was made.

use keydesk_testkit::Address;
use keydesk_testkit::conditions::{condition, is};
use keydesk_testkit::fixtures::{self, OWNER_NAMESPACE, approval, but, key, named, now_plus};
use keydesk_testkit::wait::next_second;
use serde_json::{Value, json};

use crate::stage::{Stage, decision_on, enforcement_at, for_tier, key_at, product_at, request_at, settings};

fn asks_for_more(seen: &Value) -> bool {
    condition(seen, "TermsChanged").is_some_and(|found| found["status"] == "True")
}

#[tokio::test]
async fn s094_a_higher_tier_needs_a_new_decision() {
    let stage = Stage::approved_for_bronze().await;
    stage
        .patch(&key_at(), &json!({ "spec": { "planTier": "gold" } }))
        .await;
    let seen = stage.soon(&key_at(), "asks for more", asks_for_more).await;
    assert!(is(&seen, "Approved"), "{seen:#}");
    stage
        .soon(&request_at(), "shows what is asked", |seen| {
            seen["spec"]["planTier"] == "gold"
        })
        .await;
    stage
        .stays(&enforcement_at(), "is for bronze", for_tier("bronze"))
        .await;
    assert_eq!(stage.get(&key_at()).await["status"]["limits"]["daily"], 10);

    next_second().await;
    stage.create(&decision_on(&key(), "gold-too", true)).await;
    stage.soon_enforced("is for gold", for_tier("gold")).await;
    stage
        .soon(&key_at(), "is approved for gold", |seen| {
            is(seen, "Approved") && !asks_for_more(seen) && seen["status"]["limits"]["daily"] == 100
        })
        .await;
}

#[tokio::test]
async fn s094_an_edited_decision_is_a_new_decision() {
    let stage = Stage::approved_for_bronze().await;
    stage
        .patch(&key_at(), &json!({ "spec": { "planTier": "gold" } }))
        .await;
    stage.soon(&key_at(), "asks for more", asks_for_more).await;
    next_second().await;
    stage
        .patch(
            &crate::stage::approval_at(),
            &json!({ "spec": { "message": "Gold is fine" } }),
        )
        .await;
    stage.soon_enforced("is for gold", for_tier("gold")).await;
}

#[tokio::test]
async fn s094_an_expiry_set_and_cleared_does_not_raise_the_tier() {
    let stage = Stage::approved_for_bronze().await;
    stage
        .patch(
            &key_at(),
            &json!({ "spec": { "planTier": "gold", "expiresAt": now_plus(-60) } }),
        )
        .await;
    stage.key_is("Expired").await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage
        .patch(&key_at(), &json!({ "spec": { "expiresAt": null } }))
        .await;
    stage
        .soon(&enforcement_at(), "is for bronze again", for_tier("bronze"))
        .await;
    stage
        .stays(&enforcement_at(), "is for bronze", for_tier("bronze"))
        .await;
}

#[tokio::test]
async fn s094_a_restart_remembers_what_was_approved() {
    let mut stage = Stage::approved_for_bronze().await;
    stage
        .patch(&key_at(), &json!({ "spec": { "planTier": "gold" } }))
        .await;
    stage.soon(&key_at(), "asks for more", asks_for_more).await;
    stage.stop().await;
    stage.delete(&enforcement_at()).await;
    stage.start(settings());
    stage
        .soon(&enforcement_at(), "is for bronze", for_tier("bronze"))
        .await;
    stage
        .stays(&enforcement_at(), "is for bronze", for_tier("bronze"))
        .await;
}

#[tokio::test]
async fn s094_automatic_mode_approves_the_new_tier_too() {
    let stage = Stage::automatic().await;
    stage
        .create(&but(key(), &json!({ "spec": { "planTier": "bronze" } })))
        .await;
    stage
        .soon(&enforcement_at(), "is for bronze", for_tier("bronze"))
        .await;
    stage
        .patch(&key_at(), &json!({ "spec": { "planTier": "gold" } }))
        .await;
    stage.soon_enforced("is for gold", for_tier("gold")).await;
    stage
        .soon(&key_at(), "is approved", |seen| {
            is(seen, "Approved") && !asks_for_more(seen)
        })
        .await;
}

#[tokio::test]
async fn s095_an_approval_for_one_product_is_none_for_another() {
    let stage = Stage::approved().await;
    let other = named(fixtures::product(), OWNER_NAMESPACE, "other-api");
    stage.create(&other).await;
    stage
        .soon(&Address::of(&other), "is discovered", |seen| {
            seen["status"]["discoveredAuthScheme"].is_object()
        })
        .await;
    stage
        .patch(
            &key_at(),
            &json!({ "spec": { "apiProductRef": { "name": "other-api" } } }),
        )
        .await;
    let label = "devportal.kuadrant.io/apiproduct";
    stage
        .soon(&request_at(), "asks for it", |seen| {
            seen["spec"]["apiProductRef"]["name"] == "other-api"
        })
        .await;
    for secret in stage
        .admin
        .list(keydesk_testkit::kinds::SECRET, fixtures::KUADRANT_NAMESPACE)
        .await
        .unwrap()
    {
        assert_ne!(secret["metadata"]["labels"][label], "other-api", "{secret:#}");
    }
    stage
        .stays(&key_at(), "is not approved for it", |seen| {
            !is(seen, "Approved") || asks_for_more(seen)
        })
        .await;
    let found = stage.admin.find(&enforcement_at()).await;
    assert!(found.is_none_or(|found| found["metadata"]["labels"][label] == "gamestore-api"));
    assert!(stage.admin.find(&product_at()).await.is_some());
}

#[tokio::test]
async fn s096_a_longer_life_needs_a_new_decision_and_a_shorter_one_does_not() {
    let (week, quarter) = (now_plus(7 * 86_400), now_plus(90 * 86_400));
    let stage = Stage::ready().await;
    stage
        .create(&but(key(), &json!({ "spec": { "expiresAt": week } })))
        .await;
    stage.key_is("Pending").await;
    stage.create(&approval()).await;
    let until = |instant: &str| {
        let instant = instant.to_owned();
        move |seen: &Value| seen["metadata"]["annotations"]["secret.kuadrant.io/expires-at"] == instant
    };
    stage
        .soon(&enforcement_at(), "ends in a week", until(&week))
        .await;

    stage
        .patch(&key_at(), &json!({ "spec": { "expiresAt": quarter } }))
        .await;
    stage.soon(&key_at(), "asks for more", asks_for_more).await;
    stage
        .stays(&enforcement_at(), "ends in a week", until(&week))
        .await;

    stage
        .patch(&key_at(), &json!({ "spec": { "expiresAt": now_plus(-1) } }))
        .await;
    stage.key_is("Expired").await;
    stage.admin.soon_gone(&enforcement_at()).await;

    stage
        .patch(&key_at(), &json!({ "spec": { "expiresAt": null } }))
        .await;
    stage
        .soon(&enforcement_at(), "ends in a week again", until(&week))
        .await;

    stage
        .patch(&key_at(), &json!({ "spec": { "expiresAt": quarter } }))
        .await;
    stage.soon(&key_at(), "asks for more", asks_for_more).await;
    next_second().await;
    stage.create(&decision_on(&key(), "a-quarter", true)).await;
    stage.soon_enforced("ends in a quarter", until(&quarter)).await;
}
