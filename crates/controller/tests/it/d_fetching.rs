//! D. Outward fetches go nowhere that an owner must not reach, and end whatever the other side does.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use keydesk_controller::Settings;
use keydesk_testkit::Address;
use keydesk_testkit::conditions::{condition, has};
use keydesk_testkit::fixtures::{self, OWNER_NAMESPACE, but, named, product};
use keydesk_testkit::http_server::{Answer, HttpServer};
use keydesk_testkit::wait::{self, Patience};
use serde_json::{Value, json};

use crate::stage::{Stage, product_at, settings};

fn documented(name: &str, url: &str) -> Value {
    let url = json!({ "spec": { "documentation": { "openAPISpecURL": url } } });
    named(but(product(), &url), OWNER_NAMESPACE, name)
}

/// Sees that the product's document was refused, and that nothing of the target got into its status. Says for what reason.
async fn refused(stage: &Stage, product: &Value, words: &str) -> String {
    let patience = Patience {
        soon: Duration::from_secs(20),
        ..stage.admin.patience()
    };
    let address = Address::of(product);
    let seen = wait::soon(patience, &format!("{address} has no document"), async || {
        let seen = stage.get(&address).await;
        let failed = condition(&seen, "OpenAPISpecReady").is_some_and(|found| found["status"] == "False");
        if failed { Ok(seen) } else { Err(wait::shown(&seen)) }
    })
    .await;
    assert_eq!(seen["status"]["openapi"]["raw"], "");
    assert!(!seen["status"].to_string().contains(words), "{seen:#}");
    let reason = condition(&seen, "OpenAPISpecReady").and_then(|found| found["reason"].as_str());
    reason.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn s049_addresses_that_are_not_the_owners_are_not_fetched() {
    let inside = HttpServer::start().await;
    inside.on("/healthz", Answer::ok("inside information"));
    let stage = Stage::with(Settings {
        fetch_allow: Vec::new(),
        ..settings()
    })
    .await;
    stage.route(&fixtures::route()).await;
    let port = inside.url("").rsplit(':').next().unwrap().to_owned();
    let urls = [
        inside.url("/healthz"),
        format!("http://localhost:{port}/healthz"),
        format!("http://[::ffff:127.0.0.1]:{port}/healthz"),
        format!("http://0.0.0.0:{port}/healthz"),
        format!("http://2130706433:{port}/healthz"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://example.com/".to_owned(),
        "not a url".to_owned(),
    ];
    for (index, url) in urls.iter().enumerate() {
        let product = documented(&format!("product-{index}"), url);
        stage.create(&product).await;
        let reason = refused(&stage, &product, "inside information").await;
        let expected = if url == "not a url" {
            "RequestCreationFailed"
        } else {
            "FetchFailed"
        };
        assert_eq!(reason, expected, "{url}");
    }
    assert_eq!(inside.total(), 0, "nobody called");
}

#[tokio::test]
async fn s049_redirects_are_checked_like_first_addresses() {
    let web = HttpServer::start().await;
    let port = web.url("").rsplit(':').next().unwrap().to_owned();
    web.on("/secret", Answer::ok("inside information"));
    // 127.0.0.2 is loopback too, and outside of what the settings of the tests allow.
    web.on(
        "/loopback",
        Answer::Redirect(format!("http://127.0.0.2:{port}/secret")),
    );
    web.on(
        "/metadata",
        Answer::Redirect("http://169.254.169.254/latest/meta-data/".to_owned()),
    );
    web.on("/file", Answer::Redirect("file:///etc/passwd".to_owned()));
    web.on("/round", Answer::Redirect(web.url("/round")));
    let stage = Stage::empty().await;
    stage.route(&fixtures::route()).await;
    for name in ["loopback", "metadata", "file", "round"] {
        let product = documented(name, &web.url(&format!("/{name}")));
        stage.create(&product).await;
        let reason = refused(&stage, &product, "inside information").await;
        assert_eq!(reason, "FetchFailed", "{name}");
    }
    assert_eq!(web.count("/secret"), 0, "the redirect was not followed");
    assert!(web.count("/round") <= 4, "{} requests", web.count("/round"));
}

#[tokio::test]
async fn s049_an_allowed_redirect_is_followed() {
    let web = HttpServer::start().await;
    web.on("/here", Answer::Redirect(web.url("/there")));
    web.on("/there", Answer::ok("openapi: 3.1.0"));
    let stage = Stage::empty().await;
    stage.route(&fixtures::route()).await;
    stage
        .create(&documented("gamestore-api", &web.url("/here")))
        .await;
    stage
        .soon(&product_at(), "has its document", |seen| {
            seen["status"]["openapi"]["raw"] == "openapi: 3.1.0"
        })
        .await;
}

#[tokio::test]
async fn s050_a_body_without_end_ends_and_holds_up_nobody() {
    let web = HttpServer::start().await;
    web.on("/endless", Answer::Endless);
    web.on("/drip", Answer::Drip(Duration::from_millis(200)));
    web.on("/bomb", Answer::Gzip(bomb()));
    let stage = Stage::empty().await;
    stage.route(&fixtures::route()).await;
    let products = ["endless", "drip", "bomb"].map(|name| documented(name, &web.url(&format!("/{name}"))));
    for product in &products {
        stage.create(product).await;
    }
    let neighbour = named(product(), OWNER_NAMESPACE, "neighbour");
    stage.create(&neighbour).await;
    stage
        .soon(&Address::of(&neighbour), "is ready meanwhile", |seen| {
            has(seen, "Ready", "True", "HTTPRouteAccepted")
        })
        .await;
    for product in &products {
        refused(&stage, product, "xxxx").await;
    }
}

/// 64 MiB of one letter, compressed.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..64 {
        encoder.write_all(&vec![b'x'; 1024 * 1024]).unwrap();
    }
    encoder.finish().unwrap()
}
