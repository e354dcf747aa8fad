//! F. Why a key fails, in which order causes are looked for, and that it recovers with its cause.

use keydesk_testkit::conditions::{has, is, lifecycle};
use keydesk_testkit::fixtures::{self, auth_policy, but, key, key_secret, policy_status, product, secret};
use keydesk_testkit::kinds;
use serde_json::{Value, json};

use crate::stage::{Stage, auth_policy_at, enforcement_at, key_at, product_at, request_at, secret_at};

const SECRET_NAME: &str = "consumer-app/gamestore-apikey-secret";

#[tokio::test]
async fn s068_without_kuadrant_a_key_fails() {
    let stage = Stage::empty().await;
    stage.own(&fixtures::automatic_product()).await;
    stage.create(&key_secret()).await;
    stage.create(&key()).await;
    let seen = stage
        .key_fails("KuadrantNotFound", "Kuadrant CR not found in cluster")
        .await;
    assert_eq!(lifecycle(&seen), ["Failed"]);
    stage.admin.stays_gone(&request_at()).await;
    stage.admin.stays_gone(&enforcement_at()).await;
}

#[tokio::test]
async fn s069_s074_without_its_product_a_key_fails_until_the_product_is_there() {
    let stage = Stage::empty().await;
    stage.create(&fixtures::kuadrant()).await;
    stage.create(&key_secret()).await;
    stage
        .create(&but(
            key(),
            &json!({ "spec": { "apiProductRef": { "name": "nope" } } }),
        ))
        .await;
    stage
        .key_fails(
            "APIProductNotFound",
            "Referenced APIProduct gamestore/nope not found",
        )
        .await;
    stage.admin.stays_gone(&request_at()).await;

    stage.own(&product()).await;
    stage
        .patch(
            &key_at(),
            &json!({ "spec": { "apiProductRef": { "name": "gamestore-api" } } }),
        )
        .await;
    stage.key_is("Pending").await;
    stage
        .soon(&request_at(), "is pending", |seen| is(seen, "Pending"))
        .await;
}

#[tokio::test]
async fn s070_a_key_of_a_product_that_is_being_deleted_fails() {
    let stage = Stage::pending().await;
    stage
        .patch(
            &product_at(),
            &json!({ "metadata": { "finalizers": ["example.com/held"] } }),
        )
        .await;
    stage.delete(&product_at()).await;
    stage
        .key_fails(
            "APIProductDeleting",
            "Referenced APIProduct gamestore/gamestore-api is being deleted",
        )
        .await;
    stage.admin.soon_gone(&request_at()).await;
}

#[tokio::test]
async fn s071_a_secret_that_comes_later_is_noticed() {
    let stage = Stage::owned().await;
    stage.create(&key()).await;
    stage
        .key_fails(
            "SecretNotFound",
            &format!("Referenced secret {SECRET_NAME} not found"),
        )
        .await;
    stage.admin.stays_gone(&request_at()).await;
    stage.create(&key_secret()).await;
    stage.key_is("Pending").await;
    stage
        .soon(&request_at(), "is pending", |seen| is(seen, "Pending"))
        .await;
}

