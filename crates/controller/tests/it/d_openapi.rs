//! D. The OpenAPI document of a product.

use keydesk_controller::Settings;
use keydesk_testkit::conditions::{condition, has, message, says};
use keydesk_testkit::fixtures::{self, but, product};
use keydesk_testkit::http_server::{Answer, HttpServer, refused_url};
use keydesk_testkit::wait::{self, Patience};
use serde_json::{Value, json};
use std::time::Duration;

use crate::stage::{Stage, product_at, settings};

const PATH: &str = "/openapi.yaml";
const LIMIT: usize = 512_000;

fn documented(url: &str) -> Value {
    but(
        product(),
        &json!({ "spec": { "documentation": { "openAPISpecURL": url } } }),
    )
}

/// A product whose document is at `url`.
async fn stage_with(url: &str) -> Stage {
    let stage = Stage::empty().await;
    stage.route(&fixtures::route()).await;
    stage.create(&documented(url)).await;
    stage
}

pub(crate) fn fetched(seen: &Value) -> bool {
    says(
        seen,
        "OpenAPISpecReady",
        "True",
        "SpecFetched",
        "OpenAPI spec was successfully fetched",
    )
}

#[tokio::test]
async fn s040_the_document_is_published_byte_for_byte() {
    let web = HttpServer::start().await;
    let body = "openapi: 3.1.0\ninfo:\n  title: \"Spiele-Händler\" # \u{1F3B2}\n\ttab\r\n";
    web.on(PATH, Answer::ok(body));
    let stage = stage_with(&web.url(PATH)).await;
    let seen = stage.soon(&product_at(), "has its document", fetched).await;
    let openapi = &seen["status"]["openapi"];
    assert_eq!(openapi["raw"], body);
    assert_eq!(openapi["maxSizeUsed"], LIMIT);
    assert!(
        openapi["lastSyncTime"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z')),
        "{openapi}"
    );
    assert_eq!(web.count(PATH), 1);
}

#[tokio::test]
async fn s041_without_a_url_there_is_no_document() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let absent = |seen: &Value| {
        seen["status"].get("openapi").is_none()
            && condition(seen, "OpenAPISpecReady").is_none()
            && has(seen, "Ready", "True", "HTTPRouteAccepted")
    };
    let stage = Stage::owned().await;
    stage.soon(&product_at(), "has no document", absent).await;
    let url = json!({ "spec": { "documentation": { "openAPISpecURL": web.url(PATH) } } });
    stage.patch(&product_at(), &url).await;
    stage.soon(&product_at(), "has its document", fetched).await;
    stage
        .patch(&product_at(), &json!({ "spec": { "documentation": null } }))
        .await;
    stage
        .soon(&product_at(), "has no document any more", absent)
        .await;
}

#[tokio::test]
async fn s042_events_do_not_fetch_again() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let stage = stage_with(&web.url(PATH)).await;
    let before = stage.soon(&product_at(), "has its document", fetched).await;
    for turn in 0..10 {
        let touch = json!({ "metadata": { "annotations": { "turn": turn.to_string() } } });
        stage.patch(&crate::stage::route_at(), &touch).await;
        stage.patch(&product_at(), &touch).await;
    }
    stage.is_at_rest(&product_at()).await;
    assert_eq!(web.count(PATH), 1);
    assert_eq!(
        stage.get(&product_at()).await["status"]["openapi"],
        before["status"]["openapi"]
    );
}

#[tokio::test]
async fn s043_any_edit_of_the_product_fetches_once() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let stage = stage_with(&web.url(PATH)).await;
    stage.soon(&product_at(), "has its document", fetched).await;
    web.on(PATH, Answer::ok("openapi: 3.1.1"));
    stage
        .patch(
            &product_at(),
            &json!({ "spec": { "displayName": "Another name" } }),
        )
        .await;
    stage
        .soon(&product_at(), "has the new document", |seen| {
            seen["status"]["openapi"]["raw"] == "openapi: 3.1.1"
        })
        .await;
    stage.is_at_rest(&product_at()).await;
    assert_eq!(web.count(PATH), 2);
}

