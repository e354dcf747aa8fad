//! H. Products that approve by themselves.

use keydesk_testkit::conditions::{has, is, says};
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, OWNER_NAMESPACE, automatic_product, but, denial, enforcement_of, key,
    key_secret, secret,
};
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};

use crate::stage::{
    Stage, another_key, approval_at, auth_policy_at, enforcement_at, for_tier, key_at, plan_policy_at,
    product_at, request_at, route_at,
};

fn automatic_at() -> Address {
    Address::new(
        kinds::APPROVAL,
        OWNER_NAMESPACE,
        &format!("{}-auto", request_at().name),
    )
}

/// The product lets a namespace have so many keys.
fn capped(cap: &str) -> Value {
    json!({ "metadata": { "annotations": { "keydesk.dev/max-keys-per-namespace": cap } } })
}

/// A key with a Secret of its own.
async fn ask(stage: &Stage, namespace: &str, name: &str) -> Value {
    stage
        .create(&secret(namespace, name, &format!("value of {namespace}/{name}")))
        .await;
    stage.create(&another_key(namespace, name)).await
}

async fn comes_to(stage: &Stage, key: &Value, stands: &str) -> Value {
    stage
        .soon(&Address::of(key), &format!("is {stands}"), |seen| {
            is(seen, stands)
        })
        .await
}

async fn approvals(stage: &Stage) -> Vec<Value> {
    stage.admin.list(kinds::APPROVAL, OWNER_NAMESPACE).await.unwrap()
}

fn mode(mode: &str) -> Value {
    json!({ "spec": { "approvalMode": mode } })
}

