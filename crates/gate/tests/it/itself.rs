//! `GET /v1/self`: what a key is told about itself (`spec/key-api.md` §5).

use http_body_util::Full;
use keydesk_testkit::hidden::assert_hidden;
use keydesk_testkit::{Address, fixtures};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::ask::{Call, Said};
use crate::key::Key;
use crate::running::Running;
use crate::stage::Stage;

async fn get(gate: &Running, method: &str, path: &str, headers: &[(&str, &str)]) -> Said {
    let request = headers
        .iter()
        .fold(gate.asking.to(path).method(method), |request, (name, value)| {
            request.header(*name, *value)
        });
    gate.asking.send(request.body(Full::default()).unwrap()).await
}

#[tokio::test]
async fn c09_a_key_is_told_all_about_itself_but_its_value() {
    let stage = Stage::open().await;
    let end = "2099-01-01T00:00:00Z";
    let key = Key::new("ada").scopes("games:write games:read").until(end);
    stage.grant(&key).await;
    let gate = stage.gate().await;
    gate.statuses(&Call::with(&key), 2).await;

    let said = gate.about(&key).await;
    assert_eq!(
        (said.status, said.header("content-type")),
        (200, Some("application/json"))
    );
    assert_eq!(said.header("cache-control"), Some("no-store"));
    let object = stage.admin.get(&Address::of(&key.object())).await.unwrap();
    let uid = object["metadata"]["uid"].as_str().unwrap();
    let mut shown = said.problem();
    let left: i64 = shown["expires_in"].take().as_i64().unwrap();
    let reset = shown["limits"][0]["reset"].take();
    let expected = json!({
        "key_id": uid, "type": "API_KEY", "name": "ada", "namespace": "consumer-app", "comment": "mobile",
        "hint": uid[..8], "status": "active", "active": true, "enabled": true,
        "user_name": "user-ada", "created_by": null, "scopes": ["games:read", "games:write"],
        "created_at": object["metadata"]["creationTimestamp"], "not_before": null,
        "expires_at": end, "expires_in": null, "last_used_at": null,
        "max_lifetime_at": null, "renewable": false, "metadata": {}, "rate_limit": null,
        "product": { "namespace": "gamestore", "name": "gamestore-api" },
        "plan": "gold",
        "limits": [{ "window": "24h", "limit": 5, "remaining": 3, "reset": null }],
    });
    assert_eq!(shown, expected);
    let end: jiff::Timestamp = end.parse().unwrap();
    assert!((end.as_second() - jiff::Timestamp::now().as_second() - left).abs() <= 1);
    assert!((86_395..=86_400).contains(&reset.as_u64().unwrap()));
    assert_eq!(said.header("x-api-key-id"), Some(uid));
    assert_eq!(said.header("x-api-key-expires-at"), Some("2099-01-01T00:00:00Z"));
    let digest = Sha256::digest(&key.value)
        .iter()
        .fold(String::new(), |digest, byte| format!("{digest}{byte:02x}"));
    assert_hidden("the answer", &format!("{said:?}"), &[&key.value, &digest]);
}

#[tokio::test]
async fn c09_asking_uses_nothing_up_and_head_tells_by_headers_alone() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    for _ in 0..10 {
        let said = gate.about(&key).await;
        assert_eq!(said.problem()["limits"][0]["remaining"], 5);
    }
    let said = get(&gate, "HEAD", "/v1/self", &[("x-api-key", &key.value)]).await;
    assert_eq!((said.status, said.body.as_str()), (200, ""));
    assert_eq!(said.header("x-api-key-expires-at"), Some("never"));
    assert_eq!(said.header("cache-control"), Some("no-store"));
    let shown = gate.about(&key).await.problem();
    let never = ["expires_at", "expires_in"].map(|name| shown.get(name));
    assert_eq!(never, [Some(&Value::Null); 2], "never is said, not left out");
    assert_eq!(shown["scopes"], json!([]));
    let said = get(&gate, "POST", "/v1/self", &[("x-api-key", &key.value)]).await;
    assert_eq!(said.status, 405);
}

#[tokio::test]
async fn c09_a_key_may_be_shown_with_any_word_or_where_its_policy_wants_it() {
    let stage = Stage::wanting(&json!({
        "by-query": { "queryString": { "name": "key" } },
        "by-cookie": { "cookie": { "name": "GAMEKEY" } },
    }))
    .await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let value = &key.value;
    for (path, name, shown) in [
        ("/v1/self".to_owned(), "x-api-key", value.clone()),
        ("/v1/self".to_owned(), "authorization", format!("Bearer {value}")),
        ("/v1/self".to_owned(), "authorization", format!("APIKEY {value}")),
        ("/v1/self".to_owned(), "cookie", format!("GAMEKEY={value}")),
        (format!("/v1/self?key={value}"), "accept", "*/*".to_owned()),
    ] {
        assert_eq!(
            get(&gate, "GET", &path, &[(name, &shown)]).await.status,
            200,
            "{name}"
        );
    }
}

#[tokio::test]
async fn c09_what_is_no_good_key_is_told_as_little_as_a_caller() {
    let stage = Stage::open().await;
    let ended = Key::new("ada").until(&fixtures::now_plus(2));
    stage.grant(&ended).await;
    let pending = Key::new("bea");
    stage.ask(&pending).await;
    stage.create(&pending.enforcement()).await;
    let gate = stage.gate().await;
    let basic = get(&gate, "GET", "/v1/self", &[("authorization", "Basic YWRhOnB3")]).await;
    assert_eq!((basic.status, basic.why().as_str()), (400, "not_an_api_key"));
    let nothing = get(&gate, "GET", "/v1/self", &[]).await;
    assert_eq!(
        (nothing.status, nothing.why().as_str()),
        (401, "credential_missing")
    );
    assert_eq!(nothing.headers["www-authenticate"], ["Bearer realm=\"keydesk\""]);
    let unknown = get(&gate, "GET", "/v1/self", &[("x-api-key", "nobody-has-this")]).await;
    assert_eq!((unknown.status, unknown.why().as_str()), (401, "invalid_key"));
    let challenge = ["Bearer realm=\"keydesk\", error=\"invalid_token\""];
    assert_eq!(unknown.headers["www-authenticate"], challenge);
    assert_eq!(gate.about(&pending).await.visible(), unknown.visible());
    let said = gate.soon(&ended, "has ended", |said| said.status == 401).await;
    assert_eq!(said.why(), "key_expired");
    assert_eq!(said.headers["www-authenticate"], challenge);
}
