//! C. Identity providers that are down, come back, move, or never end.

use std::time::{Duration, Instant};

use keydesk_controller::Settings;
use keydesk_testkit::conditions::has;
use keydesk_testkit::fixtures::{self, but, named, policy_status, product};
use keydesk_testkit::http_server::{Answer, HttpServer};
use keydesk_testkit::{Address, wait};
use serde_json::json;

use crate::c_oidc::{DOCUMENT, REALM, discovered, document, policy_with, stage_discovered, stage_with};
use crate::stage::{Stage, auth_policy_at, product_at, settings};

#[tokio::test]
async fn s035_s036_an_issuer_that_is_down_is_asked_by_backoff_and_not_by_events() {
    let idp = HttpServer::start().await;
    let issuer = idp.url(REALM);
    idp.on(DOCUMENT, Answer::status(503));
    let stage = stage_with(&issuer).await;
    stage
        .soon(&product_at(), "has not discovered its issuer", |seen| {
            has(seen, "OIDCDiscovered", "False", "DiscoveryFailed")
        })
        .await;
    for turn in 0..100 {
        let touch = json!({ "metadata": { "annotations": { "turn": turn.to_string() } } });
        stage.patch(&auth_policy_at(), &touch).await;
    }
    stage
        .stays(&product_at(), "waits", |seen| {
            has(seen, "OIDCDiscovered", "False", "DiscoveryFailed")
        })
        .await;
    assert!(
        idp.count(DOCUMENT) < 10,
        "{} requests for 100 events",
        idp.count(DOCUMENT)
    );

    idp.on(DOCUMENT, document(&issuer, "https://idp.example.com/token"));
    let seen = wait::soon(
        wait::Patience {
            soon: Duration::from_secs(30),
            ..stage.admin.patience()
        },
        "the product recovers without any event",
        async || {
            let seen = stage.get(&product_at()).await;
            if discovered(&issuer)(&seen) {
                Ok(seen)
            } else {
                Err(wait::shown(&seen))
            }
        },
    )
    .await;
    assert_eq!(
        seen["status"]["oidcDiscovery"]["tokenEndpoint"],
        "https://idp.example.com/token"
    );
}

/// Lets the policy lose its effect and get it back.
async fn flap(stage: &Stage) {
    for (enforced, reason) in [(false, "AuthPolicyNotReady"), (true, "Found")] {
        stage
            .patch_status(&auth_policy_at(), &policy_status(true, enforced))
            .await;
        stage
            .soon(&product_at(), "has seen its policy", |seen| {
                has(
                    seen,
                    "AuthPolicyDiscovered",
                    if enforced { "True" } else { "False" },
                    reason,
                )
            })
            .await;
    }
}

#[tokio::test]
async fn s036_a_policy_that_comes_and_goes_does_not_ask_an_issuer_more_often() {
    let idp = HttpServer::start().await;
    let issuer = idp.url(REALM);
    idp.on(DOCUMENT, Answer::status(503));
    let stage = stage_with(&issuer).await;
    for _ in 0..20 {
        flap(&stage).await;
    }
    assert!(
        idp.count(DOCUMENT) < 10,
        "{} requests for 20 turns",
        idp.count(DOCUMENT)
    );
}

#[tokio::test]
async fn s033_what_was_discovered_is_not_asked_again_when_the_policy_is_back() {
    let (idp, issuer, stage) = stage_discovered().await;
    idp.on(DOCUMENT, Answer::status(503));
    for _ in 0..5 {
        flap(&stage).await;
    }
    let seen = stage
        .soon(&product_at(), "has its issuer again", discovered(&issuer))
        .await;
    assert_eq!(
        seen["status"]["oidcDiscovery"]["tokenEndpoint"],
        "https://idp.example.com/token"
    );
    assert_eq!(idp.count(DOCUMENT), 1);
}