#[tokio::test]
async fn s097_automatic_mode_approves_with_a_decision_of_its_own() {
    let stage = Stage::automatic().await;
    stage.create(&key()).await;
    let approval = stage.soon(&automatic_at(), "exists", |_| true).await;
    let spec = &approval["spec"];
    assert_eq!(spec["apiKeyRequestRef"]["name"], request_at().name);
    assert_eq!(spec["approved"], true);
    assert_eq!(spec["reviewedBy"], "system");
    assert_eq!(spec["reason"], "AutoApproved");
    assert_eq!(
        spec["message"],
        "Automatically approved based on APIProduct approval mode"
    );
    assert!(
        spec["reviewedAt"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z')),
        "{spec}"
    );
    let words =
        "API key request approved by system: Automatically approved based on APIProduct approval mode";
    let approved = |seen: &Value| says(seen, "Approved", "True", "Approved", words);
    stage.soon(&key_at(), "is approved", approved).await;
    stage.soon(&request_at(), "is approved", approved).await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
}

#[tokio::test]
async fn s098_there_is_one_automatic_decision_and_none_beside_a_persons() {
    let stage = Stage::automatic().await;
    stage.create(&denial("Not you")).await;
    stage.create(&key()).await;
    stage.key_is("Denied").await;
    stage
        .patch(&key_at(), &json!({ "spec": { "useCase": "another" } }))
        .await;
    stage
        .stays(&key_at(), "is denied", |seen| is(seen, "Denied"))
        .await;
    assert_eq!(approvals(&stage).await.len(), 1);

    stage.delete(&approval_at()).await;
    stage.key_is("Approved").await;
    for turn in 0..5 {
        stage
            .patch(
                &key_at(),
                &json!({ "metadata": { "annotations": { "turn": turn.to_string() } } }),
            )
            .await;
    }
    stage.is_at_rest(&key_at()).await;
    assert_eq!(approvals(&stage).await.len(), 1);
}

#[tokio::test]
async fn s099_manual_products_and_products_that_go_approve_nothing() {
    let stage = Stage::pending().await;
    stage
        .stays(&key_at(), "is pending", |seen| is(seen, "Pending"))
        .await;
    assert!(approvals(&stage).await.is_empty());

    stage
        .patch(
            &product_at(),
            &json!({ "metadata": { "finalizers": ["example.com/held"] } }),
        )
        .await;
    stage.delete(&product_at()).await;
    stage.patch(&product_at(), &mode("automatic")).await;
    stage.key_is("Failed").await;
    stage
        .stays(&key_at(), "is failed", |seen| is(seen, "Failed"))
        .await;
    assert!(approvals(&stage).await.is_empty());
}

#[tokio::test]
async fn s100_an_automatic_decision_can_be_turned_and_comes_back_when_deleted() {
    let stage = Stage::automatic().await;
    stage.create(&key()).await;
    stage.key_is("Approved").await;
    stage
        .patch(&automatic_at(), &json!({ "spec": { "approved": false } }))
        .await;
    stage.key_is("Denied").await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage
        .stays(&key_at(), "is denied", |seen| is(seen, "Denied"))
        .await;
    stage.delete(&automatic_at()).await;
    stage
        .soon(&automatic_at(), "is back", |seen| {
            seen["spec"]["approved"] == true
        })
        .await;
    stage.key_is("Approved").await;
}

#[tokio::test]
async fn s101_a_change_of_mode_leaves_earlier_decisions_alone() {
    let stage = Stage::automatic().await;
    stage.create(&key()).await;
    stage.key_is("Approved").await;
    let decision = stage.get(&automatic_at()).await;
    stage.patch(&product_at(), &mode("manual")).await;
    stage.world.namespace("other-app").await;
    stage.create(&secret("other-app", "later", "later-value")).await;
    let later = another_key("other-app", "later");
    stage.create(&later).await;
    stage
        .soon(&Address::of(&later), "is pending", |seen| is(seen, "Pending"))
        .await;
    stage
        .stays(&key_at(), "is approved", |seen| is(seen, "Approved"))
        .await;
    let same = |seen: &Value| seen["metadata"]["uid"] == decision["metadata"]["uid"];
    stage.stays(&automatic_at(), "is the same", same).await;
    stage
        .stays(&Address::of(&later), "is pending", |seen| is(seen, "Pending"))
        .await;

    stage
        .create(&crate::stage::decision_on(&later, "by-hand", true))
        .await;
    stage
        .soon(&Address::of(&later), "is approved", |seen| is(seen, "Approved"))
        .await;
    stage.patch(&product_at(), &mode("automatic")).await;
    stage.is_at_rest(&Address::of(&later)).await;
    assert_eq!(approvals(&stage).await.len(), 2);
}

#[tokio::test]
async fn s102_a_key_before_its_secret_is_approved_every_time() {
    let stage = Stage::automatic().await;
    for turn in 0..20 {
        let name = format!("console-{turn}");
        let key = another_key(CONSUMER_NAMESPACE, &name);
        stage.create(&key).await;
        if turn % 2 == 0 {
            stage
                .soon(&Address::of(&key), "misses its secret", |seen| is(seen, "Failed"))
                .await;
        }
        stage
            .create(&secret(CONSUMER_NAMESPACE, &name, &format!("value-{turn}")))
            .await;
        stage
            .soon(&Address::of(&key), "is approved", |seen| is(seen, "Approved"))
            .await;
        stage.soon(&enforcement_of(&key), "exists", |_| true).await;
    }
}

#[tokio::test]
async fn s103_keys_that_wait_are_approved_when_the_product_becomes_automatic() {
    let stage = Stage::pending().await;
    stage.patch(&product_at(), &mode("automatic")).await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
}

#[tokio::test]
async fn s104_any_order_of_creation_ends_approved() {
    let stage = Stage::empty().await;
    stage.create(&key()).await;
    stage.create(&key_secret()).await;
    stage.create(&automatic_product()).await;
    stage.create(&fixtures::plan_policy()).await;
    stage.create(&fixtures::auth_policy()).await;
    stage.create(&fixtures::route()).await;
    stage.create(&fixtures::kuadrant()).await;
    for policy in [plan_policy_at(), auth_policy_at()] {
        stage
            .patch_status(&policy, &fixtures::policy_status(true, true))
            .await;
    }
    stage
        .patch_status(&route_at(), &fixtures::route_status(&[true]))
        .await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
}

#[tokio::test]
async fn s104_an_automatic_product_that_is_made_again_approves_again() {
    let stage = Stage::automatic().await;
    stage.delete(&product_at()).await;
    stage.create(&key()).await;
    stage.key_is("Failed").await;
    stage
        .create(&but(
            automatic_product(),
            &json!({ "spec": { "publishStatus": "Draft" } }),
        ))
        .await;
    stage.key_is("Approved").await;
}

#[tokio::test]
async fn a_namespace_gets_as_many_keys_approved_as_the_product_says() {
    let stage = Stage::automatic().await;
    stage.patch(&product_at(), &capped("2")).await;
    let first = ask(&stage, CONSUMER_NAMESPACE, "first").await;
    comes_to(&stage, &first, "Approved").await;
    let second = ask(&stage, CONSUMER_NAMESPACE, "second").await;
    comes_to(&stage, &second, "Approved").await;
    let third = ask(&stage, CONSUMER_NAMESPACE, "a-third").await;
    let failed = comes_to(&stage, &third, "Failed").await;
    let words = "APIProduct gamestore/gamestore-api approves 2 keys of a namespace by itself, and consumer-app has more: delete one, or ask the owner for an approval";
    assert!(
        says(&failed, "Failed", "True", "TooManyKeys", words),
        "{failed:#}"
    );
    // Its owner may approve it all the same, and so sees it.
    let request = fixtures::request_of(&third);
    stage
        .soon(&request, "tells why", |seen| {
            says(seen, "Failed", "True", "TooManyKeys", words)
        })
        .await;

    // Others have places of their own.
    stage.world.namespace("other-app").await;
    let elsewhere = ask(&stage, "other-app", "theirs").await;
    comes_to(&stage, &elsewhere, "Approved").await;

    stage.delete(&Address::of(&first)).await;
    comes_to(&stage, &third, "Approved").await;
    stage.soon(&enforcement_of(&third), "exists", |_| true).await;
}

#[tokio::test]
async fn beyond_the_places_a_person_can_still_approve() {
    let stage = Stage::automatic().await;
    stage.patch(&product_at(), &capped("0")).await;
    let key = ask(&stage, CONSUMER_NAMESPACE, "asked-for").await;
    comes_to(&stage, &key, "Failed").await;
    stage
        .create(&crate::stage::decision_on(&key, "by-hand", true))
        .await;
    comes_to(&stage, &key, "Approved").await;

    let other = ask(&stage, CONSUMER_NAMESPACE, "other").await;
    comes_to(&stage, &other, "Failed").await;
    stage.patch(&product_at(), &capped("2")).await;
    comes_to(&stage, &other, "Approved").await;
    comes_to(&stage, &key, "Approved").await;
}

#[tokio::test]
async fn a_number_of_keys_that_cannot_be_read_approves_none_and_is_told_to_the_owner() {
    let stage = Stage::automatic().await;
    stage.patch(&product_at(), &capped("a few")).await;
    let key = ask(&stage, CONSUMER_NAMESPACE, "hopeful").await;
    let failed = comes_to(&stage, &key, "Failed").await;
    let words = "APIProduct gamestore/gamestore-api approves no key by itself: its owner must put a whole number into annotation keydesk.dev/max-keys-per-namespace";
    assert!(
        says(&failed, "Failed", "True", "TooManyKeys", words),
        "{failed:#}"
    );
    crate::l_events::told(&stage, &product_at(), "AnnotationNotReadable").await;
    stage.patch(&product_at(), &capped("1")).await;
    comes_to(&stage, &key, "Approved").await;
}

#[tokio::test]
async fn s079_an_automatic_product_approves_no_tier_that_it_lacks_and_another_one_when_it_lost_the_approved_one()
 {
    let stage = Stage::automatic().await;
    stage.create(&key()).await;
    stage.soon_enforced("is for gold", for_tier("gold")).await;
    let asks_for = |tier: &str| json!({ "spec": { "planTier": tier } });
    stage.patch(&key_at(), &asks_for("platinum")).await;
    let is_told = |seen: &Value| has(seen, "TermsChanged", "True", "AwaitingReapproval");
    stage.soon(&key_at(), "asks for other terms", is_told).await;
    let approved = stage.get(&automatic_at()).await;
    stage
        .stays(&automatic_at(), "approves gold", |seen| {
            seen["spec"] == approved["spec"]
        })
        .await;

    let mut plans = fixtures::plan_policy()["spec"]["plans"].clone();
    plans
        .as_array_mut()
        .unwrap()
        .retain(|plan| plan["tier"] != "gold");
    stage
        .patch(&plan_policy_at(), &json!({ "spec": { "plans": plans } }))
        .await;
    stage.soon_nothing_enforced().await;
    stage.patch(&key_at(), &asks_for("silver")).await;
    stage.soon_enforced("is for silver", for_tier("silver")).await;
    stage.key_is("Approved").await;
}
