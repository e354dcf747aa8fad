//! Secrets and decisions that were not made by whoever may make them.

use keydesk_testkit::fixtures::{self, CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, but};
use serde_json::{Value, json};

use crate::ask::{Call, Way};
use crate::key::Key;
use crate::objects::plan;
use crate::running::{Running, Setup};
use crate::stage::Stage;

fn unmanaged() -> Setup {
    Setup {
        unmanaged_keys: true,
        ..Setup::default()
    }
}

async fn is_no_key(gate: &Running, key: &Key) {
    assert_eq!(
        gate.verdict(&Call::with(key)).await,
        (401, "invalid_key".to_owned())
    );
    assert_eq!(gate.about(key).await.status, 401);
}

#[tokio::test]
async fn an_enforcement_secret_for_a_key_that_nobody_approved_opens_nothing() {
    let stage = Stage::unlimited().await;
    let (no_key, pending, denied) = (Key::new("ada"), Key::new("bea"), Key::new("cyd"));
    stage.ask(&pending).await;
    stage.ask(&denied).await;
    stage.create(&denied.decision(false)).await;
    for key in [&no_key, &pending, &denied] {
        stage.create(&key.enforcement()).await;
    }
    for setup in [Setup::default(), unmanaged()] {
        let gate = stage.gate_with(setup).await;
        for key in [&no_key, &pending, &denied] {
            is_no_key(&gate, key).await;
        }
    }
}

#[tokio::test]
async fn an_enforcement_secret_in_another_namespace_or_under_another_name_opens_nothing() {
    let stage = Stage::unlimited().await;
    // What is approved is somebody's key; the forger's value is another.
    let key = Key::new("ada");
    stage.grant(&key).await;
    let forged = key.clone().value("forged-0123456789");
    let mut elsewhere = forged.enforcement();
    elsewhere["metadata"]["namespace"] = json!(CONSUMER_NAMESPACE);
    stage.create(&elsewhere).await;
    let misnamed = forged.enforcement();
    stage
        .create_elsewhere(misnamed, KUADRANT_NAMESPACE, "devportal-forged")
        .await;
    // The policy would take Secrets of any namespace.
    let everywhere = json!({ "apiKey": { "allNamespaces": true } });
    let rules = json!({ "authentication": { "vip-users": everywhere } });
    stage
        .patch(&fixtures::auth_policy(), &json!({ "spec": { "rules": rules } }))
        .await;
    for setup in [Setup::default(), unmanaged()] {
        let gate = stage.gate_with(setup).await;
        is_no_key(&gate, &forged).await;
        assert_eq!(gate.status(&Call::with(&key)).await, 200);
    }
}

#[tokio::test]
async fn an_approval_in_the_consumers_own_namespace_is_none() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.ask(&key).await;
    stage.create(&key.enforcement()).await;
    stage
        .create_elsewhere(key.decision(true), CONSUMER_NAMESPACE, "self-made")
        .await;
    is_no_key(&stage.gate().await, &key).await;
}

#[tokio::test]
async fn what_was_approved_counts_and_not_what_stands_in_the_secret() {
    let stage = Stage::with_plans(&json!([
        plan("gold", &json!({ "daily": 100 })),
        plan("bronze", &json!({ "daily": 1 }))
    ]))
    .await;
    // The key asks for gold, and so says its secret; the owner approved bronze.
    let key = Key::new("ada").tier("gold");
    stage.ask(&key).await;
    stage.create(&key.approval_for("bronze")).await;
    stage.create(&key.enforcement()).await;
    let gate = stage.gate().await;
    let said = gate.ask(&Call::with(&key)).await;
    assert_eq!((said.status, said.header("x-plan")), (200, Some("bronze")));
    assert_eq!(gate.status(&Call::with(&key)).await, 429);
    let writes = json!({ "metadata": { "annotations": { "secret.kuadrant.io/user-id": "root" } } });
    stage.patch(&key.enforcement(), &writes).await;
    let said = stage.gate().await.ask(&Call::with(&key)).await;
    assert_eq!(
        (said.header("x-plan"), said.header("x-consumer")),
        (Some("bronze"), Some("consumer-app/user-ada"))
    );
}

