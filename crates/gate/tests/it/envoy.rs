//! The real Envoy with the configurations of `examples/envoy`, between a caller and an API that says what reaches it. What
//! is true of one way of asking must be true of the other.

mod play;

use std::time::{Duration, Instant};

use keydesk_testkit::Address;
use keydesk_testkit::envoy::Example;
use keydesk_testkit::wait::{self, Patience};
use serde_json::{Value, json};

use self::play::{BODY, Caller, Play};
use crate::ask::Call;
use crate::key::Key;
use crate::stage::Stage;

const EXAMPLES: [Example; 2] = [Example::Grpc, Example::Http];

#[tokio::test]
async fn c01_the_api_behind_envoy_knows_its_caller_and_does_not_see_the_key() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let object = stage.admin.get(&Address::of(&key.object())).await.unwrap();
    let uid = object["metadata"]["uid"].as_str().unwrap();
    let gate = stage.gate().await;
    let lies = [
        "x-key-id",
        "x-plan",
        "x-plan",
        "x-consumer",
        "x-product",
        "x-product",
        "x-keydesk-target",
    ];
    let call = lies
        .iter()
        .fold(Call::with(&key), |call, name| call.header(name, "/admin"));
    let call = call.header("x-own", "kept").header("cookie", "theme=dark");
    for example in EXAMPLES {
        let mut play = Play::start(&gate, example).await;
        let answer = play.call(&call).await;
        assert_eq!(answer.status, 200, "{example:?}: {answer:?}");
        assert_eq!(answer.arrived("x-key-id"), [uid], "{example:?}");
        assert_eq!(answer.arrived("x-plan"), ["gold"], "{example:?}");
        assert_eq!(answer.arrived("x-consumer"), ["consumer-app/user-ada"]);
        assert_eq!(answer.arrived("x-product"), ["gamestore/gamestore-api"]);
        assert_eq!(answer.arrived("x-own"), ["kept"]);
        assert_eq!(answer.arrived("cookie"), ["theme=dark"]);
        assert_eq!(answer.body["target"], "/api/games");
        assert!(
            answer.arrived("authorization").is_empty(),
            "{example:?}: {answer:?}"
        );
        assert!(
            !answer.body.to_string().contains(&key.value),
            "{example:?}: {answer:?}"
        );
        assert_eq!(answer.told("x-api-key-id"), [uid]);
        assert_eq!(answer.told("x-api-key-expires-at"), ["never"]);
    }
}

#[tokio::test]
async fn c01_without_plans_the_caller_has_none_whatever_it_says() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    for example in EXAMPLES {
        let mut play = Play::start(&gate, example).await;
        let answer = play.call(&Call::with(&key).header("x-plan", "gold")).await;
        assert_eq!(answer.status, 200, "{example:?}: {answer:?}");
        // Over HTTP it arrives empty.
        assert!(
            answer.arrived("x-plan").iter().all(String::is_empty),
            "{example:?}: {answer:?}"
        );
        assert!(answer.told("ratelimit").is_empty());
    }
}

#[tokio::test]
async fn c05_a_key_is_taken_out_wherever_it_was_and_nothing_else_is_touched() {
    let stage = Stage::wanting(&json!({
        "by-header": { "customHeader": { "name": "X-Game-Key" } },
        "by-query": { "queryString": { "name": "api_key" } },
        "by-cookie": { "cookie": { "name": "GAMEKEY" } },
    }))
    .await;
    let key = Key::new("ada").value("a+b/c=d-0123456789");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let escaped = "a%2Bb%2Fc%3Dd-0123456789";
    let by_header = Call::get("/api/games").header("x-game-key", &key.value);
    let by_query = Call::get(&format!(
        "/api/games?a=%26b%3D1&%61pi_key={escaped}&api_key=x&c=%2B"
    ));
    let by_query_alone = Call::get(&format!("/api/games?api_key={escaped}"));
    let by_cookie =
        Call::get("/api/games").header("cookie", &format!("theme=dark; GAMEKEY={}; x=y", key.value));
    let by_cookie_alone = Call::get("/api/games").header("cookie", &format!("GAMEKEY={}", key.value));
    for example in EXAMPLES {
        // Five calls a day are what this key has.
        let gate = stage.gate().await;
        let mut play = Play::start(&gate, example).await;
        for (call, target, cookie) in [
            (&by_header, "/api/games", None),
            (&by_query, "/api/games?a=%26b%3D1&c=%2B", None),
            (&by_query_alone, "/api/games", None),
            (&by_cookie, "/api/games", Some("theme=dark; x=y")),
            (&by_cookie_alone, "/api/games", None),
        ] {
            let answer = play.call(call).await;
            assert_eq!(answer.status, 200, "{example:?} {call:?}: {answer:?}");
            assert_eq!(answer.body["target"], target, "{example:?} {call:?}");
            assert_eq!(
                answer.arrived("cookie"),
                Vec::from_iter(cookie),
                "{example:?} {call:?}"
            );
            let arrived = answer.body.to_string();
            assert!(
                !arrived.contains(&key.value) && !arrived.contains(escaped),
                "{example:?}: {arrived}"
            );
        }
    }
    let mut play = Play::start(&gate, Example::Http).await;
    let answer = play.call(&by_header.method("POST")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.body["length"],
        BODY.len(),
        "bodies go to the API and not to the gate"
    );
}

