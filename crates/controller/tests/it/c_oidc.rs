//! C. Discovery of the identity provider behind a product.

use keydesk_testkit::conditions::{has, message, says};
use keydesk_testkit::fixtures::{self, auth_policy, but, policy_status, product, vip_users};
use keydesk_testkit::http_server::{Answer, HttpServer, refused_url};
use serde_json::{Value, json};

use crate::stage::{Stage, auth_policy_at, product_at};

pub(crate) const REALM: &str = "/realms/t";
pub(crate) const DOCUMENT: &str = "/realms/t/.well-known/openid-configuration";

/// The authentication entry of an issuer.
fn identity_provider(issuer: &str) -> Value {
    json!({ "jwt": { "issuerUrl": issuer } })
}

/// The policy with an identity provider beside the apiKey entry.
pub(crate) fn policy_with(issuer: &str) -> Value {
    but(
        auth_policy(),
        &json!({ "spec": { "rules": { "authentication": { "idp": identity_provider(issuer) } } } }),
    )
}

/// A discovery document of `issuer`.
pub(crate) fn document(issuer: &str, token_endpoint: &str) -> Answer {
    Answer::ok(json!({ "issuer": issuer, "token_endpoint": token_endpoint }).to_string())
}

/// A product whose policy names `issuer`.
pub(crate) async fn stage_with(issuer: &str) -> Stage {
    let stage = Stage::empty().await;
    stage.route(&fixtures::route()).await;
    stage.policy(&policy_with(issuer)).await;
    stage.create(&product()).await;
    stage
}

pub(crate) fn discovered(issuer: &str) -> impl Fn(&Value) -> bool {
    let words = format!("OIDC discovery fetched from {issuer}");
    move |seen| says(seen, "OIDCDiscovered", "True", "Discovered", &words)
}

/// A product that has discovered its issuer.
pub(crate) async fn stage_discovered() -> (HttpServer, String, Stage) {
    let idp = HttpServer::start().await;
    let issuer = idp.url(REALM);
    idp.on(DOCUMENT, document(&issuer, "https://idp.example.com/token"));
    let stage = stage_with(&issuer).await;
    stage
        .soon(&product_at(), "has discovered its issuer", discovered(&issuer))
        .await;
    (idp, issuer, stage)
}

#[tokio::test]
async fn s030_the_token_endpoint_is_fetched_once() {
    let idp = HttpServer::start().await;
    for issuer in [idp.url(REALM), idp.url("/realms/t/")] {
        let before = idp.count(DOCUMENT);
        idp.on(DOCUMENT, document(&issuer, "https://idp.example.com/token"));
        let stage = stage_with(&issuer).await;
        let seen = stage
            .soon(&product_at(), "has discovered its issuer", discovered(&issuer))
            .await;
        let endpoint = json!({ "tokenEndpoint": "https://idp.example.com/token" });
        assert_eq!(seen["status"]["oidcDiscovery"], endpoint);
        stage.is_at_rest(&product_at()).await;
        assert_eq!(idp.count(DOCUMENT) - before, 1);
    }
    assert_eq!(idp.total(), idp.count(DOCUMENT), "nothing else was asked for");
}

#[tokio::test]
async fn s031_a_product_with_keys_only_has_no_issuer() {
    let stage = Stage::owned().await;
    let words = "No JWT/OIDC authentication configured in AuthPolicy";
    let seen = stage
        .soon(&product_at(), "has no issuer", |seen| {
            says(seen, "OIDCDiscovered", "False", "NoOIDCAuth", words)
        })
        .await;
    assert_eq!(seen["status"].get("oidcDiscovery"), None);
}

#[tokio::test]
async fn s032_a_failed_discovery_tells_its_cause_and_holds_up_nothing_else() {
    let idp = HttpServer::start().await;
    let nobody = refused_url(REALM).await;
    idp.on("/500/.well-known/openid-configuration", Answer::status(500));
    let incomplete = json!({ "issuer": idp.url("/incomplete") }).to_string();
    idp.on(
        "/incomplete/.well-known/openid-configuration",
        Answer::ok(incomplete),
    );
    idp.on("/prose/.well-known/openid-configuration", Answer::ok("hello"));
    for (issuer, cause) in [
        (nobody, ""),
        (idp.url("/500"), "unexpected status code: 500"),
        (
            idp.url("/incomplete"),
            "token_endpoint not found in discovery document",
        ),
        (idp.url("/prose"), "failed to decode discovery document"),
    ] {
        let stage = stage_with(&issuer).await;
        let seen = stage
            .soon(&product_at(), "has not discovered its issuer", |seen| {
                has(seen, "OIDCDiscovered", "False", "DiscoveryFailed")
            })
            .await;
        let words = message(&seen, "OIDCDiscovered");
        let beginning = format!("Failed to fetch OIDC discovery from {issuer}: ");
        assert!(
            words.starts_with(&beginning) && words.len() > beginning.len(),
            "{words}"
        );
        assert!(words.contains(cause), "{words}");
        assert_eq!(seen["status"].get("oidcDiscovery"), None);
        stage
            .soon(&product_at(), "is ready", |seen| {
                has(seen, "Ready", "True", "HTTPRouteAccepted")
            })
            .await;
    }
}

