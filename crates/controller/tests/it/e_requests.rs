//! E. The shadow of a key in its product's namespace, and what a key shows while it waits.

use keydesk_testkit::conditions::{condition, is, says};
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, KEY_VALUE, OWNER_NAMESPACE, approval, but, enforcement_of, key, named,
    now_plus, product, request_of, secret,
};
use keydesk_testkit::hidden::assert_hidden;
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};

use crate::stage::{Stage, another_key, in_namespace, key_at, product_at, request_at, route_at};

#[tokio::test]
async fn s052_a_key_gets_a_request_without_anything_secret() {
    let stage = Stage::pending().await;
    let request = stage.soon(&request_at(), "exists", |_| true).await;
    assert_eq!(request_at().name, "consumer-app-gamestore-apikey-8dee3e06");
    let spec = json!({
        "apiProductRef": { "name": "gamestore-api" },
        "planTier": "gold",
        "useCase": "mobile",
        "requestedBy": { "userId": "user-12345", "email": "developer@consumer-app.com" },
        "apiKeyRef": { "name": "gamestore-apikey", "namespace": CONSUMER_NAMESPACE },
    });
    assert_eq!(request["spec"], spec);
    assert_hidden(
        "the request",
        &format!("{request:#}"),
        &[KEY_VALUE, "gamestore-apikey-secret"],
    );
}

#[tokio::test]
async fn s053_a_new_key_is_pending() {
    let stage = Stage::pending().await;
    let key = stage.get(&key_at()).await;
    let words = "API key request is awaiting approval";
    assert!(
        says(&key, "Pending", "True", "AwaitingApproval", words),
        "{key:#}"
    );
    assert_eq!(key["status"]["conditions"].as_array().map(Vec::len), Some(1));
    assert_eq!(condition(&key, "Pending").unwrap()["observedGeneration"], 1);
    assert_eq!(key["status"]["observedGeneration"], 1);
}

#[tokio::test]
async fn s054_the_request_mirrors_the_conditions_of_its_key() {
    let stage = Stage::pending().await;
    for r#type in ["Pending", "Approved"] {
        let key = stage.key_is(r#type).await;
        let mirrored = |seen: &Value| seen["status"]["conditions"] == key["status"]["conditions"];
        stage
            .soon(&request_at(), &format!("is {type} like its key"), mirrored)
            .await;
        if r#type == "Pending" {
            stage.create(&approval()).await;
        }
    }
}

#[tokio::test]
async fn s055_a_pending_key_shows_host_limits_and_how_to_send_it() {
    let stage = Stage::pending().await;
    let status = stage.get(&key_at()).await["status"].clone();
    assert_eq!(status["apiHostname"], "api.gamestore.example.com");
    assert_eq!(status["limits"], json!({ "daily": 100 }));
    let selector = json!({ "matchLabels": { "app": "gamestore", "role": "admin" } });
    assert_eq!(status["authScheme"]["authenticationSpec"]["selector"], selector);
    assert_eq!(
        status["authScheme"]["credentials"]["authorizationHeader"]["prefix"],
        "APIKEY"
    );
}

#[tokio::test]
async fn s056_without_host_names_and_plans_a_key_shows_neither() {
    let stage = Stage::ready().await;
    stage
        .patch(&route_at(), &json!({ "spec": { "hostnames": null } }))
        .await;
    stage.delete(&crate::stage::plan_policy_at()).await;
    stage
        .soon(&product_at(), "has no plans", |seen| {
            seen["status"].get("discoveredPlans").is_none()
        })
        .await;
    stage
        .create(&but(key(), &json!({ "spec": { "planTier": "platinum" } })))
        .await;
    let seen = stage.key_is("Pending").await;
    assert_eq!(seen["status"].get("limits"), None);
    assert_eq!(seen["status"]["apiHostname"].as_str().unwrap_or_default(), "");
}

