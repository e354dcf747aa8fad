//! Check 21: a value that is being rotated out is its key's as well, until its own end. No controller runs: the test
//! writes both enforcement secrets, and nobody deletes the second one.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use keydesk_api::meta::{annotation, previous_secret_name, successor_secret_name};
use keydesk_testkit::fixtures::but;
use keydesk_testkit::hidden::base64;
use serde_json::{Value, json};

use crate::ask::{Call, WAYS, Way};
use crate::key::Key;
use crate::objects::gold;
use crate::running::Running;
use crate::stage::Stage;

const OLD: &str = "old-value-of-ada-0123456789abcdef";

/// The enforcement secret of the value before, until this moment.
fn previous(key: &Key, until: &str) -> Value {
    let first = key.enforcement();
    let name = previous_secret_name(first["metadata"]["name"].as_str().unwrap());
    let annotations = json!({ annotation::PREVIOUS_UNTIL: until, annotation::EXPIRES_AT: until });
    but(
        first,
        &json!({
            "metadata": { "name": name, "annotations": annotations },
            "data": { "api_key": base64(OLD.as_bytes()) },
        }),
    )
}

/// So many whole seconds from now.
fn ahead(seconds: i64) -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second() + seconds).unwrap()
}

/// A key with a new value and one that is being rotated out.
async fn rotating(key: &Key, until: &str, daily: u32) -> (Stage, Running) {
    let stage = Stage::with_plans(&gold(&json!({ "daily": daily }))).await;
    stage.grant(key).await;
    stage.create(&previous(key, until)).await;
    let gate = stage.gate().await;
    (stage, gate)
}

fn calls(key: &Key) -> [Call; 2] {
    [Call::with(key), Call::get("/api/games").presenting(OLD)]
}

#[tokio::test]
async fn c21_both_values_pass_as_one_key_and_share_one_counter() {
    let key = Key::new("ada");
    let (_stage, gate) = rotating(&key, &ahead(600).to_string(), 5).await;
    let [new, old] = calls(&key);
    let mut ids = Vec::new();
    for (call, left) in [(&new, "4"), (&old, "3"), (&new, "2"), (&old, "1")] {
        let said = gate.ask(call).await;
        assert_eq!(
            (said.status, said.header("x-ratelimit-remaining")),
            (200, Some(left))
        );
        assert_eq!(said.header("x-consumer"), Some("consumer-app/user-ada"));
        ids.push(said.header("x-key-id").unwrap().to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(gate.statuses(&old, 2).await, [200, 429]);
    for way in WAYS {
        assert_ne!(
            gate.asking.ask(way, &new).await.status,
            200,
            "{way:?}: used up by the other"
        );
    }
}

#[tokio::test]
async fn c21_the_old_value_ends_to_the_second_and_the_new_one_goes_on() {
    let key = Key::new("ada");
    let end = ahead(4);
    let (_stage, gate) = rotating(&key, &end.to_string(), 1_000_000).await;
    let [new, old] = calls(&key);
    assert_eq!(gate.asking.ask(Way::Grpc, &old).await.status, 200);
    loop {
        let asked_at = Timestamp::now();
        let said = gate.ask(&old).await;
        match said.status {
            200 => assert!(asked_at < end, "asked {asked_at}, passed after the end"),
            status => {
                assert!(Timestamp::now() >= end, "refused before the end");
                assert_eq!((status, said.why().as_str()), (401, "key_expired"));
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for way in WAYS {
        assert_eq!(gate.asking.ask(way, &old).await.status, 401, "{way:?}");
        assert_eq!(gate.asking.ask(way, &new).await.status, 200, "{way:?}");
    }
}

#[tokio::test]
async fn c21_a_denial_stops_both_at_once() {
    let key = Key::new("ada");
    let (stage, gate) = rotating(&key, &ahead(600).to_string(), 1_000_000).await;
    let [new, old] = calls(&key);
    for call in [&new, &old] {
        assert_eq!(gate.status(call).await, 200);
    }
    let denied = json!({ "spec": { "approved": false, "reason": "Denied" } });
    stage.patch(&key.decision(true), &denied).await;
    let begin = Instant::now();
    for call in [&new, &old] {
        gate.soon_answers(call, 401).await;
        assert_eq!(gate.verdict(call).await, (401, "invalid_key".to_owned()));
    }
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn c21_an_end_that_nobody_can_read_has_passed() {
    let key = Key::new("ada");
    let (stage, gate) = rotating(&key, "tomorrow", 1_000_000).await;
    let [new, old] = calls(&key);
    assert_eq!((gate.status(&old).await, gate.status(&new).await), (401, 200));
    let at = |until: Value| json!({ "metadata": { "annotations": { annotation::PREVIOUS_UNTIL: until } } });
    let secret = previous(&key, "");
    stage.patch(&secret, &at(json!(ahead(600).to_string()))).await;
    gate.soon_answers(&old, 200).await;
    stage.patch(&secret, &at(Value::Null)).await;
    gate.soon_answers(&old, 401).await;
    assert_eq!(gate.status(&new).await, 200);
}

#[tokio::test]
async fn a_secret_that_takes_the_place_of_the_first_opens_as_that_did() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key);
    assert_eq!(gate.status(&call).await, 200);
    let first = key.enforcement();
    let name = successor_secret_name(first["metadata"]["name"].as_str().unwrap(), "uid");
    stage
        .create(&but(first.clone(), &json!({ "metadata": { "name": name } })))
        .await;
    stage.delete(&first).await;
    let said = gate.ask(&call).await;
    assert_eq!(
        (said.status, said.header("x-ratelimit-remaining")),
        (200, Some("3"))
    );
    stage.delete(&key.object()).await;
    gate.soon_answers(&call, 401).await;
}
