//! What a plan allows, used up and given back.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use keydesk_gate::Verdict;
use keydesk_quota::Scope;
use serde_json::json;

use crate::ask::{Call, HOST, WAYS, Way};
use crate::key::Key;
use crate::objects::{gold, plan};
use crate::running::Setup;
use crate::stage::Stage;

#[tokio::test]
async fn c10_five_a_day_are_five_and_refused_calls_are_not_counted() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key);
    for left in [4, 3, 2, 1, 0] {
        let said = gate.ask(&call).await;
        assert_eq!(said.status, 200);
        assert_eq!(said.header("x-ratelimit-remaining"), Some(&*left.to_string()));
    }
    for way in WAYS {
        let said = gate.asking.ask(way, &call).await;
        let status = if way == Way::Nginx { 403 } else { 429 };
        assert_eq!(
            (said.status, said.why().as_str()),
            (status, "limit_reached"),
            "{way:?}"
        );
        assert_eq!(said.header("x-ratelimit-limit"), Some("5, 5;w=86400"));
        assert_eq!(said.header("x-ratelimit-remaining"), Some("0"));
        assert_eq!(said.header("ratelimit-policy"), Some("\"24h\";q=5;w=86400"));
        let wait: u64 = said.header("retry-after").unwrap().parse().unwrap();
        assert!((86_390..=86_400).contains(&wait), "{wait}");
        let left = said.header("ratelimit").unwrap();
        assert_eq!(left, format!("\"24h\";r=0;t={wait}"));
    }
    // Room for one more is room for one more, however many were refused.
    stage.replan(&gold(&json!({ "daily": 6 }))).await;
    let more = |said: &crate::ask::Said| said.problem()["limits"][0]["limit"] == 6;
    let said = gate.soon(&key, "six a day", more).await;
    assert_eq!(said.problem()["limits"][0]["remaining"], 1);
    assert_eq!(gate.statuses(&call, 2).await, [200, 429]);
}

#[tokio::test]
async fn c10_a_limit_of_zero_lets_nobody_pass() {
    let stage = Stage::with_plans(&gold(&json!({ "daily": 0 }))).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(gate.status(&Call::with(&key)).await, 429);
}

#[tokio::test]
async fn c11_every_key_has_its_own_limits() {
    let stage = Stage::open().await;
    let (one, two) = (Key::new("ada"), Key::new("bea"));
    stage.grant(&one).await;
    stage.grant(&two).await;
    let gate = stage.gate().await;
    assert_eq!(
        gate.statuses(&Call::with(&one), 6).await,
        [200, 200, 200, 200, 200, 429]
    );
    assert_eq!(
        gate.statuses(&Call::with(&two), 6).await,
        [200, 200, 200, 200, 200, 429]
    );
}

#[tokio::test]
async fn c11_keys_of_one_consumer_share_limits_where_the_scope_is_the_consumer() {
    let stage = Stage::open().await;
    let [one, two] = ["one", "two"].map(|name| Key::new(name).user("ada"));
    let other = Key::new("three").user("bea");
    for key in [&one, &two, &other] {
        stage.grant(key).await;
    }
    let setup = Setup {
        limit_scope: Scope::Consumer,
        ..Setup::default()
    };
    let gate = stage.gate_with(setup).await;
    assert_eq!(gate.statuses(&Call::with(&one), 3).await, [200; 3]);
    assert_eq!(gate.statuses(&Call::with(&two), 3).await, [200, 200, 429]);
    assert_eq!(gate.statuses(&Call::with(&other), 5).await, [200; 5]);
}

#[tokio::test]
async fn c11_a_tier_shares_limits_where_the_scope_is_the_tier() {
    let stage = Stage::open().await;
    let (one, two) = (Key::new("ada"), Key::new("bea"));
    let free = Key::new("cyd").tier("free");
    for key in [&one, &two, &free] {
        stage.grant(key).await;
    }
    let setup = Setup {
        limit_scope: Scope::Tier,
        ..Setup::default()
    };
    let gate = stage.gate_with(setup).await;
    assert_eq!(gate.statuses(&Call::with(&one), 3).await, [200; 3]);
    assert_eq!(gate.statuses(&Call::with(&two), 3).await, [200, 200, 429]);
    assert_eq!(gate.statuses(&Call::with(&free), 2).await, [200, 429]);
}

#[tokio::test]
async fn c13_a_call_that_one_window_refuses_leaves_the_other_as_it_was() {
    let limits = json!({ "daily": 4, "custom": [{ "limit": 2, "window": "2s" }] });
    let stage = Stage::with_plans(&gold(&limits)).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key);
    assert_eq!(gate.statuses(&call, 5).await, [200, 200, 429, 429, 429]);
    let said = gate.ask(&call).await;
    assert_eq!(
        said.header("ratelimit-policy"),
        Some("\"2s\";q=2;w=2, \"24h\";q=4;w=86400")
    );
    assert!(
        said.header("ratelimit").unwrap().contains("\"24h\";r=2;"),
        "{said:?}"
    );
    let wait: u64 = said.header("retry-after").unwrap().parse().unwrap();
    assert!(
        (1..=2).contains(&wait),
        "the short window is the one to wait for: {wait}"
    );
    tokio::time::sleep(Duration::from_secs(wait)).await;
    assert_eq!(gate.statuses(&call, 3).await, [200, 200, 429]);
    let wait: u64 = gate
        .ask(&call)
        .await
        .header("retry-after")
        .unwrap()
        .parse()
        .unwrap();
    assert!(wait > 80_000, "now the day is used up: {wait}");
}