#[tokio::test]
async fn c02_without_a_key_the_answer_says_which_is_wanted() {
    let stage = Stage::wanting(&json!({
        "players": { "authorizationHeader": { "prefix": "APIKEY" } },
        "shops": { "customHeader": { "name": "X-Shop-Key" } },
    }))
    .await;
    let gate = stage.gate().await;
    for example in EXAMPLES {
        let mut play = Play::start(&gate, example).await;
        let answer = play.call(&Call::get("/api/games")).await;
        assert_eq!(answer.status, 401, "{example:?}: {answer:?}");
        let challenges = [r#"APIKEY realm="players""#, r#"x-shop-key realm="shops""#];
        assert_eq!(
            answer.told("www-authenticate"),
            challenges,
            "{example:?}: {answer:?}"
        );
        assert_eq!(answer.told("content-type"), ["application/problem+json"]);
        assert_eq!(answer.told("cache-control"), ["no-store"]);
        assert_eq!(answer.body["code"], "credential_missing");
        let unknown = play
            .call(&Call::get("/api/games").presenting("nobody-has-this-key"))
            .await;
        assert_eq!(
            (unknown.status, unknown.why()),
            (401, "invalid_key"),
            "{example:?}"
        );
        assert_eq!(play.api.calls(), 0, "{example:?}: none of it got to the API");
    }
}

#[tokio::test]
async fn c06_two_keys_are_no_key() {
    let stage = Stage::wanting(&json!({ "players": { "customHeader": { "name": "X-Game-Key" } } })).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = || Call::get("/api/games").header("x-game-key", &key.value);
    for example in EXAMPLES {
        let mut play = Play::start(&gate, example).await;
        for other in [&*key.value, "other"] {
            let answer = play.call(&call().header("x-game-key", other)).await;
            assert_eq!(
                (answer.status, answer.why()),
                (401, "invalid_key"),
                "{example:?}: {answer:?}"
            );
        }
        assert_eq!(play.call(&call()).await.status, 200, "{example:?}");
        assert_eq!(play.api.calls(), 1, "{example:?}");
    }
}

#[tokio::test]
async fn c10_five_calls_pass_and_the_sixth_is_told_when_to_come_again() {
    let stage = Stage::open().await;
    let gate = stage.gate().await;
    for (example, name) in [(Example::Grpc, "ada"), (Example::Http, "bob")] {
        let key = Key::new(name);
        stage.grant(&key).await;
        gate.soon(&key, "the key is known", |said| said.status == 200)
            .await;
        let mut play = Play::start(&gate, example).await;
        for left in (0..5).rev() {
            let wrong = play.call(&Call::get("/api/games").presenting("wrong")).await;
            assert_eq!(wrong.status, 401, "{example:?}: {wrong:?}");
            let answer = play.call(&Call::with(&key)).await;
            assert_eq!(answer.status, 200, "{example:?}: {answer:?}");
            assert_eq!(
                answer.told("x-ratelimit-remaining"),
                [left.to_string()],
                "{example:?}"
            );
            assert_eq!(answer.told("ratelimit-policy"), [r#""24h";q=5;w=86400"#]);
            assert_eq!(answer.told("x-api-key-id").len(), 1);
        }
        for _ in 0..2 {
            let answer = play.call(&Call::with(&key)).await;
            assert_eq!(
                (answer.status, answer.why()),
                (429, "limit_reached"),
                "{example:?}: {answer:?}"
            );
            assert_eq!(answer.told("x-ratelimit-remaining"), ["0"], "{example:?}");
            assert!(
                answer.told("ratelimit")[0].starts_with(r#""24h";r=0;t="#),
                "{example:?}"
            );
            let wait: u64 = answer.told("retry-after")[0].parse().unwrap();
            assert!((86_300..=86_400).contains(&wait), "{example:?}: {wait}");
            assert_eq!(answer.told("x-api-key-id").len(), 1, "{example:?}");
        }
        assert_eq!(play.api.calls(), 5, "{example:?}");
    }
}

#[tokio::test]
async fn c19_a_revoked_key_is_refused_within_a_second_on_a_connection_that_stays_open() {
    let stage = Stage::unlimited().await;
    let gate = stage.gate().await;
    for (example, name) in [(Example::Grpc, "ada"), (Example::Http, "bob")] {
        let key = Key::new(name);
        stage.grant(&key).await;
        gate.soon(&key, "the key is known", |said| said.status == 200)
            .await;
        let mut play = Play::start(&gate, example).await;
        assert_eq!(play.call(&Call::with(&key)).await.status, 200, "{example:?}");
        stage
            .patch(&key.decision(true), &json!({ "spec": { "approved": false } }))
            .await;
        let revoked = Instant::now();
        let answer = loop {
            // `Play` has one connection, and calls on a closed one fail.
            let answer = play.call(&Call::with(&key)).await;
            if answer.status != 200 {
                break answer;
            }
            assert!(
                revoked.elapsed() < Duration::from_secs(1),
                "{example:?}: still passes"
            );
        };
        assert_eq!((answer.status, answer.why()), (401, "invalid_key"), "{example:?}");
    }
}

#[tokio::test]
async fn c23_without_a_gate_nobody_gets_to_the_api() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    for example in EXAMPLES {
        let gate = stage.gate().await;
        let mut play = Play::start(&gate, example).await;
        assert_eq!(play.call(&Call::with(&key)).await.status, 200, "{example:?}");
        drop(gate);
        wait::soon(Patience::EMBEDDED, "503", async || {
            match play.call(&Call::with(&key)).await.status {
                503 => Ok(()),
                other => Err(format!("{example:?}: it is {other}")),
            }
        })
        .await;
        let before = play.api.calls();
        for call in [Call::with(&key), Call::get("/api/games")] {
            assert_eq!(play.call(&call).await.status, 503, "{example:?}");
        }
        assert_eq!(play.api.calls(), before, "{example:?}");
    }
}

#[tokio::test]
async fn c24_what_could_be_read_in_two_ways_is_refused_by_envoy_itself() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    for example in EXAMPLES {
        let mut play = Play::start(&gate, example).await;
        for (target, arriving) in [
            ("/api/../api//./games", "/api/games"),
            ("/%61pi/games", "/api/games"),
        ] {
            let answer = play
                .call(&Call {
                    target: target.to_owned(),
                    ..Call::with(&key)
                })
                .await;
            assert_eq!(answer.status, 200, "{example:?} {target}: {answer:?}");
            assert_eq!(answer.body["target"], arriving, "{example:?}");
        }
        let before = play.api.calls();
        let strange = [
            Call {
                target: "/api%2fgames".to_owned(),
                ..Call::with(&key)
            },
            Call {
                target: "/api%5cgames".to_owned(),
                ..Call::with(&key)
            },
            Call::with(&key).header("x_plan", "gold"),
        ];
        for call in strange {
            // Envoy closes the connection after some of these.
            let answer = Caller::to(&play.envoy).await.call(&call).await;
            assert_eq!(answer.status, 400, "{example:?} {call:?}: {answer:?}");
        }
        assert_eq!(play.api.calls(), before, "{example:?}");
    }
}

#[tokio::test]
async fn envoys_access_log_names_the_key_and_the_plan_and_never_a_value() {
    let stage = Stage::wanting(&json!({
        "by-word": { "authorizationHeader": { "prefix": "APIKEY" } },
        "by-query": { "queryString": { "name": "api_key" } },
    }))
    .await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let object = stage.admin.get(&Address::of(&key.object())).await.unwrap();
    let uid = object["metadata"]["uid"].as_str().unwrap();
    for example in EXAMPLES {
        let gate = stage.gate().await;
        let mut play = Play::start(&gate, example).await;
        play.call(&Call::with(&key)).await;
        play.call(&Call::get(&format!("/api/games?api_key={}", key.value)))
            .await;
        play.call(&Call::get("/api/last?api_key=wrong-0123456789")).await;
        let said = wait::soon(Patience::EMBEDDED, "the calls are logged", async || {
            let said = play.envoy.said();
            if said.contains("/api/last") {
                Ok(said)
            } else {
                Err(said)
            }
        })
        .await;
        let calls: Vec<Value> = said
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let [by_word, by_query, wrong] = &calls[..] else {
            panic!("three calls are logged: {said}");
        };
        for call in [by_word, by_query] {
            assert_eq!(call["path"], "/api/games", "{example:?}");
            assert_eq!(call["key_id"], uid, "{example:?}: {call}");
            assert_eq!(call["plan"], "gold", "{example:?}: {call}");
        }
        assert_eq!(wrong["status"], 401);
        if example == Example::Grpc {
            assert_eq!(
                (&by_word["gate"], &wrong["gate"]),
                (&json!("admitted"), &json!("invalid_key"))
            );
        }
        assert!(
            !said.contains(&key.value) && !said.contains("wrong-0123456789"),
            "{example:?}: {said}"
        );
    }
}
