//! `keydesk approve`, `deny` and `revoke`: about exactly what was shown.

use keydesk_testkit::{Address, fixtures::request_name, kinds, wait::next_second};
use serde_json::{Value, json};

use super::stage::{NAMESPACE, PRODUCT, Stage};

fn approval(key: &str) -> Address {
    let name = format!("{}-approval", request_name(NAMESPACE, key));
    Address::new(kinds::APPROVAL, "gamestore", &name)
}

#[tokio::test]
async fn nothing_is_decided_without_a_yes() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    stage.run("owner", "approve mobile").ended(1).says(&[
        "tier      gold: 100 calls in 24h",
        "there is no terminal to ask on; nothing was changed",
    ]);
    stage
        .feed("owner", "approve mobile", "y\n")
        .ended(1)
        .says(&["there is no terminal"]);
    assert_eq!(stage.person("owner").await.find(&approval("mobile")).await, None);
    stage
        .run("owner", "revoke mobile --yes")
        .ended(1)
        .says(&["has no approval that could be revoked"]);
    stage
        .run("owner", "approve mobil --yes")
        .ended(1)
        .says(&["there are requests of consumer-app/mobile"]);
}

#[tokio::test]
async fn a_change_of_mind_changes_the_same_approval_and_holds_at_once() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    for (line, words) in [
        (
            "deny mobile --yes -m why?",
            "denied: API key request denied by owner: why?",
        ),
        (
            "approve mobile --yes -m explained",
            "approved: API key request approved by owner: explained",
        ),
        (
            "deny mobile --yes --reviewed-by olga",
            "denied: API key request denied by olga",
        ),
        (
            "approve mobile --yes",
            "approved: API key request approved by owner",
        ),
        ("revoke mobile --yes", "revoked: API key request denied by owner"),
    ] {
        stage.must("owner", line).says(&[words]);
    }
    let approvals = stage
        .person("owner")
        .await
        .list(kinds::APPROVAL, "gamestore")
        .await
        .unwrap();
    assert_eq!(approvals.len(), 1, "{approvals:?}");
}

#[tokio::test]
async fn a_denial_holds_against_the_approval_of_somebody_with_another_tool() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let request = request_name(NAMESPACE, "mobile");
    let theirs = json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApproval",
        "metadata": { "name": "theirs-x7k2p", "namespace": "gamestore" },
        "spec": {
            "apiKeyRequestRef": { "name": request }, "approved": true, "reviewedBy": "somebody",
            "reviewedAt": "2099-01-01T00:00:00Z",
        },
    });
    stage.person("owner").await.create(&theirs).await.unwrap();
    stage
        .must("owner", "deny mobile --yes")
        .says(&["now       ", "approved by somebody", "denied by owner"]);
    // A yes of the same second would not hold against it.
    next_second().await;
    stage
        .must("owner", "approve mobile --yes")
        .says(&["approved by owner"]);
}

#[tokio::test]
async fn a_denial_outlives_an_approval_that_was_being_deleted_when_it_was_made() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let owner = stage.person("owner").await;
    let theirs = json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApproval",
        "metadata": { "name": "theirs", "namespace": "gamestore" },
        "spec": {
            "apiKeyRequestRef": { "name": request_name(NAMESPACE, "mobile") }, "approved": true, "reviewedBy": "somebody",
            "reviewedAt": "2026-01-01T00:00:00Z",
        },
    });
    owner.create(&theirs).await.unwrap();
    stage.must("owner", "approve mobile --yes");
    let held = json!({ "metadata": { "finalizers": ["example.com/audit"] } });
    owner.patch(&approval("mobile"), &held).await.unwrap();
    owner.delete(&approval("mobile")).await.unwrap();
    let (value, _) = stage.values("mobile").await;
    stage.soon_called(&value, 200).await;
    stage
        .must("owner", "revoke mobile --yes")
        .says(&["approved by somebody", "revoked: API key request denied by owner"]);
    stage.soon_called(&value, 401).await;
    let going = owner.get(&approval("mobile")).await.unwrap();
    assert_eq!(going["spec"]["approved"], true, "what goes is left alone");

    let released = json!({ "metadata": { "finalizers": null } });
    owner.patch(&approval("mobile"), &released).await.unwrap();
    stage.must("owner", "requests").says(&["Denied"]);
    assert_eq!(owner.find(&approval("mobile")).await, None);
    stage.soon_called(&value, 401).await;
    stage
        .must("owner", "approve mobile --yes")
        .says(&["denied by owner", "approved: API key request approved by owner"]);
    stage.soon_called(&value, 200).await;
}

