//! G. Decisions that disagree.

use keydesk_testkit::conditions::is;
use keydesk_testkit::fixtures::{self, OWNER_NAMESPACE, approval, but, key, now_plus};
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};

use crate::stage::{Stage, decision_on, enforcement_at, key_at, request_at};

/// A decision on KEY, reviewed that many seconds from now.
fn decision(name: &str, approved: bool, seconds: i64) -> Value {
    let reviewed = json!({ "spec": { "reviewedAt": now_plus(seconds) } });
    but(decision_on(&key(), name, approved), &reviewed)
}

#[tokio::test]
async fn s092_the_latest_decision_holds_and_nothing_flaps() {
    let stage = Stage::pending().await;
    stage.create(&decision("first-yes", true, -30)).await;
    stage.key_is("Approved").await;
    stage.create(&decision("then-no", false, -20)).await;
    stage.key_is("Denied").await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage.is_at_rest(&key_at()).await;
    stage
        .stays(&key_at(), "is denied", |seen| is(seen, "Denied"))
        .await;
    stage.create(&decision("yes-again", true, -10)).await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    stage.is_at_rest(&key_at()).await;
}

#[tokio::test]
async fn s092_a_late_denial_with_an_early_date_does_not_win() {
    let stage = Stage::pending().await;
    stage.create(&decision("yes", true, -10)).await;
    stage.key_is("Approved").await;
    stage.create(&decision("older-no", false, -20)).await;
    stage
        .stays(&key_at(), "is approved", |seen| is(seen, "Approved"))
        .await;
}

#[tokio::test]
async fn s092_a_tie_is_a_denial() {
    for (yes, no) in [("a-yes", "b-no"), ("b-yes", "a-no")] {
        let stage = Stage::pending().await;
        let at = json!({ "spec": { "reviewedAt": now_plus(-10) } });
        stage.create(&but(decision_on(&key(), yes, true), &at)).await;
        stage.create(&but(decision_on(&key(), no, false), &at)).await;
        stage.key_is("Denied").await;
        stage
            .stays(&key_at(), "is denied", |seen| is(seen, "Denied"))
            .await;
        stage.admin.stays_gone(&enforcement_at()).await;
    }
}

#[tokio::test]
async fn s092_a_date_in_the_future_does_not_outlive_a_later_denial() {
    let stage = Stage::pending().await;
    let far = json!({ "spec": { "reviewedAt": "2099-01-01T00:00:00Z" } });
    stage
        .create(&but(decision_on(&key(), "for-ever", true), &far))
        .await;
    stage.key_is("Approved").await;
    stage.create(&decision("no", false, 0)).await;
    stage.key_is("Denied").await;
    stage
        .stays(&key_at(), "is denied", |seen| is(seen, "Denied"))
        .await;
}

#[tokio::test]
async fn s092_an_older_decision_that_is_edited_is_the_latest() {
    let stage = Stage::pending().await;
    stage.create(&decision("older", true, -30)).await;
    stage.create(&decision("newer", true, -20)).await;
    stage.key_is("Approved").await;
    let older = Address::new(kinds::APPROVAL, OWNER_NAMESPACE, "older");
    stage
        .patch(&older, &json!({ "spec": { "approved": false } }))
        .await;
    stage.key_is("Denied").await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage
        .stays(&key_at(), "is denied", |seen| is(seen, "Denied"))
        .await;
}

#[tokio::test]
async fn s092_a_decision_that_a_later_one_replaced_is_marked() {
    let stage = Stage::pending().await;
    stage.create(&decision("first", true, -30)).await;
    stage.key_is("Approved").await;
    stage.create(&decision("second", false, -20)).await;
    stage.key_is("Denied").await;
    let replaced = |seen: &Value| {
        let condition = |r#type| keydesk_testkit::conditions::condition(seen, r#type);
        condition("Superseded").is_some_and(|found| found["status"] == "True")
            && condition("Valid").is_some_and(|found| found["status"] == "True")
    };
    let first = Address::new(kinds::APPROVAL, OWNER_NAMESPACE, "first");
    let second = Address::new(kinds::APPROVAL, OWNER_NAMESPACE, "second");
    stage.soon(&first, "is marked as replaced", replaced).await;
    stage.stays(&second, "holds", |seen| !replaced(seen)).await;

    stage.delete(&second).await;
    stage.key_is("Approved").await;
    stage.soon(&first, "holds again", |seen| !replaced(seen)).await;
}

/// An owner reference to somebody else's release, which controls what has it.
pub(crate) async fn release(stage: &Stage) -> Value {
    let release = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "release", "namespace": OWNER_NAMESPACE },
    });
    let release = stage.create(&release).await;
    json!([{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "release", "uid": release["metadata"]["uid"],
        "controller": true, "blockOwnerDeletion": true,
    }])
}

#[tokio::test]
async fn s093_a_decision_that_somebody_else_controls_still_counts() {
    let stage = Stage::pending().await;
    let owner = release(&stage).await;
    let controlled = json!({ "metadata": { "name": "controlled", "ownerReferences": owner } });
    stage.create(&but(approval(), &controlled)).await;
    stage.key_is("Approved").await;

    // Others still get their owner.
    stage.create(&decision("plain", true, -5)).await;
    let plain = Address::new(kinds::APPROVAL, OWNER_NAMESPACE, "plain");
    stage
        .soon(&plain, "belongs to its request", |seen| {
            seen["metadata"]["ownerReferences"][0]["name"] == request_at().name
        })
        .await;
    stage
        .delete(&Address::new(kinds::CONFIG_MAP, OWNER_NAMESPACE, "release"))
        .await;
}

#[tokio::test]
async fn s092_decisions_that_disagree_from_the_start_end_in_one_outcome() {
    let mut stage = Stage::quiet().await;
    stage.create(&fixtures::kuadrant()).await;
    stage.create(&fixtures::key_secret()).await;
    stage.create(&key()).await;
    stage.create(&decision("yes", true, -30)).await;
    stage.create(&decision("no", false, -20)).await;
    stage.start(crate::stage::settings());
    stage.own(&fixtures::product()).await;
    stage.key_is("Denied").await;
    stage
        .stays(&key_at(), "is denied", |seen| is(seen, "Denied"))
        .await;
    stage.is_at_rest(&key_at()).await;
    stage.admin.stays_gone(&enforcement_at()).await;
}