#[tokio::test]
async fn s033_an_edited_product_does_not_ask_its_issuer_again() {
    let (idp, _, stage) = stage_discovered().await;
    stage
        .patch(&product_at(), &json!({ "spec": { "description": "edited" } }))
        .await;
    stage
        .soon(&product_at(), "has seen the edit", |seen| {
            seen["status"]["observedGeneration"] == 2
        })
        .await;
    stage.is_at_rest(&product_at()).await;
    assert_eq!(idp.count(DOCUMENT), 1);
}

#[tokio::test]
async fn s034_a_changed_issuer_is_asked() {
    let idp = HttpServer::start().await;
    let (issuer, other) = (idp.url(REALM), idp.url("/realms/u"));
    idp.on(DOCUMENT, document(&issuer, "https://idp.example.com/token"));
    idp.on(
        "/realms/u/.well-known/openid-configuration",
        document(&other, "https://idp.example.com/other"),
    );
    let stage = stage_with(&issuer).await;
    stage
        .soon(&product_at(), "has discovered its issuer", discovered(&issuer))
        .await;
    stage
        .patch(&auth_policy_at(), &json!({ "spec": policy_with(&other)["spec"] }))
        .await;
    let seen = stage
        .soon(&product_at(), "has discovered its new issuer", discovered(&other))
        .await;
    assert_eq!(
        seen["status"]["oidcDiscovery"]["tokenEndpoint"],
        "https://idp.example.com/other"
    );
}

#[tokio::test]
async fn s037_what_was_discovered_goes_with_the_issuer_but_stays_while_the_policy_is_not_ready() {
    let (_idp, _, stage) = stage_discovered().await;

    stage
        .patch_status(&auth_policy_at(), &policy_status(true, false))
        .await;
    let seen = stage
        .soon(&product_at(), "waits for its policy", |seen| {
            has(seen, "AuthPolicyDiscovered", "False", "AuthPolicyNotReady")
        })
        .await;
    assert_eq!(
        seen["status"]["oidcDiscovery"]["tokenEndpoint"],
        "https://idp.example.com/token"
    );

    stage
        .patch_status(&auth_policy_at(), &policy_status(true, true))
        .await;
    stage
        .patch(
            &auth_policy_at(),
            &json!({ "spec": { "rules": { "authentication": { "idp": null } } } }),
        )
        .await;
    stage
        .soon(&product_at(), "has no issuer", |seen| {
            has(seen, "OIDCDiscovered", "False", "NoOIDCAuth")
                && seen["status"].get("oidcDiscovery").is_none()
        })
        .await;
}

#[tokio::test]
async fn s038_a_document_of_another_issuer_is_refused() {
    let idp = HttpServer::start().await;
    let issuer = idp.url(REALM);
    idp.on(
        DOCUMENT,
        document("https://evil.example.com", "https://evil.example.com/token"),
    );
    let stage = stage_with(&issuer).await;
    let seen = stage
        .soon(&product_at(), "does not believe the document", |seen| {
            has(seen, "OIDCDiscovered", "False", "DiscoveryFailed")
        })
        .await;
    assert_eq!(seen["status"].get("oidcDiscovery"), None);
    assert!(
        message(&seen, "OIDCDiscovered").contains("issuer"),
        "{}",
        message(&seen, "OIDCDiscovered")
    );
}

#[tokio::test]
async fn s031_a_jwks_url_alone_names_no_issuer() {
    let idp = HttpServer::start().await;
    let stage = Stage::empty().await;
    stage.route(&fixtures::route()).await;
    let entries = json!({ "vip-users": vip_users(), "idp": { "jwt": { "jwksUrl": idp.url("/keys") } } });
    stage
        .policy(&but(
            auth_policy(),
            &json!({ "spec": { "rules": { "authentication": entries } } }),
        ))
        .await;
    stage.create(&product()).await;
    stage
        .soon(&product_at(), "has no issuer", |seen| {
            has(seen, "OIDCDiscovered", "False", "NoOIDCAuth")
        })
        .await;
    assert_eq!(idp.total(), 0);
}