#[tokio::test]
async fn s057_s119_a_key_without_product_namespace_asks_in_its_own() {
    let stage = Stage::empty().await;
    stage.create(&fixtures::kuadrant()).await;
    stage.own(&in_namespace(product(), CONSUMER_NAMESPACE)).await;
    stage.create(&fixtures::key_secret()).await;
    stage
        .create(&but(
            key(),
            &json!({ "spec": { "apiProductRef": { "namespace": null } } }),
        ))
        .await;
    stage.key_is("Pending").await;
    let request = Address {
        namespace: CONSUMER_NAMESPACE.to_owned(),
        ..request_at()
    };
    stage.soon(&request, "exists", |_| true).await;

    stage.create(&in_namespace(approval(), CONSUMER_NAMESPACE)).await;
    stage.key_is("Approved").await;
    let enforcement = stage.soon(&enforcement_of(&key()), "exists", |_| true).await;
    let label = &enforcement["metadata"]["labels"]["devportal.kuadrant.io/apiproduct-namespace"];
    assert_eq!(*label, CONSUMER_NAMESPACE);
}

#[tokio::test]
async fn s058_keys_whose_names_join_to_the_same_text_have_two_requests() {
    let stage = Stage::owned().await;
    for (namespace, name, request) in [
        ("foo-bar", "baz", "foo-bar-baz-fa616890"),
        ("foo", "bar-baz", "foo-bar-baz-cd6ffb27"),
    ] {
        stage.world.namespace(namespace).await;
        stage
            .create(&secret(namespace, name, &format!("value-of-{namespace}")))
            .await;
        let key = another_key(namespace, name);
        stage.create(&key).await;
        let address = Address::new(kinds::REQUEST, OWNER_NAMESPACE, request);
        let asks =
            |seen: &Value| seen["spec"]["apiKeyRef"] == json!({ "name": name, "namespace": namespace });
        stage
            .soon(&address, &format!("asks for {namespace}/{name}"), asks)
            .await;
    }
}

#[tokio::test]
async fn s059_the_request_follows_a_pending_key() {
    let stage = Stage::pending().await;
    let expires = now_plus(86_400);
    let change = json!({ "spec": { "planTier": "silver", "useCase": "tablet", "expiresAt": expires } });
    stage.patch(&key_at(), &change).await;
    stage
        .soon(&request_at(), "follows", |seen| {
            seen["spec"]["planTier"] == "silver"
                && seen["spec"]["useCase"] == "tablet"
                && seen["spec"]["expiresAt"] == expires
        })
        .await;
    let current = |seen: &Value| {
        is(seen, "Pending")
            && condition(seen, "Pending").is_some_and(|found| found["observedGeneration"] == 2)
    };
    let key = stage
        .soon(&key_at(), "is pending in its second generation", current)
        .await;
    assert_eq!(key["status"]["observedGeneration"], 2);
    assert_eq!(key["status"]["limits"]["daily"], 50);
    stage
        .soon(&request_at(), "mirrors the second generation", current)
        .await;
}

#[tokio::test]
async fn s060_the_request_goes_with_its_key() {
    let stage = Stage::pending().await;
    stage.soon(&request_at(), "exists", |_| true).await;
    stage.delete(&key_at()).await;
    stage.admin.soon_gone(&request_at()).await;
}

/// A request as nobody but the controller should make one.
fn handmade(name: &str, key: &Value) -> Value {
    let spec = json!({
        "apiProductRef": { "name": "gamestore-api" }, "planTier": "gold", "useCase": "mine",
        "requestedBy": key["spec"]["requestedBy"],
        "apiKeyRef": { "name": key["metadata"]["name"], "namespace": key["metadata"]["namespace"] },
    });
    json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyRequest",
        "metadata": { "name": name, "namespace": OWNER_NAMESPACE }, "spec": spec,
    })
}

#[tokio::test]
async fn s061_a_request_without_a_key_is_removed() {
    let stage = Stage::ready().await;
    let orphan = handmade("orphan", &named(key(), CONSUMER_NAMESPACE, "nobody"));
    stage.create(&orphan).await;
    stage.admin.soon_gone(&Address::of(&orphan)).await;
}