#[tokio::test]
async fn c15_a_window_that_ends_under_load_gives_its_limit_once() {
    const LIMIT: usize = 10;
    let limits = json!({ "custom": [{ "limit": LIMIT, "window": "1s" }] });
    let stage = Stage::with_plans(&gold(&limits)).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let begin = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..4 {
        let (asking, call) = (gate.asking.clone(), Call::with(&key));
        clients.spawn(async move {
            let way = if client % 2 == 0 {
                Way::Grpc
            } else {
                Way::ForwardAuth
            };
            let mut admitted = 0;
            while begin.elapsed() < Duration::from_millis(3_400) {
                admitted += usize::from(asking.ask(way, &call).await.status == 200);
            }
            admitted
        });
    }
    let admitted: usize = clients.join_all().await.into_iter().sum();
    // A window begins with the first call after the one before it: four, if somebody asks at once each time.
    let most = LIMIT * usize::try_from(begin.elapsed().as_secs() + 1).unwrap();
    assert!(
        (3 * LIMIT..=most).contains(&admitted),
        "{admitted} of at most {most}"
    );
}

#[tokio::test]
async fn c15_a_clock_that_is_set_back_gives_no_more() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(gate.statuses(&Call::with(&key), 3).await, [200; 3]);
    let now = Timestamp::now();
    let headers = HashMap::from([("authorization".to_owned(), format!("APIKEY {}", key.value))]);
    let call = keydesk_gate::Call {
        scheme: "http",
        host: HOST,
        method: "GET",
        target: "/api/games",
        headers: &headers,
    };
    let mut admitted = Vec::new();
    for hours in [1, 2, 1, 0] {
        let then = now - Duration::from_hours(hours);
        let verdict = gate.gate.decide(&call, keydesk_gate::Way::Grpc, then).await;
        admitted.push(matches!(verdict, Verdict::Admitted(_)));
    }
    assert_eq!(admitted, [true, true, false, false]);
}

#[tokio::test]
async fn c17_a_gate_that_starts_again_goes_on_counting_where_it_was() {
    let stage = Stage::open().await;
    let (one, two) = (Key::new("ada"), Key::new("bea"));
    stage.grant(&one).await;
    stage.grant(&two).await;
    let kept = tempfile::tempdir().unwrap();
    let setup = || Setup {
        directory: Some(kept.path().to_owned()),
        ..Setup::default()
    };
    let gate = stage.gate_with(setup()).await;
    assert_eq!(gate.statuses(&Call::with(&one), 3).await, [200; 3]);
    assert_eq!(
        gate.statuses(&Call::with(&two), 6).await,
        [200, 200, 200, 200, 200, 429]
    );
    gate.stop().await;
    let gate = stage.gate_with(setup()).await;
    assert_eq!(gate.statuses(&Call::with(&one), 3).await, [200, 200, 429]);
    assert_eq!(gate.statuses(&Call::with(&two), 1).await, [429]);
}

#[tokio::test]
async fn c18_two_limits_of_one_length_are_the_smaller_one() {
    let limits = json!({ "daily": 100, "custom": [{ "limit": 3, "window": "24h" }] });
    let stage = Stage::with_plans(&gold(&limits)).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(
        gate.statuses(&Call::with(&key), 5).await,
        [200, 200, 200, 429, 429]
    );
    let said = gate.about(&key).await;
    assert_eq!(said.problem()["limits"].as_array().unwrap().len(), 1, "{said:?}");
}

#[tokio::test]
async fn c18_half_a_second_is_a_window_like_any_other() {
    let limits = json!({ "custom": [{ "limit": 2, "window": "500ms" }] });
    let stage = Stage::with_plans(&gold(&limits)).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key);
    let mut told = 0;
    for _ in 0..20 {
        let begin = Instant::now();
        let statuses = gate.statuses(&call, 4).await;
        let last = gate.ask(&call).await;
        // On a busy machine the window may have ended meanwhile.
        if begin.elapsed() < Duration::from_millis(450) {
            assert_eq!(statuses, [200, 200, 429, 429]);
            assert_eq!((last.status, last.header("retry-after")), (429, Some("1")));
            told += 1;
        }
        if told == 3 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(520)).await;
    }
    panic!("the machine is too slow to tell");
}

#[tokio::test]
async fn c18_a_window_that_nobody_can_count_by_refuses_its_tier_and_no_other() {
    let broken = json!({ "daily": 5, "custom": [{ "limit": 2, "window": "0s" }] });
    let stage = Stage::with_plans(&json!([
        plan("gold", &broken),
        plan("free", &json!({ "daily": 1 }))
    ]))
    .await;
    let (gold, free) = (Key::new("ada"), Key::new("bea").tier("free"));
    stage.grant(&gold).await;
    stage.grant(&free).await;
    let gate = stage.gate().await;
    assert_eq!(
        gate.verdict(&Call::with(&gold)).await,
        (403, "plan_unresolved".to_owned())
    );
    assert_eq!(gate.status(&Call::with(&free)).await, 200);
}