#[tokio::test]
async fn s072_a_secret_without_a_value_fails_the_key() {
    let stage = Stage::owned().await;
    let without = but(
        key_secret(),
        &json!({ "data": { "api_key": null, "other": "eA==" } }),
    );
    stage.create(&without).await;
    stage.create(&key()).await;
    let words = format!(r#"Secret {SECRET_NAME} does not contain "api_key" entry"#);
    stage.key_fails("SecretAPIKeyNotFound", &words).await;
    stage
        .patch(&secret_at(), &json!({ "data": { "api_key": "" } }))
        .await;
    stage
        .key_fails(
            "SecretAPIKeyEmpty",
            &format!(r#"Secret {SECRET_NAME} has empty "api_key" entry"#),
        )
        .await;
    stage
        .patch(&secret_at(), &json!({ "data": { "api_key": "YWJjMTIz" } }))
        .await;
    stage.key_is("Pending").await;
}

#[tokio::test]
async fn s073_a_product_without_keys_in_its_authentication_fails_the_key() {
    let stage = Stage::ready().await;
    stage
        .patch_status(&auth_policy_at(), &policy_status(false, false))
        .await;
    stage.create(&key()).await;
    let words = "APIProduct gamestore/gamestore-api does not have a discovered authentication scheme";
    stage.key_fails("AuthSchemeNotFound", words).await;

    let tokens_only =
        json!({ "vip-users": null, "idp": { "jwt": { "jwksUrl": "https://idp.example.com/keys" } } });
    stage
        .patch(
            &auth_policy_at(),
            &json!({ "spec": { "rules": { "authentication": tokens_only } } }),
        )
        .await;
    stage
        .patch_status(&auth_policy_at(), &policy_status(true, true))
        .await;
    let words =
        "APIProduct gamestore/gamestore-api does not have an API key authentication scheme configured";
    stage.key_fails("APIKeyAuthSchemeNotFound", words).await;
}

#[tokio::test]
async fn s074_an_undecided_request_goes_while_its_key_is_failed_and_comes_back() {
    let stage = Stage::pending().await;
    stage.soon(&request_at(), "exists", |_| true).await;
    stage.delete(&secret_at()).await;
    let seen = stage
        .key_fails(
            "SecretNotFound",
            &format!("Referenced secret {SECRET_NAME} not found"),
        )
        .await;
    assert_eq!(lifecycle(&seen), ["Failed"]);
    stage.admin.soon_gone(&request_at()).await;
    stage.create(&key_secret()).await;
    stage.key_is("Pending").await;
    stage
        .soon(&request_at(), "is pending", |seen| is(seen, "Pending"))
        .await;
}

#[tokio::test]
async fn s075_causes_are_looked_for_in_order() {
    let stage = Stage::empty().await;
    stage.create(&key()).await;
    stage
        .key_fails("KuadrantNotFound", "Kuadrant CR not found in cluster")
        .await;
    stage.create(&fixtures::kuadrant()).await;
    stage
        .key_fails(
            "APIProductNotFound",
            "Referenced APIProduct gamestore/gamestore-api not found",
        )
        .await;
    stage.create(&product()).await;
    stage
        .key_fails(
            "SecretNotFound",
            &format!("Referenced secret {SECRET_NAME} not found"),
        )
        .await;
    stage
        .create(&secret("consumer-app", "gamestore-apikey-secret", ""))
        .await;
    stage
        .key_fails(
            "SecretAPIKeyEmpty",
            &format!(r#"Secret {SECRET_NAME} has empty "api_key" entry"#),
        )
        .await;
    stage
        .patch(&secret_at(), &json!({ "data": { "api_key": "YWJjMTIz" } }))
        .await;
    let words = "APIProduct gamestore/gamestore-api does not have a discovered authentication scheme";
    stage.key_fails("AuthSchemeNotFound", words).await;
    stage.route(&fixtures::route()).await;
    stage.policy(&auth_policy()).await;
    stage.key_is("Pending").await;
}

#[tokio::test]
async fn s074_a_failed_key_still_shows_host_and_limits() {
    let stage = Stage::owned().await;
    stage.create(&key()).await;
    stage.key_is("Failed").await;
    let complete = |seen: &Value| {
        seen["status"]["limits"]["daily"] == 100
            && seen["status"]["apiHostname"] == "api.gamestore.example.com"
            && seen["status"]["authScheme"]["authenticationSpec"]["selector"].is_object()
    };
    stage.soon(&key_at(), "shows what to expect", complete).await;
}

#[tokio::test]
async fn s073_a_product_with_keys_again_takes_the_key_back() {
    let stage = Stage::pending().await;
    stage.delete(&auth_policy_at()).await;
    stage.key_is("Failed").await;
    stage.policy(&auth_policy()).await;
    stage
        .soon(&product_at(), "has authentication", |seen| {
            has(seen, "AuthPolicyDiscovered", "True", "Found")
        })
        .await;
    stage.key_is("Pending").await;
    let requests = stage
        .admin
        .list(kinds::REQUEST, &request_at().namespace)
        .await
        .unwrap();
    assert!(requests.len() <= 1, "{requests:#?}");
}
