//! I. Keys that end at an instant.

use keydesk_testkit::conditions::{is, lifecycle, message};
use keydesk_testkit::fixtures::{approval, but, denial, key, now_plus};
use serde_json::{Value, json};

use crate::stage::{Stage, enforcement_at, key_at, request_at, settings};

fn until(instant: &str) -> Value {
    json!({ "spec": { "expiresAt": instant } })
}

#[tokio::test]
async fn s105_an_approved_key_expires_at_its_instant() {
    let stage = Stage::approved().await;
    let end = now_plus(3);
    stage.patch(&key_at(), &until(&end)).await;
    stage
        .soon(&request_at(), "shows the end", |seen| {
            seen["spec"]["expiresAt"] == end
        })
        .await;
    let seen = stage.key_is("Expired").await;
    let late = jiff::Timestamp::now().as_second() - end.parse::<jiff::Timestamp>().unwrap().as_second();
    assert!((0..=2).contains(&late), "seen {late} s after its instant");
    assert_eq!(message(&seen, "Expired"), format!("API key expired at {end}"));
    assert_eq!(lifecycle(&seen), ["Expired"]);
    assert_eq!(
        keydesk_testkit::conditions::condition(&seen, "Expired").unwrap()["reason"],
        "KeyExpired"
    );
    stage.admin.soon_gone(&enforcement_at()).await;
    stage
        .soon(&request_at(), "mirrors the end", |seen| is(seen, "Expired"))
        .await;
}

#[tokio::test]
async fn s106_a_key_past_its_end_is_never_enforced() {
    let stage = Stage::ready().await;
    stage.create(&but(key(), &until(&now_plus(-60)))).await;
    stage.key_is("Pending").await;
    stage.create(&approval()).await;
    stage.key_is("Expired").await;
    stage.admin.stays_gone(&enforcement_at()).await;
}

#[tokio::test]
async fn s106_a_key_before_its_end_is_approved() {
    let stage = Stage::ready().await;
    stage.create(&but(key(), &until(&now_plus(3600)))).await;
    stage.create(&approval()).await;
    stage.key_is("Approved").await;
    stage
        .stays(&key_at(), "is approved", |seen| lifecycle(seen) == ["Approved"])
        .await;
}

#[tokio::test]
async fn s107_keys_that_were_not_approved_do_not_expire() {
    let stage = Stage::ready().await;
    stage.create(&but(key(), &until(&now_plus(-60)))).await;
    stage.key_is("Pending").await;
    stage
        .stays(&key_at(), "is pending", |seen| is(seen, "Pending"))
        .await;
    stage.create(&denial("No")).await;
    stage.key_is("Denied").await;
    stage
        .stays(&key_at(), "is denied", |seen| is(seen, "Denied"))
        .await;
}

#[tokio::test]
async fn s108_the_enforcement_secret_tells_the_end() {
    const ANNOTATION: &str = "secret.kuadrant.io/expires-at";
    let stage = Stage::ready().await;
    let end = now_plus(3600);
    stage.create(&but(key(), &until(&end))).await;
    stage.create(&approval()).await;
    stage
        .soon(&enforcement_at(), "tells its end", |seen| {
            seen["metadata"]["annotations"][ANNOTATION] == end
        })
        .await;
}

#[tokio::test]
async fn s108_the_enforcement_secret_of_a_key_without_end_tells_none() {
    let stage = Stage::approved().await;
    let annotations = stage.get(&enforcement_at()).await["metadata"]["annotations"].clone();
    assert_eq!(annotations.get("secret.kuadrant.io/expires-at"), None);
}

#[tokio::test]
async fn s109_a_key_expires_while_the_controller_is_away() {
    let mut stage = Stage::approved().await;
    let end = now_plus(2);
    stage.patch(&key_at(), &until(&end)).await;
    stage
        .soon(&request_at(), "shows the end", |seen| {
            seen["spec"]["expiresAt"] == end
        })
        .await;
    stage.stop().await;
    let instant: jiff::Timestamp = end.parse().unwrap();
    while jiff::Timestamp::now() < instant {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(
        is(&stage.get(&key_at()).await, "Approved"),
        "nobody was there to notice"
    );
    stage.start(settings());
    stage.key_is("Expired").await;
    stage.admin.soon_gone(&enforcement_at()).await;
}
