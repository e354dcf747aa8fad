//! G. What an approval is bound to is on record where its reviewers cannot write.

use keydesk_testkit::conditions::{condition, is};
use keydesk_testkit::wait::next_second;
use serde_json::{Value, json};

use crate::stage::{Stage, approval_at, enforcement_at, for_tier, key_at, request_at};

const BOUND: &str = "keydesk.dev/approved-terms";

fn asks_for_more(seen: &Value) -> bool {
    condition(seen, "TermsChanged").is_some_and(|found| found["status"] == "True") && is(seen, "Approved")
}

/// Approved for bronze, and asking for gold.
async fn greedy() -> (Stage, Value) {
    let stage = Stage::approved_for_bronze().await;
    let bound = stage.get(&approval_at()).await["metadata"]["annotations"][BOUND].clone();
    assert!(bound.as_str().unwrap().contains("bronze"), "{bound}");
    stage
        .patch(&key_at(), &json!({ "spec": { "planTier": "gold" } }))
        .await;
    stage
        .soon(&request_at(), "shows what is asked", |seen| {
            seen["spec"]["planTier"] == "gold"
        })
        .await;
    stage.soon(&key_at(), "asks for more", asks_for_more).await;
    (stage, bound)
}

async fn is_restored(stage: &Stage, bound: &Value) {
    stage
        .soon(&approval_at(), "is bound as before", |seen| {
            seen["metadata"]["annotations"][BOUND] == *bound
        })
        .await;
    stage.soon(&key_at(), "asks for more", asks_for_more).await;
    stage
        .stays(&enforcement_at(), "is for bronze", for_tier("bronze"))
        .await;
    stage.is_at_rest(&request_at()).await;
}

#[tokio::test]
async fn a_binding_that_is_taken_off_an_approval_comes_back_as_it_was() {
    let (stage, bound) = greedy().await;
    let nothing = json!({ "metadata": { "annotations": { BOUND: null } } });
    stage.patch(&approval_at(), &nothing).await;
    is_restored(&stage, &bound).await;
}

#[tokio::test]
async fn a_binding_that_is_rewritten_on_an_approval_comes_back_as_it_was() {
    let (stage, bound) = greedy().await;
    let gilded = bound.as_str().unwrap().replace("bronze", "gold");
    let gilded = json!({ "metadata": { "annotations": { BOUND: gilded } } });
    stage.patch(&approval_at(), &gilded).await;
    is_restored(&stage, &bound).await;
}

#[tokio::test]
async fn a_request_keeps_nothing_that_it_shows_anyway() {
    let (stage, _) = greedy().await;
    let kept = "keydesk.dev/bound-approvals";
    let request = stage.get(&request_at()).await;
    let record = request["metadata"]["annotations"][kept].as_str().unwrap();
    assert!(record.contains("bronze") && !record.contains("gold"), "{record}");
    next_second().await;
    stage
        .patch(
            &approval_at(),
            &json!({ "spec": { "message": "gold is fine too" } }),
        )
        .await;
    stage.soon_enforced("is for gold", for_tier("gold")).await;
    stage
        .soon(&request_at(), "keeps nothing", |seen| {
            seen["metadata"]["annotations"][kept].is_null()
        })
        .await;
    stage.is_at_rest(&request_at()).await;
}
