//! G. What a decision does, and what undoes it.

use keydesk_testkit::conditions::{condition, is, lifecycle, says};
use keydesk_testkit::fixtures::{CONSUMER_NAMESPACE, approval, but, denial, key, key_secret};
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};

use crate::stage::{Stage, approval_at, decision_on, enforcement_at, in_namespace, key_at, request_at};

/// The decision is valid, and says so in upstream's words.
fn valid(seen: &Value) -> bool {
    let words = format!(
        "References existing APIKeyRequest gamestore/{}",
        request_at().name
    );
    says(seen, "Valid", "True", "Valid", &words)
}

#[tokio::test]
async fn s081_an_approval_approves() {
    let stage = Stage::pending().await;
    stage.create(&approval()).await;
    let seen = stage.key_is("Approved").await;
    let words = "API key request approved by api-owner@gamestore.com: Valid use case";
    assert!(says(&seen, "Approved", "True", "Approved", words), "{seen:#}");
    assert_eq!(lifecycle(&seen), ["Approved"]);
    stage.soon(&approval_at(), "is valid", valid).await;
    stage
        .soon(&request_at(), "mirrors it", |seen| {
            says(seen, "Approved", "True", "Approved", words)
        })
        .await;
    let keys = stage.admin.table(kinds::KEY, CONSUMER_NAMESPACE).await;
    assert_eq!(keys["rows"][0]["cells"][1], "True");
}

#[tokio::test]
async fn s082_an_approval_without_a_message_gives_none() {
    let stage = Stage::pending().await;
    let quiet = but(
        approval(),
        &json!({ "spec": { "message": null, "reason": "Whatever" } }),
    );
    stage.create(&quiet).await;
    let seen = stage.key_is("Approved").await;
    let words = "API key request approved by api-owner@gamestore.com";
    assert!(says(&seen, "Approved", "True", "Approved", words), "{seen:#}");
    assert!(!seen.to_string().contains("Whatever"));
}

#[tokio::test]
async fn s083_a_denial_denies() {
    let stage = Stage::pending().await;
    stage.create(&denial("Insufficient justification")).await;
    let seen = stage.key_is("Denied").await;
    let words = "API key request denied by api-owner@gamestore.com: Insufficient justification";
    assert!(says(&seen, "Denied", "True", "Denied", words), "{seen:#}");
    stage.soon(&approval_at(), "is valid", valid).await;
    stage
        .soon(&request_at(), "mirrors it", |seen| is(seen, "Denied"))
        .await;
    stage.admin.stays_gone(&enforcement_at()).await;
}

#[tokio::test]
async fn s084_a_decision_belongs_to_its_request() {
    let stage = Stage::approved().await;
    let request = stage.get(&request_at()).await;
    let owner = json!([{
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyRequest",
        "name": request_at().name, "uid": request["metadata"]["uid"],
        "controller": true, "blockOwnerDeletion": true,
    }]);
    let belongs = |seen: &Value| seen["metadata"]["ownerReferences"] == owner;
    stage
        .soon(&approval_at(), "belongs to its request", belongs)
        .await;
    stage
        .patch(&approval_at(), &json!({ "spec": { "message": "edited" } }))
        .await;
    stage
        .stays(&approval_at(), "belongs to its request once", belongs)
        .await;
}

#[tokio::test]
async fn s085_a_decision_before_its_request_counts_as_soon_as_there_is_one() {
    let stage = Stage::ready().await;
    stage.create(&approval()).await;
    let words = format!(
        "Referenced APIKeyRequest gamestore/{} not found",
        request_at().name
    );
    stage
        .soon(&approval_at(), "misses its request", |seen| {
            says(seen, "Valid", "False", "APIKeyRequestNotFound", &words)
        })
        .await;
    stage.create(&key()).await;
    stage.key_is("Approved").await;
    stage.soon(&approval_at(), "is valid", valid).await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
}

#[tokio::test]
async fn s086_a_decision_in_another_namespace_does_not_count() {
    let stage = Stage::pending().await;
    stage.world.namespace("other").await;
    let attack = in_namespace(approval(), "other");
    stage.create(&attack).await;
    let words = format!("Referenced APIKeyRequest other/{} not found", request_at().name);
    stage
        .soon(&Address::of(&attack), "misses its request", |seen| {
            says(seen, "Valid", "False", "APIKeyRequestNotFound", &words)
        })
        .await;
    stage
        .stays(&key_at(), "is pending", |seen| is(seen, "Pending"))
        .await;
    stage.admin.stays_gone(&enforcement_at()).await;
}

