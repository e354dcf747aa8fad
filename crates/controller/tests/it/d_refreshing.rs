//! D. A document is looked at again at intervals.

use std::time::Duration;

use keydesk_controller::Settings;
use keydesk_testkit::conditions::{has, message};
use keydesk_testkit::fixtures::{self, but, product};
use keydesk_testkit::http_server::{Answer, HttpServer};
use serde_json::{Value, json};

use crate::d_openapi::fetched;
use crate::stage::{Stage, product_at, settings};

const PATH: &str = "/openapi.yaml";

fn every(fetch_refresh: Duration) -> Settings {
    Settings {
        fetch_refresh,
        ..settings()
    }
}

/// A product with a document that is looked at again every second.
async fn stage_with(web: &HttpServer) -> Stage {
    let stage = Stage::with(every(Duration::from_secs(1))).await;
    stage.route(&fixtures::route()).await;
    let url = json!({ "spec": { "documentation": { "openAPISpecURL": web.url(PATH) } } });
    stage.create(&but(product(), &url)).await;
    stage.soon(&product_at(), "has its document", fetched).await;
    stage
}

fn raw(seen: &Value) -> &Value {
    &seen["status"]["openapi"]["raw"]
}

/// Sees that the document is asked for again, several times, and the product not written to.
async fn rests_while_it_is_refreshed(stage: &Stage, web: &HttpServer) {
    let version = stage.get(&product_at()).await["metadata"]["resourceVersion"].clone();
    let before = web.count(PATH);
    let later = stage
        .soon(&product_at(), "is refreshed", |_| web.count(PATH) >= before + 3)
        .await;
    assert_eq!(
        later["metadata"]["resourceVersion"], version,
        "nothing is written"
    );
}

#[tokio::test]
async fn s051_a_document_that_changed_is_shown_after_the_interval() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let stage = stage_with(&web).await;
    let before = stage.get(&product_at()).await;
    web.on(PATH, Answer::ok("openapi: 3.1.1"));
    let after = stage
        .soon(&product_at(), "has the new document", |seen| {
            raw(seen) == "openapi: 3.1.1"
        })
        .await;
    assert!(fetched(&after), "{after:#}");
    let time = |seen: &Value| {
        seen["status"]["openapi"]["lastSyncTime"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(time(&after) > time(&before), "{} {}", time(&before), time(&after));
    assert_eq!(after["metadata"]["generation"], before["metadata"]["generation"]);
}

#[tokio::test]
async fn s051_a_failed_refresh_keeps_the_document_and_says_so() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let stage = stage_with(&web).await;
    for (answer, cause) in [
        (Answer::status(503), "unexpected status code 503"),
        (Answer::status(404), "unexpected status code 404"),
    ] {
        web.on(PATH, answer);
        let seen = stage
            .soon(&product_at(), "is told to be stale", |seen| {
                has(seen, "OpenAPISpecReady", "True", "SpecStale")
                    && message(seen, "OpenAPISpecReady").contains(cause)
            })
            .await;
        assert_eq!(raw(&seen), "openapi: 3.1.0");
        if cause.ends_with("503") {
            web.on(PATH, Answer::ok("openapi: 3.1.0"));
            let seen = stage.soon(&product_at(), "is fresh again", fetched).await;
            assert_eq!(raw(&seen), "openapi: 3.1.0");
        }
    }
}

#[tokio::test]
async fn s051_a_stale_document_recovers_after_a_restart() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let mut stage = stage_with(&web).await;
    web.on(PATH, Answer::status(503));
    let before = stage
        .soon(&product_at(), "is told to be stale", |seen| {
            has(seen, "OpenAPISpecReady", "True", "SpecStale")
        })
        .await;
    stage.stop().await;
    // A long interval: what is stale does not wait for it.
    stage.start(every(Duration::from_hours(1)));
    stage.is_at_rest(&product_at()).await;
    assert_eq!(raw(&stage.get(&product_at()).await), "openapi: 3.1.0");
    web.on(PATH, Answer::ok("openapi: 3.1.1"));
    let seen = stage.soon(&product_at(), "is fresh again", fetched).await;
    assert_eq!(raw(&seen), "openapi: 3.1.1");
    assert_ne!(
        seen["metadata"]["resourceVersion"],
        before["metadata"]["resourceVersion"]
    );
}

#[tokio::test]
async fn s051_what_the_server_confirms_is_not_written() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::Tagged("\"one\"", b"openapi: 3.1.0".to_vec()));
    let stage = stage_with(&web).await;
    rests_while_it_is_refreshed(&stage, &web).await;
    let asked = web.headers(PATH).unwrap();
    assert_eq!(asked["if-none-match"], "\"one\"");
    web.on(PATH, Answer::Tagged("\"two\"", b"openapi: 3.1.1".to_vec()));
    stage
        .soon(&product_at(), "has the new document", |seen| {
            raw(seen) == "openapi: 3.1.1"
        })
        .await;
}

#[tokio::test]
async fn s051_the_same_document_from_a_server_without_validators_is_not_written() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let mut stage = stage_with(&web).await;
    rests_while_it_is_refreshed(&stage, &web).await;
    stage.stop().await;
    stage.start(every(Duration::from_secs(1)));
    rests_while_it_is_refreshed(&stage, &web).await;
}

#[tokio::test]
async fn s051_without_an_interval_nothing_is_looked_at_again() {
    let web = HttpServer::start().await;
    web.on(PATH, Answer::ok("openapi: 3.1.0"));
    let mut stage = stage_with(&web).await;
    stage.stop().await;
    stage.start(every(Duration::ZERO));
    stage.is_at_rest(&product_at()).await;
    let before = web.count(PATH);
    web.on(PATH, Answer::ok("openapi: 3.1.1"));
    stage
        .stays(&product_at(), "stays as it is", |seen| {
            raw(seen) == "openapi: 3.1.0"
        })
        .await;
    assert_eq!(web.count(PATH), before);
}
