//! Calls without a key that is good here.

use keydesk_testkit::fixtures;
use serde_json::json;

use crate::ask::{Call, Said, WAYS, Way};
use crate::key::Key;
use crate::stage::Stage;

#[tokio::test]
async fn c02_a_call_without_a_key_is_told_how_to_show_one_and_nothing_else() {
    let stage = Stage::open().await;
    stage.grant(&Key::new("ada")).await;
    let gate = stage.gate().await;
    for way in WAYS {
        let said = gate.asking.ask(way, &Call::get("/api/games")).await;
        assert_eq!(
            (said.status, said.why().as_str()),
            (401, "credential_missing"),
            "{way:?}"
        );
        assert_eq!(said.headers["www-authenticate"], ["APIKEY realm=\"vip-users\""]);
        assert_eq!(said.header("content-type"), Some("application/problem+json"));
        assert_eq!(said.header("cache-control"), Some("no-store"));
        let mut problem = said.problem();
        problem["requestId"].take();
        let expected = json!({
            "type": "about:blank",
            "title": "Unauthorized",
            "status": 401,
            "code": "credential_missing",
            "detail": "send an API key with the call",
            "requestId": null,
        });
        assert_eq!(problem, expected);
        if way == Way::Grpc {
            assert_eq!(said.code, Some(16));
        }
    }
}

#[tokio::test]
async fn c02_every_entry_has_a_challenge_of_its_own() {
    let stage = Stage::wanting(&json!({
        "a": { "customHeader": { "name": "X-Game-Key" } },
        "b": { "cookie": { "name": "GAMEKEY" } },
    }))
    .await;
    let gate = stage.gate().await;
    for way in WAYS {
        let mut challenges = gate.asking.ask(way, &Call::get("/")).await.headers["www-authenticate"].clone();
        challenges.sort();
        assert_eq!(
            challenges,
            ["GAMEKEY realm=\"b\"", "x-game-key realm=\"a\""],
            "{way:?}"
        );
    }
}

#[tokio::test]
async fn c03_all_keys_that_are_not_good_here_get_one_answer() {
    let stage = Stage::open().await;
    stage.second_store().await;
    let good = Key::new("ada");
    stage.grant(&good).await;
    let revoked = Key::new("revoked");
    stage.grant(&revoked).await;
    let elsewhere = Key::new("elsewhere").of_toystore();
    stage.grant(&elsewhere).await;
    let denied = Key::new("denied");
    stage.ask(&denied).await;
    stage.create(&denied.decision(false)).await;
    stage.create(&denied.enforcement()).await;
    let pending = Key::new("pending");
    stage.ask(&pending).await;
    stage.create(&pending.enforcement()).await;
    // The controller has not come to it yet: the secret is still there.
    stage.delete(&revoked.object()).await;
    let gate = stage.gate().await;
    assert_eq!(gate.status(&Call::with(&good)).await, 200);

    let wrong = good.value.replace("0123", "0124");
    let values = [
        "nobody-has-this-value-0123456789",
        &wrong,
        &good.value[1..],
        &revoked.value,
        &elsewhere.value,
        &denied.value,
        &pending.value,
    ];
    for way in WAYS {
        let mut answers: Vec<(&str, Said)> = Vec::new();
        for value in values {
            let call = Call::get("/api/games").presenting(value);
            answers.push((value, gate.asking.ask(way, &call).await));
        }
        let first = answers[0].1.visible();
        assert_eq!(answers[0].1.why(), "invalid_key");
        for (value, said) in &answers {
            assert_eq!(said.visible(), first, "{way:?}: {value}");
        }
    }
    let call = Call::get("/")
        .host(crate::stage::TOYSTORE_HOST)
        .presenting(&elsewhere.value);
    assert_eq!(gate.status(&call).await, 200, "where it is good");
}

#[tokio::test]
async fn c04_the_word_before_the_key_is_taken_literally() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let value = &key.value;
    for way in WAYS {
        for header in [
            format!("apikey {value}"),
            format!("APIKEY  {value}"),
            format!("APIKEY\t{value}"),
            format!("APIKEY{value}"),
            format!("APIKEY {value} x"),
            value.clone(),
        ] {
            let call = Call::get("/api/games").header("authorization", &header);
            assert_eq!(
                gate.asking.ask(way, &call).await.status,
                401,
                "{way:?} {header:?}"
            );
        }
    }
    assert_eq!(
        gate.status(&Call::with(&key)).await,
        200,
        "and none of those counted"
    );
}

#[tokio::test]
async fn c04_without_a_word_in_the_policy_it_is_bearer() {
    let policy = fixtures::but(
        fixtures::auth_policy(),
        &json!({ "spec": { "rules": { "authentication": { "vip-users": { "credentials": null } } } } }),
    );
    let stage = Stage::with_policy(&policy).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let bearing = Call::get("/").header("authorization", &format!("Bearer {}", key.value));
    assert_eq!(gate.status(&bearing).await, 200);
    assert_eq!(gate.status(&Call::with(&key)).await, 401);
}

#[tokio::test]
async fn c06_two_keys_are_one_wrong_key() {
    let stage = Stage::wanting(&json!({ "by-header": { "customHeader": { "name": "X-Game-Key" } } })).await;
    let (one, two) = (Key::new("ada"), Key::new("bea"));
    stage.grant(&one).await;
    stage.grant(&two).await;
    let gate = stage.gate().await;
    let games = || Call::get("/api/games");
    for way in WAYS {
        for call in [
            games()
                .header("x-game-key", &one.value)
                .header("x-game-key", &two.value),
            games()
                .header("x-game-key", &one.value)
                .header("x-game-key", &one.value),
            games().header("x-game-key", &format!("{},{}", one.value, two.value)),
        ] {
            let said = gate.asking.ask(way, &call).await;
            assert_eq!(
                (said.status, said.why().as_str()),
                (401, "invalid_key"),
                "{way:?}"
            );
        }
    }
}
