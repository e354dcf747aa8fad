//! F. Failures that pass keep decisions, and come to an end by themselves.

use keydesk_testkit::conditions::{condition, has, is, message};
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, KEY_VALUE, approval, but, enforcement_of, key, key_secret, policy_status,
    product, secret,
};
use keydesk_testkit::hidden::base64;
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};

use crate::stage::{
    Stage, another_key, approval_at, auth_policy_at, decision_on, enforcement_at, key_at, plan_policy_at,
    product_at, secret_at, settings,
};

#[tokio::test]
async fn s076_kuadrant_that_comes_later_is_noticed() {
    let stage = Stage::empty().await;
    stage.own(&product()).await;
    stage.create(&key_secret()).await;
    stage.create(&key()).await;
    stage
        .key_fails("KuadrantNotFound", "Kuadrant CR not found in cluster")
        .await;
    stage.create(&fixtures::kuadrant()).await;
    stage.key_is("Pending").await;
}

#[tokio::test]
async fn s077_a_policy_that_is_out_for_a_while_costs_no_decision() {
    let stage = Stage::approved().await;
    let decision = stage.get(&approval_at()).await;
    stage
        .patch_status(&auth_policy_at(), &policy_status(true, false))
        .await;
    stage
        .soon(&product_at(), "has no authentication", |seen| {
            has(seen, "AuthPolicyDiscovered", "False", "AuthPolicyNotReady")
        })
        .await;
    stage
        .stays(&approval_at(), "is still the same", |seen| {
            seen["metadata"]["uid"] == decision["metadata"]["uid"]
        })
        .await;
    stage
        .patch_status(&auth_policy_at(), &policy_status(true, true))
        .await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    assert_eq!(
        stage.get(&approval_at()).await["metadata"]["uid"],
        decision["metadata"]["uid"]
    );
}

#[tokio::test]
async fn s078_a_secret_made_anew_needs_no_new_decision() {
    let stage = Stage::approved().await;
    stage.delete(&secret_at()).await;
    let words = "Referenced secret consumer-app/gamestore-apikey-secret not found";
    stage.key_fails("SecretNotFound", words).await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage
        .create(&secret(CONSUMER_NAMESPACE, "gamestore-apikey-secret", "new456"))
        .await;
    stage.key_is("Approved").await;
    let value = base64(b"new456");
    stage
        .soon(&enforcement_at(), "has the new value", |seen| {
            seen["data"]["api_key"] == value
        })
        .await;
}

#[tokio::test]
async fn s079_a_tier_that_is_not_offered_fails_and_names_those_that_are() {
    let stage = Stage::automatic().await;
    stage
        .create(&but(key(), &json!({ "spec": { "planTier": "platinum" } })))
        .await;
    let seen = stage
        .soon(&key_at(), "has an unknown tier", |seen| {
            is(seen, "Failed") && has(seen, "Failed", "True", "PlanTierNotFound")
        })
        .await;
    let words = message(&seen, "Failed");
    assert!(
        ["gold", "silver", "bronze"]
            .iter()
            .all(|tier| words.contains(tier)),
        "{words}"
    );
    let none = stage
        .admin
        .list(kinds::APPROVAL, fixtures::OWNER_NAMESPACE)
        .await
        .unwrap();
    assert!(none.is_empty(), "{none:#?}");

    // Without any plan every tier is as good as another.
    stage.delete(&plan_policy_at()).await;
    stage.key_is("Approved").await;
}

/// A second consumer's key with the same value as KEY's. Made in the same second it counts as the older: its name comes first.
async fn same_value_elsewhere(stage: &Stage) -> Value {
    stage.world.namespace("another-app").await;
    stage.create(&secret("another-app", "copy", KEY_VALUE)).await;
    another_key("another-app", "copy")
}

