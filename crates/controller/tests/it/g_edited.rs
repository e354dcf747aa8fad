//! G. Decisions that somebody edits later, with another tool than the one that made them.

use http::Method;
use keydesk_testkit::Address;
use keydesk_testkit::conditions::is;
use keydesk_testkit::fixtures::{self, but, key};
use keydesk_testkit::wait::next_second;
use serde_json::{Value, json};

use crate::stage::{Stage, for_tier, key_at, product_at, request_at};

/// The terms that the request of the key shows, as a tool records them.
async fn shown(stage: &Stage) -> String {
    let request = stage.get(&request_at()).await;
    let (spec, by) = (&request["spec"], &request["spec"]["requestedBy"]["userId"]);
    let product = json!({ "namespace": product_at().namespace, "name": spec["apiProductRef"]["name"] });
    let terms = json!({
        "namespace": key_at().namespace, "product": product, "tier": spec["planTier"], "userId": by,
    });
    terms.to_string()
}

/// Creates or merges as a program of this name does.
async fn write_as(stage: &Stage, manager: &str, at: &Address, object: &Value) {
    let is_there = stage.admin.find(at).await.is_some();
    let path = at.path();
    let (method, path, form) = if is_there {
        (Method::PATCH, path.as_str(), "application/merge-patch+json")
    } else {
        let (collection, _) = path.rsplit_once('/').unwrap();
        (Method::POST, collection, "application/json")
    };
    let path = format!("{path}?fieldManager={manager}");
    let body = object.to_string().into_bytes();
    let (code, answer) = stage.admin.send(method, &path, form, body).await;
    assert!(
        (200..300).contains(&code),
        "{code}: {}",
        String::from_utf8_lossy(&answer)
    );
}

/// Has the key ask for a tier, and lets that be a matter of the past.
async fn asks_for(stage: &Stage, tier: &str) {
    next_second().await;
    stage
        .patch(&key_at(), &json!({ "spec": { "planTier": tier } }))
        .await;
    stage
        .soon(&request_at(), "shows the tier", |request| {
            request["spec"]["planTier"] == tier
        })
        .await;
    next_second().await;
}

#[tokio::test]
async fn s094_what_was_recorded_when_gold_was_denied_is_not_what_is_approved_when_bronze_is_shown() {
    let stage = Stage::pending().await;
    let denial = but(
        fixtures::denial("gold is too much"),
        &json!({ "metadata": { "annotations": { "keydesk.dev/terms": shown(&stage).await } } }),
    );
    let at = Address::of(&denial);
    write_as(&stage, "keydesk", &at, &denial).await;
    stage.key_is("Denied").await;
    asks_for(&stage, "bronze").await;
    let approves = json!({ "spec": { "approved": true, "message": "bronze is fine" } });
    write_as(&stage, "kubectl-patch", &at, &approves).await;
    stage.soon_enforced("is for bronze", for_tier("bronze")).await;
    // Who records anew says what is meant.
    asks_for(&stage, "gold").await;
    let approves = json!({
        "metadata": { "annotations": { "keydesk.dev/terms": shown(&stage).await } },
        "spec": { "message": "gold is fine too" },
    });
    write_as(&stage, "keydesk", &at, &approves).await;
    stage.soon_enforced("is for gold", for_tier("gold")).await;
}

#[tokio::test]
async fn s094_what_the_system_recorded_is_not_what_an_owner_approves_who_edits_its_decision() {
    let stage = Stage::automatic().await;
    stage.create(&key()).await;
    stage.soon_enforced("is for gold", for_tier("gold")).await;
    stage
        .patch(&product_at(), &json!({ "spec": { "approvalMode": "manual" } }))
        .await;
    let at = Address {
        name: format!("{}-auto", request_at().name),
        ..crate::stage::approval_at()
    };
    next_second().await;
    write_as(
        &stage,
        "kubectl-patch",
        &at,
        &json!({ "spec": { "approved": false } }),
    )
    .await;
    stage.key_is("Denied").await;
    asks_for(&stage, "bronze").await;
    write_as(
        &stage,
        "kubectl-patch",
        &at,
        &json!({ "spec": { "approved": true } }),
    )
    .await;
    stage
        .soon(&key_at(), "is approved", |key| is(key, "Approved"))
        .await;
    stage.soon_enforced("is for bronze", for_tier("bronze")).await;
}

#[tokio::test]
async fn what_is_asked_for_at_such_length_that_it_cannot_be_recorded_fails_and_spoils_no_decision() {
    let stage = Stage::pending().await;
    let scopes: Vec<_> = (0..20_000).map(|number| format!("scope-{number}")).collect();
    let scopes = json!({ "metadata": { "annotations": { "keydesk.dev/scopes": scopes.join(" ") } } });
    stage.patch(&key_at(), &scopes).await;
    stage
        .key_fails(
            "TermsTooLong",
            "Plan tier, user and scopes are 208904 bytes long together, and can be 4096 at most",
        )
        .await;
    stage.create(&fixtures::denial("not so much")).await;
    let bound = |seen: &Value| seen["metadata"]["annotations"]["keydesk.dev/approved-terms"].is_string();
    stage
        .soon(&crate::stage::approval_at(), "is on record", bound)
        .await;
    stage
        .patch(
            &key_at(),
            &json!({ "metadata": { "annotations": { "keydesk.dev/scopes": null } } }),
        )
        .await;
    stage.key_is("Denied").await;
}