#[tokio::test]
async fn s044_a_document_that_cannot_be_had_tells_why() {
    let web = HttpServer::start().await;
    for (url, cause) in [
        (refused_url(PATH).await, "It is tried again by itself"),
        ("http://no-such-host.invalid/openapi.yaml".to_owned(), ""),
        (
            web.url("/nothing-here"),
            "unexpected status code 404. It is tried again within half an hour",
        ),
    ] {
        let stage = stage_with(&url).await;
        let seen = stage
            .soon(&product_at(), "has no document", |seen| {
                has(seen, "OpenAPISpecReady", "False", "FetchFailed")
            })
            .await;
        let words = message(&seen, "OpenAPISpecReady");
        assert!(
            words.contains(&format!("failed to fetch OpenAPI spec from {url}")),
            "{words}"
        );
        assert!(words.contains(cause), "{words}");
        assert_eq!(seen["status"]["openapi"]["raw"], "");
        assert!(seen["status"]["openapi"]["lastSyncTime"].is_string());
        let neighbour = fixtures::named(product(), fixtures::OWNER_NAMESPACE, "neighbour");
        stage.create(&neighbour).await;
        let ready = |seen: &Value| has(seen, "Ready", "True", "HTTPRouteAccepted");
        stage
            .soon(&keydesk_testkit::Address::of(&neighbour), "is ready", ready)
            .await;
    }
}

#[tokio::test]
async fn s045_the_size_limit_is_exact() {
    let web = HttpServer::start().await;
    web.on("/exact", Answer::ok("x".repeat(LIMIT)));
    web.on("/above", Answer::ok("x".repeat(LIMIT + 1)));
    let stage = stage_with(&web.url("/exact")).await;
    let seen = stage.soon(&product_at(), "has its document", fetched).await;
    assert_eq!(
        seen["status"]["openapi"]["raw"].as_str().map(str::len),
        Some(LIMIT)
    );

    let url = json!({ "spec": { "documentation": { "openAPISpecURL": web.url("/above") } } });
    stage.patch(&product_at(), &url).await;
    let seen = stage
        .soon(&product_at(), "has too large a document", |seen| {
            has(seen, "OpenAPISpecReady", "False", "SpecSizeTooLarge")
        })
        .await;
    let words = message(&seen, "OpenAPISpecReady");
    assert!(
        words.starts_with("OpenAPI spec exceeds size limit (512000 bytes)"),
        "{words}"
    );
    assert_eq!(seen["status"]["openapi"]["raw"], "");
}

#[tokio::test]
async fn s046_another_size_limit_looks_at_every_document_again() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("x".repeat(2000)));
    web.on("/small.yaml", Answer::ok("x".repeat(1000)));
    let mut stage = stage_with(&web.url(PATH)).await;
    let small = fixtures::named(
        documented(&web.url("/small.yaml")),
        fixtures::OWNER_NAMESPACE,
        "small",
    );
    stage.create(&small).await;
    let small = keydesk_testkit::Address::of(&small);
    for product in [&product_at(), &small] {
        let seen = stage.soon(product, "has its document", fetched).await;
        assert_eq!(seen["status"]["openapi"]["maxSizeUsed"], LIMIT);
    }
    stage.stop().await;
    stage.start(Settings {
        openapi_spec_max_size: 1000,
        ..settings()
    });
    let seen = stage
        .soon(&product_at(), "has too large a document", |seen| {
            has(seen, "OpenAPISpecReady", "False", "SpecSizeTooLarge")
        })
        .await;
    assert_eq!(seen["status"]["openapi"]["maxSizeUsed"], 1000);
    let seen = stage
        .soon(&small, "is looked at again", |seen| {
            seen["status"]["openapi"]["maxSizeUsed"] == 1000
        })
        .await;
    assert!(fetched(&seen), "{seen:#}");
    assert_eq!(seen["status"]["openapi"]["raw"], "x".repeat(1000));
    stage.is_at_rest(&product_at()).await;
    stage.is_at_rest(&small).await;
    assert_eq!((web.count(PATH), web.count("/small.yaml")), (2, 2));
}