#[tokio::test]
async fn s080_of_two_keys_with_one_value_the_enforced_one_keeps_working() {
    let stage = Stage::approved().await;
    let copy = same_value_elsewhere(&stage).await;
    stage.create(&copy).await;
    let seen = stage
        .soon(&Address::of(&copy), "is refused as a duplicate", |seen| {
            has(seen, "Failed", "True", "SecretAPIKeyDuplicate")
        })
        .await;
    for name in ["consumer-app", "gamestore-apikey", KEY_VALUE] {
        assert!(
            !message(&seen, "Failed").contains(name),
            "{}",
            message(&seen, "Failed")
        );
    }
    stage
        .stays(&key_at(), "is approved", |seen| is(seen, "Approved"))
        .await;

    stage.delete(&key_at()).await;
    stage
        .soon(&Address::of(&copy), "may ask now", |seen| is(seen, "Pending"))
        .await;
}

#[tokio::test]
async fn s080_the_same_value_for_two_products_is_fine() {
    let stage = Stage::approved().await;
    stage.world.namespace("other-owner").await;
    stage
        .own(&fixtures::named(product(), "other-owner", "gamestore-api"))
        .await;
    let copy = same_value_elsewhere(&stage).await;
    let elsewhere = json!({ "spec": { "apiProductRef": { "namespace": "other-owner" } } });
    let copy = but(copy, &elsewhere);
    stage.create(&copy).await;
    stage
        .soon(&Address::of(&copy), "is pending", |seen| is(seen, "Pending"))
        .await;
    stage
        .create(&fixtures::named(
            decision_on(&copy, "yes", true),
            "other-owner",
            "yes",
        ))
        .await;
    stage
        .soon(&Address::of(&copy), "is approved", |seen| is(seen, "Approved"))
        .await;
    stage.soon(&enforcement_of(&copy), "exists", |_| true).await;
    stage
        .stays(&key_at(), "is approved", |seen| is(seen, "Approved"))
        .await;
}

/// KEY approved and enforced, and beside it an older key, which nobody approved, that says the same value by now.
async fn approved_beside_a_thief() -> (Stage, Address) {
    let stage = Stage::ready().await;
    let copy = same_value_elsewhere(&stage).await;
    let copy_at = Address::of(&copy);
    // The copy is the older key, yet never enforced: it fails as soon as the other one is.
    stage.create(&copy).await;
    stage
        .soon(&copy_at, "is pending", |seen| is(seen, "Pending"))
        .await;
    stage
        .patch(
            &Address::new(kinds::SECRET, "another-app", "copy"),
            &json!({ "data": { "api_key": "eA==" } }),
        )
        .await;
    stage.create(&key()).await;
    stage.key_is("Pending").await;
    stage.create(&approval()).await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    let stolen = json!({ "data": { "api_key": base64(KEY_VALUE.as_bytes()) } });
    stage
        .patch(&Address::new(kinds::SECRET, "another-app", "copy"), &stolen)
        .await;
    is_refused_as_a_duplicate(&stage, &copy_at).await;
    (stage, copy_at)
}

async fn is_refused_as_a_duplicate(stage: &Stage, at: &Address) {
    stage
        .soon(at, "is refused as a duplicate", |seen| {
            has(seen, "Failed", "True", "SecretAPIKeyDuplicate")
        })
        .await;
}

#[tokio::test]
async fn s080_an_unapproved_copy_cannot_take_a_value_from_the_key_that_is_enforced() {
    let (stage, _) = approved_beside_a_thief().await;
    let seen = stage
        .stays(&key_at(), "is approved", |seen| is(seen, "Approved"))
        .await;
    assert!(condition(&seen, "Failed").is_none());
}

#[tokio::test]
async fn s080_nor_while_that_key_fails_nor_by_waiting_for_a_restart() {
    let (mut stage, copy_at) = approved_beside_a_thief().await;
    let offer =
        |tier: usize| json!({ "spec": { "plans": [fixtures::plan_policy()["spec"]["plans"][tier]] } });
    let (gold, bronze) = (0, 2);
    stage.patch(&plan_policy_at(), &offer(bronze)).await;
    let fails = |seen: &Value| has(seen, "Failed", "True", "PlanTierNotFound");
    stage.soon(&key_at(), "has no plan", fails).await;
    stage.soon(&copy_at, "has none either", fails).await;
    stage.soon_nothing_enforced().await;
    stage.stop().await;
    stage.start(settings());
    stage.patch(&plan_policy_at(), &offer(gold)).await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    is_refused_as_a_duplicate(&stage, &copy_at).await;
}