#[tokio::test]
async fn s062_s064_a_deleted_request_comes_back_pending_without_further_events() {
    let stage = Stage::pending().await;
    let first = stage.soon(&request_at(), "exists", |_| true).await;
    stage.delete(&request_at()).await;
    let second = stage
        .soon(&request_at(), "is back and pending", |seen| {
            seen["metadata"]["uid"] != first["metadata"]["uid"] && is(seen, "Pending")
        })
        .await;
    assert_eq!(second["spec"], first["spec"]);
}

#[tokio::test]
async fn s063_two_consumers_have_two_requests_and_their_own_limits() {
    let stage = Stage::pending().await;
    stage.world.namespace("other-app").await;
    stage
        .create(&secret("other-app", "other-key", "other-value"))
        .await;
    let other = but(
        another_key("other-app", "other-key"),
        &json!({ "spec": { "planTier": "bronze" } }),
    );
    stage.create(&other).await;
    stage
        .soon(&Address::of(&other), "has 10 a day", |seen| {
            seen["status"]["limits"]["daily"] == 10
        })
        .await;
    stage.soon(&request_of(&other), "exists", |_| true).await;
    stage.soon(&request_at(), "exists", |_| true).await;
    assert_eq!(stage.get(&key_at()).await["status"]["limits"]["daily"], 100);
}

#[tokio::test]
async fn s065_a_key_that_moves_to_another_namespace_leaves_nothing_behind() {
    let stage = Stage::approved().await;
    stage.world.namespace("other-owner").await;
    stage.own(&in_namespace(product(), "other-owner")).await;
    stage
        .patch(
            &key_at(),
            &json!({ "spec": { "apiProductRef": { "namespace": "other-owner" } } }),
        )
        .await;
    stage.admin.soon_gone(&request_at()).await;
    stage.admin.soon_gone(&crate::stage::approval_at()).await;
    stage.key_is("Pending").await;
    let moved = Address {
        namespace: "other-owner".to_owned(),
        ..request_at()
    };
    stage.soon(&moved, "is pending", |seen| is(seen, "Pending")).await;
    stage.admin.soon_gone(&enforcement_of(&key())).await;
}

#[tokio::test]
async fn s066_a_handmade_request_for_a_key_is_removed_and_never_approved() {
    let stage = Stage::automatic().await;
    stage.create(&key()).await;
    stage.key_is("Approved").await;
    let forged = handmade("forged", &key());
    stage.create(&forged).await;
    stage.admin.soon_gone(&Address::of(&forged)).await;
    let approvals = stage.admin.list(kinds::APPROVAL, OWNER_NAMESPACE).await.unwrap();
    let decided: Vec<&str> = approvals
        .iter()
        .map(|approval| approval["spec"]["apiKeyRequestRef"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(decided, [request_at().name]);
}

#[tokio::test]
async fn s067_a_key_for_a_product_that_never_was_leaves_no_trace_in_that_namespace() {
    let mut stage = Stage::quiet().await;
    stage.create(&fixtures::kuadrant()).await;
    stage.world.namespace("untouched").await;
    stage.create(&fixtures::key_secret()).await;
    let reference = json!({ "name": "nothing", "namespace": "untouched" });
    stage
        .create(&but(key(), &json!({ "spec": { "apiProductRef": reference } })))
        .await;
    // Any object ever made and removed would be in the history that a watch from here gives.
    let path = "/apis/devportal.kuadrant.io/v1alpha1/namespaces/untouched/apikeyrequests";
    let (_, list) = stage.admin.send(http::Method::GET, path, "", Vec::new()).await;
    let list: Value = serde_json::from_slice(&list).unwrap();
    let version = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    stage.start(crate::stage::settings());
    stage
        .key_fails(
            "APIProductNotFound",
            "Referenced APIProduct untouched/nothing not found",
        )
        .await;
    let history = format!("{path}?watch=true&resourceVersion={version}&timeoutSeconds=1");
    let (code, events) = stage
        .admin
        .send(http::Method::GET, &history, "", Vec::new())
        .await;
    assert_eq!((code, String::from_utf8_lossy(&events).as_ref()), (200, ""));
}
