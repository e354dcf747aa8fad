//! Limits, tiers and ends that change while calls come in.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use keydesk_testkit::fixtures::now_plus;
use keydesk_testkit::wait::next_second;
use serde_json::json;

use crate::ask::{Call, Way};
use crate::key::Key;
use crate::objects::{gold, plan};
use crate::stage::Stage;

#[tokio::test]
async fn c20_other_limits_hold_at_once_and_what_was_used_stays_used() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key);
    assert_eq!(gate.statuses(&call, 4).await, [200; 4]);
    let begin = Instant::now();
    let limits = json!({ "daily": 10, "custom": [{ "limit": 3, "window": "1h" }] });
    stage.replan(&gold(&limits)).await;
    let said = gate
        .soon(&key, "ten a day", |said| {
            said.problem()["limits"][1]["limit"] == 10
        })
        .await;
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    let limits = &said.problem()["limits"];
    // A window of another length begins when it is first counted by.
    assert_eq!(
        (&limits[0]["window"], &limits[0]["remaining"]),
        (&json!("1h"), &json!(3))
    );
    assert_eq!(
        (&limits[1]["window"], &limits[1]["remaining"]),
        (&json!("24h"), &json!(6))
    );
    assert_eq!(gate.statuses(&call, 4).await, [200, 200, 200, 429]);
}

#[tokio::test]
async fn c20_a_new_tier_counts_from_its_approval_with_what_was_used_before() {
    let stage = Stage::with_plans(&json!([
        plan("gold", &json!({ "daily": 5 })),
        plan("free", &json!({ "daily": 2 }))
    ]))
    .await;
    let key = Key::new("ada").tier("free");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key);
    assert_eq!(gate.statuses(&call, 3).await, [200, 200, 429]);
    let better = key.clone().tier("gold");
    stage
        .patch(&key.object(), &json!({ "spec": { "planTier": "gold" } }))
        .await;
    let mut decision = better.approval_for("gold");
    decision["metadata"]["name"] = json!("better");
    decision["spec"]["reviewedAt"] = json!(now_plus(1));
    assert_eq!(gate.status(&call).await, 429, "nobody has approved gold");
    next_second().await;
    stage.create(&decision).await;
    gate.soon(&key, "is gold", |said| said.problem()["plan"] == "gold")
        .await;
    assert_eq!(gate.statuses(&call, 4).await, [200, 200, 200, 429]);
}

#[tokio::test]
async fn c20_a_key_ends_to_the_second_although_no_controller_runs() {
    let stage = Stage::with_plans(&gold(&json!({ "daily": 100_000 }))).await;
    let end = Timestamp::from_second(Timestamp::now().as_second() + 3).unwrap();
    let key = Key::new("ada").until(&end.to_string());
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key);
    let said = gate.ask(&call).await;
    assert_eq!(said.header("x-api-key-expires-at"), Some(&*end.to_string()));
    let mut last = None;
    loop {
        let before = Timestamp::now();
        let said = gate.asking.ask(Way::Grpc, &call).await;
        if said.status == 200 {
            last = Some(before);
            continue;
        }
        assert_eq!((said.status, said.why().as_str()), (401, "key_expired"));
        assert!(Timestamp::now() >= end, "not before its end");
        break;
    }
    assert!(last.unwrap() < end, "and not after it");
    assert_eq!(gate.about(&key).await.why(), "key_expired");
}