#[tokio::test]
async fn s087_the_status_of_a_decision_follows_its_generation() {
    let stage = Stage::approved().await;
    stage
        .patch(&approval_at(), &json!({ "spec": { "message": "Edited" } }))
        .await;
    stage
        .soon(&approval_at(), "has seen the edit", |seen| {
            seen["status"]["observedGeneration"] == 2
                && condition(seen, "Valid").is_some_and(|found| found["observedGeneration"] == 2)
        })
        .await;
    let words = "API key request approved by api-owner@gamestore.com: Edited";
    stage
        .soon(&key_at(), "has the new words", |seen| {
            says(seen, "Approved", "True", "Approved", words)
        })
        .await;
}

#[tokio::test]
async fn s088_s111_an_owner_who_thinks_again_is_followed_both_ways() {
    let stage = Stage::approved().await;
    let words = "Use case no longer meets security requirements";
    stage
        .patch(
            &approval_at(),
            &json!({ "spec": { "approved": false, "message": words } }),
        )
        .await;
    let seen = stage.key_is("Denied").await;
    let told = format!("API key request denied by api-owner@gamestore.com: {words}");
    assert!(says(&seen, "Denied", "True", "Denied", &told), "{seen:#}");
    stage.admin.soon_gone(&enforcement_at()).await;
    stage
        .soon(&request_at(), "mirrors the denial", |seen| is(seen, "Denied"))
        .await;

    stage
        .patch(&approval_at(), &json!({ "spec": { "approved": true } }))
        .await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "is back", |_| true).await;
}

#[tokio::test]
async fn s089_a_deleted_decision_leaves_a_pending_key() {
    let stage = Stage::approved().await;
    stage.delete(&approval_at()).await;
    stage.key_is("Pending").await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage.create(&denial("No")).await;
    stage.key_is("Denied").await;
}

#[tokio::test]
async fn s090_everything_goes_with_a_deleted_key() {
    let stage = Stage::approved().await;
    stage.delete(&key_at()).await;
    for address in [request_at(), approval_at(), enforcement_at()] {
        stage.admin.soon_gone(&address).await;
    }
    stage.get(&Address::of(&key_secret())).await;
}

#[tokio::test]
async fn s091_what_does_not_change_is_not_written() {
    let stage = Stage::approved().await;
    let addresses = [
        key_at(),
        request_at(),
        approval_at(),
        enforcement_at(),
        crate::stage::product_at(),
    ];
    stage.soon(&approval_at(), "is valid", valid).await;
    stage
        .soon(&request_at(), "mirrors the approval", |seen| is(seen, "Approved"))
        .await;
    for address in &addresses {
        stage.is_at_rest(address).await;
    }
    let before = stage.get(&key_at()).await;
    for address in &addresses {
        stage
            .patch(
                address,
                &json!({ "metadata": { "annotations": { "example.com/touched": "yes" } } }),
            )
            .await;
    }
    stage
        .stays(&key_at(), "keeps its conditions", |seen| {
            seen["status"]["conditions"] == before["status"]["conditions"]
        })
        .await;
    for address in &addresses {
        stage.is_at_rest(address).await;
    }
}

#[tokio::test]
async fn s085_a_decision_on_nothing_is_ignored() {
    let stage = Stage::pending().await;
    let lost = but(
        approval(),
        &json!({ "spec": { "apiKeyRequestRef": { "name": "nope" } } }),
    );
    stage.create(&lost).await;
    stage
        .soon(&approval_at(), "misses its request", |seen| {
            let words = "Referenced APIKeyRequest gamestore/nope not found";
            says(seen, "Valid", "False", "APIKeyRequestNotFound", words)
        })
        .await;
    stage
        .stays(&key_at(), "is pending", |seen| is(seen, "Pending"))
        .await;

    // Pointed at the right request it counts, and stops counting when pointed away.
    let to = |name: &str| json!({ "spec": { "apiKeyRequestRef": { "name": name } } });
    stage.patch(&approval_at(), &to(&request_at().name)).await;
    stage.key_is("Approved").await;
    stage.patch(&approval_at(), &to("nope")).await;
    stage.key_is("Pending").await;
    stage.admin.soon_gone(&enforcement_at()).await;
}

#[tokio::test]
async fn s081_a_decision_is_on_one_key_only() {
    let stage = Stage::pending().await;
    stage.world.namespace("other-app").await;
    stage
        .create(&keydesk_testkit::fixtures::secret(
            "other-app",
            "other",
            "other-value",
        ))
        .await;
    let other = crate::stage::another_key("other-app", "other");
    stage.create(&other).await;
    stage
        .soon(&Address::of(&other), "is pending", |seen| is(seen, "Pending"))
        .await;
    stage.create(&decision_on(&other, "other-yes", true)).await;
    stage
        .soon(&Address::of(&other), "is approved", |seen| is(seen, "Approved"))
        .await;
    stage
        .stays(&key_at(), "is pending", |seen| is(seen, "Pending"))
        .await;
}
