//! Calls that pass, and what the API behind sees of them.

use serde_json::json;

use crate::ask::{Call, WAYS, Way};
use crate::key::Key;
use crate::objects::gold;
use crate::stage::Stage;

#[tokio::test]
async fn c01_envoy_lets_a_call_pass_with_the_callers_identity_and_without_the_key() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key)
        .header("x-plan", "admin")
        .header("x-key-id", "somebody-else")
        .header("x-consumer", "root/root")
        .header("accept", "*/*");
    let said = gate.asking.ask(Way::Grpc, &call).await;
    assert_eq!((said.status, said.code), (200, Some(0)));
    let uid = stage
        .admin
        .get(&keydesk_testkit::Address::of(&key.object()))
        .await
        .unwrap()["metadata"]["uid"]
        .clone();
    let arriving = said.arriving(&call);
    let expected = json!({
        "accept": "*/*",
        "x-key-id": uid,
        "x-plan": "gold",
        "x-consumer": "consumer-app/user-ada",
        "x-product": "gamestore/gamestore-api",
    });
    assert_eq!(json!(arriving), expected);
    assert_eq!(said.header("x-api-key-id"), uid.as_str());
    assert_eq!(said.header("x-ratelimit-remaining"), Some("4"));
}

#[tokio::test]
async fn c01_what_a_caller_says_of_itself_never_arrives_however_it_is_spelled() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key)
        .header("X-Plan", "admin")
        .header("x_plan", "admin")
        .header("X_Key-Id", "somebody-else")
        .header("x-consumer", "root/root");
    let arriving = gate.asking.ask(Way::Grpc, &call).await.arriving(&call);
    // Without plans there is none to tell of, and the caller's own word is no substitute.
    let names: Vec<_> = arriving.keys().map(String::as_str).collect();
    assert_eq!(names, ["x-consumer", "x-key-id", "x-product"]);
    assert_eq!(arriving["x-consumer"], "consumer-app/user-ada");
    for way in [Way::ForwardAuth, Way::Nginx, Way::ExtAuthz] {
        let said = gate.asking.ask(way, &call).await;
        assert_eq!(
            said.header("x-plan"),
            Some(""),
            "{way:?}: copied over the caller's"
        );
        assert_eq!(said.header("x-consumer"), Some("consumer-app/user-ada"));
    }
    let said = gate.asking.ask(Way::ExtAuthz, &call).await;
    let removed = said.header("x-envoy-auth-headers-to-remove").unwrap();
    let removed: Vec<_> = removed.split(',').map(str::trim).collect();
    assert_eq!(removed, ["x_key-id", "x_plan", "authorization"]);
}

#[tokio::test]
async fn c05_a_key_passes_in_every_place_that_the_policy_names_and_in_no_other() {
    let stage = Stage::wanting(&json!({
        "by-word": { "authorizationHeader": { "prefix": "APIKEY" } },
        "by-header": { "customHeader": { "name": "X-Game-Key" } },
        "by-query": { "queryString": { "name": "key" } },
        "by-cookie": { "cookie": { "name": "GAMEKEY" } },
    }))
    .await;
    stage.replan(&gold(&json!({ "daily": 1000 }))).await;
    let key = Key::new("ada").value("a+b/c=d-0123456789");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let games = || Call::get("/api/games");
    let places = [
        games().presenting(&key.value),
        games().header("x-game-key", &key.value),
        Call::get("/api/games?page=2&key=a%2Bb%2Fc%3Dd-0123456789"),
        games().header("cookie", "theme=dark; GAMEKEY=a+b/c=d-0123456789; x=y"),
    ];
    let elsewhere = [
        games().header("authorization", &format!("Bearer {}", key.value)),
        games().header("x-api-key", &key.value),
        Call::get("/api/games?apikey=a%2Bb%2Fc%3Dd-0123456789"),
        // A plus in a query is a blank.
        Call::get("/api/games?key=a+b/c=d-0123456789"),
        games().header("cookie", "gamekey=a+b/c=d-0123456789"),
    ];
    for way in WAYS {
        for call in &places {
            let said = gate.asking.ask(way, call).await;
            assert_eq!(said.status, 200, "{way:?} {call:?}: {said:?}");
        }
        for call in &elsewhere {
            assert_eq!(gate.asking.ask(way, call).await.status, 401, "{way:?} {call:?}");
        }
    }
    let [by_word, by_header, by_query, by_cookie] = places;
    let said = gate.asking.ask(Way::Grpc, &by_word).await;
    assert!(!said.arriving(&by_word).contains_key("authorization"));
    let said = gate.asking.ask(Way::Grpc, &by_header).await;
    assert!(!said.arriving(&by_header).contains_key("x-game-key"));
    let said = gate.asking.ask(Way::Grpc, &by_query).await;
    assert_eq!(said.unqueried, ["key"]);
    let said = gate.asking.ask(Way::Grpc, &by_cookie).await;
    assert_eq!(said.arriving(&by_cookie)["cookie"], "theme=dark; x=y");
}
