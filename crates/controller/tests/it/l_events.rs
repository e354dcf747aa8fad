//! L. Events: what changes is told on the object itself, once.

use std::time::{Duration, Instant};

use keydesk_testkit::fixtures::{
    CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, approval, but, key, now_plus, secret,
};
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};

use crate::stage::{Stage, approval_at, enforcement_at, key_at, plan_policy_at, product_at, secret_at};

/// The Events about an object that exists, and not about one that had its name before.
pub(crate) async fn events(stage: &Stage, about: &Address) -> Vec<Value> {
    let events = stage.admin.list(kinds::EVENT, &about.namespace).await.unwrap();
    let uid = stage.get(about).await["metadata"]["uid"].clone();
    let own = |event: &Value| event["regarding"]["uid"] == uid;
    events.into_iter().filter(own).collect()
}

/// Waits for an Event about an object, for this reason.
pub(crate) async fn told(stage: &Stage, about: &Address, reason: &str) -> Value {
    let mut seen = Vec::new();
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        seen = events(stage, about).await;
        if let Some(event) = seen.iter().find(|event| event["reason"] == reason) {
            return event.clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no Event {reason} about {about}: {seen:#?}");
}

#[tokio::test]
async fn s138_transitions_are_told_as_events_on_the_key() {
    let stage = Stage::approved().await;
    told(&stage, &key_at(), "Pending").await;
    let approved = told(&stage, &key_at(), "Approved").await;
    assert_eq!(approved["type"], "Normal");
    assert_eq!(approved["note"], fixtures_words(&stage).await);
    stage
        .patch(&approval_at(), &json!({ "spec": { "approved": false } }))
        .await;
    assert_eq!(told(&stage, &key_at(), "Denied").await["type"], "Warning");
    stage
        .patch(&approval_at(), &json!({ "spec": { "approved": true } }))
        .await;
    stage.key_is("Approved").await;
    stage
        .patch(&key_at(), &json!({ "spec": { "expiresAt": now_plus(-60) } }))
        .await;
    told(&stage, &key_at(), "Expired").await;
    stage.delete(&secret_at()).await;
    let failed = told(&stage, &key_at(), "Failed").await;
    assert_eq!(failed["type"], "Warning");
    assert_eq!(
        failed["note"],
        "SecretNotFound: Referenced secret consumer-app/gamestore-apikey-secret not found"
    );

    // What is no transition is not told.
    let before = events(&stage, &key_at()).await.len();
    stage
        .patch(&key_at(), &json!({ "spec": { "useCase": "another" } }))
        .await;
    stage
        .soon(&key_at(), "was looked at", |seen| {
            seen["status"]["observedGeneration"] == seen["metadata"]["generation"]
        })
        .await;
    stage.is_at_rest(&key_at()).await;
    assert_eq!(events(&stage, &key_at()).await.len(), before);
}

/// What the key's status says of its approval.
async fn fixtures_words(stage: &Stage) -> Value {
    let seen = stage.get(&key_at()).await;
    keydesk_testkit::conditions::message(&seen, "Approved").into()
}

#[tokio::test]
async fn s138_terms_that_change_and_a_value_that_is_replaced_are_told() {
    let stage = Stage::approved().await;
    stage
        .patch(&key_at(), &json!({ "spec": { "planTier": "bronze" } }))
        .await;
    told(&stage, &key_at(), "TermsChanged").await;
    stage
        .patch(
            &secret_at(),
            &json!({ "stringData": { "api_key": "kd_3vPz0QmTn8sKXw2yLr6cB1hFeJdA9uGi" } }),
        )
        .await;
    told(&stage, &key_at(), "Rotated").await;
}

#[tokio::test]
async fn s080_a_value_that_ends_in_a_line_break_is_warned_of() {
    let stage = Stage::owned().await;
    let value = "kd_3vPz0QmTn8sKXw2yLr6cB1hFeJdA9uGi";
    let name = "gamestore-apikey-secret";
    stage
        .create(&secret(CONSUMER_NAMESPACE, name, &format!("{value}\n")))
        .await;
    stage.create(&key()).await;
    let warned = told(&stage, &key_at(), "SecretAPIKeyHasSpace").await;
    assert_eq!(warned["type"], "Warning");
    assert!(!warned.to_string().contains(value));
    stage.key_is("Pending").await;

    stage
        .patch(&secret_at(), &json!({ "stringData": { "api_key": "abc123" } }))
        .await;
    told(&stage, &key_at(), "SecretAPIKeyWeak").await;
    let spaces = events(&stage, &key_at()).await;
    let spaces = spaces
        .iter()
        .filter(|event| event["reason"] == "SecretAPIKeyHasSpace");
    assert_eq!(spaces.count(), 1);
}

#[tokio::test]
async fn s079_a_tier_that_is_not_offered_is_told() {
    let stage = Stage::ready().await;
    stage
        .create(&but(key(), &json!({ "spec": { "planTier": "platinum" } })))
        .await;
    let failed = told(&stage, &key_at(), "Failed").await;
    let note = failed["note"].as_str().unwrap();
    assert!(
        note.starts_with("PlanTierNotFound: ") && note.contains("gold"),
        "{note}"
    );
}

#[tokio::test]
async fn s093_an_approval_that_somebody_else_controls_is_warned_of() {
    let stage = Stage::pending().await;
    let owner = crate::g_conflicts::release(&stage).await;
    stage
        .create(&but(
            approval(),
            &json!({ "metadata": { "ownerReferences": owner } }),
        ))
        .await;
    stage.key_is("Approved").await;
    let warned = told(&stage, &approval_at(), "ControlledByAnother").await;
    assert_eq!(warned["type"], "Warning");
    stage
        .delete(&Address::new(kinds::CONFIG_MAP, OWNER_NAMESPACE, "release"))
        .await;
}

#[tokio::test]
async fn s124_a_secret_in_the_way_is_told() {
    let stage = Stage::pending().await;
    stage
        .create(&secret(
            KUADRANT_NAMESPACE,
            &enforcement_at().name,
            "somebody else's",
        ))
        .await;
    stage.create(&approval()).await;
    let told = told(&stage, &key_at(), "EnforcementFailed").await;
    let note = told["note"].as_str().unwrap();
    assert!(note.starts_with("EnforcementSecretConflict: "), "{note}");
}

#[tokio::test]
async fn decisions_that_do_not_count_are_told_where_they_were_made() {
    let stage = Stage::approved().await;
    stage
        .create(&crate::stage::decision_on(&key(), "later", false))
        .await;
    told(&stage, &approval_at(), "Superseded").await;
    let lost = json!({
        "metadata": { "name": "lost" }, "spec": { "apiKeyRequestRef": { "name": "nobody-asked" } },
    });
    let lost = stage.create(&but(approval(), &lost)).await;
    told(&stage, &Address::of(&lost), "APIKeyRequestNotFound").await;
}

#[tokio::test]
async fn what_is_discovered_of_a_product_is_told_and_so_is_a_plan_without_limits() {
    let stage = Stage::approved().await;
    told(&stage, &product_at(), "HTTPRouteAccepted").await;
    told(&stage, &product_at(), "Found").await;
    stage.delete(&plan_policy_at()).await;
    let unlimited = told(&stage, &key_at(), "UnlimitedPlan").await;
    assert_eq!(unlimited["type"], "Warning");
    told(&stage, &product_at(), "NotFound").await;
}

#[tokio::test]
async fn decisions_that_come_and_go_are_no_storm_of_events() {
    let stage = Stage::approved().await;
    for _ in 0..30 {
        for (approved, stands) in [(false, "Denied"), (true, "Approved")] {
            let turn = json!({ "spec": { "approved": approved } });
            stage.patch(&approval_at(), &turn).await;
            stage.key_is(stands).await;
        }
    }
    stage.is_at_rest(&key_at()).await;
    let seen = events(&stage, &key_at()).await;
    assert!((20..=58).contains(&seen.len()), "{}", seen.len());
}