#[tokio::test]
async fn s039_an_issuer_that_never_ends_fails_in_time_and_holds_up_nobody() {
    let idp = HttpServer::start().await;
    let healthy = idp.url(REALM);
    idp.on(DOCUMENT, document(&healthy, "https://idp.example.com/token"));
    let stage = Stage::empty().await;
    let start = Instant::now();
    let mut hostile = Vec::new();
    for (name, answer) in [
        ("silent", Answer::Never),
        ("endless", Answer::Endless),
        ("drip", Answer::Drip(Duration::from_millis(200))),
    ] {
        idp.on(&format!("/{name}/.well-known/openid-configuration"), answer);
        hostile.push(owned(&stage, name, &idp.url(&format!("/{name}"))).await);
    }
    let neighbour = owned(&stage, "neighbour", &healthy).await;
    stage
        .soon(&neighbour, "is ready meanwhile", |seen| {
            has(seen, "Ready", "True", "HTTPRouteAccepted") && discovered(&healthy)(seen)
        })
        .await;
    let patience = wait::Patience {
        soon: Duration::from_secs(20),
        ..stage.admin.patience()
    };
    for product in &hostile {
        wait::soon(patience, "discovery gives up", async || {
            let seen = stage.get(product).await;
            if has(&seen, "OIDCDiscovered", "False", "DiscoveryFailed") {
                Ok(())
            } else {
                Err(wait::shown(&seen))
            }
        })
        .await;
    }
    // The deadline is 10 seconds; the rest is for a machine that does other things beside.
    assert!(start.elapsed() < Duration::from_secs(18), "{:?}", start.elapsed());
}

/// A product on a route of its own, whose policy names `issuer`.
async fn owned(stage: &Stage, name: &str, issuer: &str) -> Address {
    let target = json!({ "spec": { "targetRef": { "name": name } } });
    let of_its_own = |object| named(object, fixtures::OWNER_NAMESPACE, name);
    stage.route(&of_its_own(fixtures::route())).await;
    stage.policy(&but(of_its_own(policy_with(issuer)), &target)).await;
    let product = but(of_its_own(product()), &target);
    stage.create(&product).await;
    Address::of(&product)
}

#[tokio::test]
async fn s035_an_endpoint_that_moves_is_noticed_and_outlives_an_issuer_that_is_down() {
    let idp = HttpServer::start().await;
    let issuer = idp.url(REALM);
    idp.on(DOCUMENT, document(&issuer, "https://idp.example.com/token"));
    let stage = Stage::with(Settings {
        fetch_refresh: Duration::from_secs(1),
        ..settings()
    })
    .await;
    stage.route(&fixtures::route()).await;
    stage.policy(&policy_with(&issuer)).await;
    stage.create(&product()).await;
    stage
        .soon(&product_at(), "has discovered its issuer", discovered(&issuer))
        .await;
    idp.on(DOCUMENT, Answer::status(503));
    let seen = stage
        .soon(&product_at(), "is told to be stale", |seen| {
            has(seen, "OIDCDiscovered", "True", "DiscoveryStale")
        })
        .await;
    assert_eq!(
        seen["status"]["oidcDiscovery"]["tokenEndpoint"],
        "https://idp.example.com/token"
    );
    idp.on(DOCUMENT, document(&issuer, "https://idp.example.com/moved"));
    let seen = stage
        .soon(&product_at(), "has the new endpoint", |seen| {
            discovered(&issuer)(seen)
                && seen["status"]["oidcDiscovery"]["tokenEndpoint"] == "https://idp.example.com/moved"
        })
        .await;
    let version = &seen["metadata"]["resourceVersion"];
    let before = idp.count(DOCUMENT);
    let later = stage
        .soon(&product_at(), "is refreshed", |_| {
            idp.count(DOCUMENT) >= before + 3
        })
        .await;
    assert_eq!(
        &later["metadata"]["resourceVersion"], version,
        "the same again is not written"
    );
}