#[tokio::test]
async fn s045_a_document_that_no_object_can_hold_is_too_large() {
    let web = HttpServer::start().await;
    // Within the limit, but six times as long in JSON.
    web.on(PATH, Answer::ok("<".repeat(LIMIT)));
    let stage = stage_with(&web.url(PATH)).await;
    let seen = stage
        .soon(&product_at(), "has too large a document", |seen| {
            has(seen, "OpenAPISpecReady", "False", "SpecSizeTooLarge")
        })
        .await;
    let words = message(&seen, "OpenAPISpecReady");
    assert!(words.starts_with("OpenAPI spec exceeds size limit"), "{words}");
    assert_eq!(seen["status"]["openapi"]["raw"], "");
}

#[tokio::test]
async fn s045_a_document_for_which_its_product_has_no_room_is_too_large() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("x".repeat(1 << 20)));
    let stage = Stage::with(Settings {
        openapi_spec_max_size: 1 << 20,
        ..settings()
    })
    .await;
    stage.route(&fixtures::route()).await;
    // Together they are more than an API server takes.
    let long = json!({ "spec": { "description": "d".repeat(700_000) } });
    stage.create(&but(documented(&web.url(PATH)), &long)).await;
    let seen = stage
        .soon(&product_at(), "has too large a document", |seen| {
            has(seen, "OpenAPISpecReady", "False", "SpecSizeTooLarge")
        })
        .await;
    assert_eq!(seen["status"]["openapi"]["raw"], "");
    assert!(
        has(&seen, "Ready", "True", "HTTPRouteAccepted"),
        "the rest is written"
    );
    stage.is_at_rest(&product_at()).await;
    assert_eq!(web.count(PATH), 1);
}

#[tokio::test]
async fn s040_a_document_that_is_not_text_is_refused_with_a_reason() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok(b"openapi: \xff\xfe".to_vec()));
    let stage = stage_with(&web.url(PATH)).await;
    let seen = stage
        .soon(&product_at(), "has no document", |seen| {
            has(seen, "OpenAPISpecReady", "False", "ReadFailed")
        })
        .await;
    let words = message(&seen, "OpenAPISpecReady");
    assert!(words.contains("not UTF-8"), "{words}");
    assert_eq!(seen["status"]["openapi"]["raw"], "");
}

#[tokio::test]
async fn s042_a_restart_fetches_nothing_again() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let mut stage = stage_with(&web.url(PATH)).await;
    stage.soon(&product_at(), "has its document", fetched).await;
    stage.stop().await;
    stage.start(settings());
    stage.is_at_rest(&product_at()).await;
    assert_eq!(web.count(PATH), 1);
}

#[tokio::test]
async fn s047_an_edit_after_a_failure_fetches_again() {
    let web = HttpServer::start().await;
    let stage = stage_with(&web.url(PATH)).await;
    stage
        .soon(&product_at(), "has no document", |seen| {
            has(seen, "OpenAPISpecReady", "False", "FetchFailed")
        })
        .await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    stage
        .patch(&product_at(), &json!({ "spec": { "description": "edited" } }))
        .await;
    stage.soon(&product_at(), "has its document", fetched).await;
}

#[tokio::test]
async fn s048_a_passing_failure_heals_by_itself() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::status(503));
    let stage = stage_with(&web.url(PATH)).await;
    let seen = stage
        .soon(&product_at(), "has no document", |seen| {
            has(seen, "OpenAPISpecReady", "False", "FetchFailed")
        })
        .await;
    let words = message(&seen, "OpenAPISpecReady");
    assert!(words.contains("unexpected status code 503"), "{words}");
    assert!(!words.contains("will not retry"), "{words}");
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let patience = Patience {
        soon: Duration::from_secs(30),
        ..stage.admin.patience()
    };
    wait::soon(patience, "the product recovers without an edit", async || {
        let seen = stage.get(&product_at()).await;
        if fetched(&seen) {
            Ok(())
        } else {
            Err(wait::shown(&seen))
        }
    })
    .await;
}