#[tokio::test]
async fn a_longer_life_than_the_approved_one_is_not_to_be_had_from_the_secret() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada").until("2026-01-01T00:00:00Z");
    stage.ask(&key).await;
    stage.create(&key.decision(true)).await;
    let longer = json!({ "secret.kuadrant.io/expires-at": "2099-01-01T00:00:00Z" });
    stage
        .create(&but(
            key.enforcement(),
            &json!({ "metadata": { "annotations": longer } }),
        ))
        .await;
    let gate = stage.gate().await;
    assert_eq!(
        gate.verdict(&Call::with(&key)).await,
        (401, "key_expired".to_owned())
    );
}

#[tokio::test]
async fn another_selector_does_not_admit_a_key_of_this_product() {
    let policy = json!({ "app": "gamestore", "role": "somebody-else" });
    let rules =
        json!({ "authentication": { "vip-users": { "apiKey": { "selector": { "matchLabels": policy } } } } });
    let stage = Stage::with_policy(&but(
        fixtures::auth_policy(),
        &json!({ "spec": { "rules": rules } }),
    ))
    .await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    assert_eq!(
        stage.gate().await.verdict(&Call::with(&key)).await,
        (401, "invalid_key".to_owned())
    );
}

/// A Secret as Authorino would take it, that no `APIKey` knows.
fn handmade(namespace: &str, key: &Key, annotations: &Value) -> Value {
    but(
        fixtures::secret(namespace, &key.name, &key.value),
        &json!({ "metadata": {
            "labels": { "authorino.kuadrant.io/managed-by": "authorino", "app": "gamestore", "role": "admin" },
            "annotations": annotations,
        } }),
    )
}

#[tokio::test]
async fn keys_that_keydesk_does_not_manage_count_only_where_the_operator_says_so() {
    let stage = Stage::open().await;
    let gold = json!({ "secret.kuadrant.io/plan-id": "gold", "secret.kuadrant.io/user-id": "ada" });
    let (key, afar, ended) = (Key::new("by-hand"), Key::new("afar"), Key::new("ended"));
    stage.create(&handmade(KUADRANT_NAMESPACE, &key, &gold)).await;
    stage.create(&handmade(CONSUMER_NAMESPACE, &afar, &gold)).await;
    let past = json!({ "secret.kuadrant.io/plan-id": "gold", "secret.kuadrant.io/expires-at": "2026-01-01T00:00:00Z" });
    stage.create(&handmade(KUADRANT_NAMESPACE, &ended, &past)).await;
    let managed = Key::new("ada");
    stage.grant(&managed).await;
    let strict = stage.gate().await;
    for none in [&key, &afar, &ended] {
        is_no_key(&strict, none).await;
    }
    let open = stage.gate_with(unmanaged()).await;
    let said = open.asking.ask(Way::Grpc, &Call::with(&key)).await;
    assert_eq!((said.status, said.upstream["x-plan"].as_str()), (200, "gold"));
    assert_eq!(said.upstream["x-consumer"], "kuadrant-system/ada");
    assert_eq!(
        open.statuses(&Call::with(&key), 5).await,
        [200, 200, 200, 200, 429]
    );
    let afar = open.verdict(&Call::with(&afar)).await;
    assert_eq!(
        afar,
        (401, "invalid_key".to_owned()),
        "the policy looks in one namespace"
    );
    assert_eq!(
        open.verdict(&Call::with(&ended)).await,
        (401, "key_expired".to_owned())
    );
    for gate in [&strict, &open] {
        assert_eq!(gate.status(&Call::with(&managed)).await, 200);
    }
}