#[tokio::test]
async fn who_changes_the_terms_behind_the_owners_back_gets_what_was_shown() {
    let stage = Stage::start().await;
    let (consumer, owner) = (stage.person("consumer").await, stage.person("owner").await);
    stage.must(
        "consumer",
        &format!("request {PRODUCT} --tier bronze --email ada@example.com --name mobile"),
    );
    let request = Address::new(kinds::REQUEST, "gamestore", &request_name(NAMESPACE, "mobile"));
    owner
        .soon(&request, "shows bronze", |request| {
            request["spec"]["planTier"] == "bronze"
        })
        .await;
    stage
        .must("owner", "approve mobile --yes --no-wait")
        .says(&["tier      bronze: 10 calls in 24h"]);
    let shown = owner.get(&approval("mobile")).await.unwrap();
    let terms: Value = serde_json::from_str(
        shown["metadata"]["annotations"]["keydesk.dev/terms"]
            .as_str()
            .unwrap(),
    )
    .unwrap();
    assert_eq!(terms["tier"], "bronze");

    // What the owner looked at is a minute old: meanwhile gold is asked for, and then the decision arrives.
    owner.delete(&approval("mobile")).await.unwrap();
    let key = Address::new(kinds::KEY, NAMESPACE, "mobile");
    consumer
        .patch(&key, &json!({ "spec": { "planTier": "gold" } }))
        .await
        .unwrap();
    owner
        .soon(&request, "shows gold", |request| {
            request["spec"]["planTier"] == "gold"
        })
        .await;
    let mut late = shown.clone();
    late["metadata"] = json!({
        "name": shown["metadata"]["name"], "namespace": "gamestore",
        "annotations": { "keydesk.dev/terms": shown["metadata"]["annotations"]["keydesk.dev/terms"] },
    });
    late.as_object_mut().unwrap().remove("status");
    owner.create(&late).await.unwrap();
    consumer
        .soon(&key, "is approved for bronze", |key| {
            let conditions = key["status"]["conditions"].to_string();
            conditions.contains("\"Approved\"") && conditions.contains("\"TermsChanged\"")
        })
        .await;
    stage
        .must("consumer", "keys")
        .says(&["Approved, asks for other terms"]);
    let name = format!("devportal-{}", request_name(NAMESPACE, "mobile"));
    let enforced = Address::new(kinds::SECRET, "kuadrant-system", &name);
    stage
        .person("admin")
        .await
        .soon(&enforced, "is there", |_| true)
        .await;
    stage.must("admin", "explain key consumer-app/mobile").says(&[
        "in force: tier bronze, until never",
        "asks for plan tier gold instead of bronze: not approved",
        "to do: the owner of the product: to grant it: keydesk approve consumer-app/mobile -n gamestore",
    ]);
    stage
        .must("owner", "requests --pending")
        .says(&["consumer-app/mobile", "Approved, asks for other terms"]);
    stage.must("owner", "approve mobile --yes").says(&[
        "change    plan tier gold instead of bronze",
        "approved: API key request approved by owner",
    ]);
    stage
        .must("owner", "requests --pending")
        .says(&["No requests wait in namespace gamestore."]);
}

#[tokio::test]
async fn an_automatic_approval_can_be_revoked() {
    let stage = Stage::start().await;
    let product = Address::new(kinds::PRODUCT, "gamestore", "gamestore-api");
    let automatic = json!({ "spec": { "approvalMode": "automatic" } });
    stage
        .person("owner")
        .await
        .patch(&product, &automatic)
        .await
        .unwrap();
    stage
        .must(
            "consumer",
            &format!("request {PRODUCT} --tier gold --email ada@example.com --name mobile"),
        )
        .says(&["it is approved by itself"]);
    let key = Address::new(kinds::KEY, NAMESPACE, "mobile");
    let is_approved = |key: &Value| key["status"]["conditions"][0]["type"] == "Approved";
    stage
        .person("consumer")
        .await
        .soon(&key, "is approved", is_approved)
        .await;
    stage
        .must("owner", "revoke mobile --yes")
        .says(&["denied by owner"]);
    stage
        .run("consumer", "explain key mobile")
        .ended(1)
        .says(&["denied by owner"]);
}

#[tokio::test]
async fn who_asks_for_a_later_end_is_told_which_one_is_in_force() {
    let stage = Stage::start().await;
    let (consumer, owner) = (stage.person("consumer").await, stage.person("owner").await);
    stage.must(
        "consumer",
        &format!("request {PRODUCT} --tier gold --email ada@example.com --name mobile --expires-in 4s"),
    );
    let request = Address::new(kinds::REQUEST, "gamestore", &request_name(NAMESPACE, "mobile"));
    owner.soon(&request, "is there", |_| true).await;
    let key = Address::new(kinds::KEY, NAMESPACE, "mobile");
    let end = consumer.get(&key).await.unwrap()["spec"]["expiresAt"].clone();
    stage.must("owner", "approve mobile --yes");
    consumer
        .patch(&key, &json!({ "spec": { "expiresAt": "2099-06-01T00:00:00Z" } }))
        .await
        .unwrap();
    let both = format!("{} -> 2099-06-01T00:00:00Z", end.as_str().unwrap());
    for state in ["TermsChanged", "Expired"] {
        owner
            .soon(&request, "is told of", |request| {
                let conditions = request["status"]["conditions"].to_string();
                conditions.contains("TermsChanged") && conditions.contains(&format!("\"{state}\""))
            })
            .await;
        consumer
            .soon(&key, "is told of", |key| {
                key["status"]["conditions"]
                    .to_string()
                    .contains(&format!("\"{state}\""))
            })
            .await;
        for (person, line) in [("consumer", "keys"), ("owner", "requests")] {
            stage.must(person, line).says(&[&both]);
        }
    }
    stage
        .must("consumer", "keys")
        .says(&["Expired, asks for other terms"]);
}
