//! `POST /v1/verify`, asked by programs that may and by others.

use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use keydesk_testkit::fixtures::{OWNER_NAMESPACE, now_plus};
use kube::client::Body;
use serde_json::{Value, json};

use crate::ask::{Call, Said};
use crate::key::Key;
use crate::running::{Running, Setup};
use crate::stage::Stage;

/// The tokens that the world knows, and whose they are.
const TOKENS: [(&str, &str); 2] = [
    ("token-of-a-shop", "test-shop"),
    ("token-of-a-stranger", "test-stranger"),
];

/// A gate, with a program named `test-shop` that may verify keys of the game store.
async fn shop(stage: &Stage) -> Running {
    for role in [
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": { "name": "verifier", "namespace": OWNER_NAMESPACE },
            "rules": [{ "apiGroups": ["devportal.kuadrant.io"], "resources": ["apiproducts"],
                "resourceNames": ["gamestore-api"], "verbs": ["verify"] }],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": { "name": "shop-verifies", "namespace": OWNER_NAMESPACE },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "verifier" },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "test-shop" }],
        }),
    ] {
        stage.create(&role).await;
    }
    // Seeing a product is not verifying its keys.
    stage.world.bind("test-stranger", "api-catalog-browser", "").await;
    let setup = Setup {
        reviewing: Some(with_tokens(stage.admin.client())),
        ..Setup::default()
    };
    stage.gate_with(setup).await
}

/// The cluster of `client`, which knows [`TOKENS`] beside: the testkit's people have none.
fn with_tokens(client: kube::Client) -> kube::Client {
    let service = tower::service_fn(move |request: Request<Body>| {
        let client = client.clone();
        async move {
            if request.uri().path() != "/apis/authentication.k8s.io/v1/tokenreviews" {
                return client.send(request).await;
            }
            assert_eq!(request.method(), Method::POST);
            let asked = request.into_body().collect().await?.to_bytes();
            let mut review: Value = serde_json::from_slice(&asked).unwrap();
            let holder = TOKENS.iter().find(|(token, _)| review["spec"]["token"] == *token);
            review["status"] = match holder {
                Some((_, name)) => {
                    json!({ "authenticated": true, "user": { "username": name, "groups": ["system:authenticated"] } })
                }
                None => json!({ "authenticated": false }),
            };
            Ok(http::Response::new(Body::from(review.to_string().into_bytes())))
        }
    });
    kube::Client::new(service, "default")
}

async fn verify(gate: &Running, token: Option<&str>, question: &Value) -> Said {
    let mut request = gate.asking.to("/v1/verify").method("POST");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = Full::new(question.to_string().into());
    gate.asking.send(request.body(body).unwrap()).await
}

async fn asked_by_the_shop(gate: &Running, value: &str, cost: u64) -> Value {
    let said = verify(gate, Some(TOKENS[0].0), &about(value, cost)).await;
    assert_eq!(
        (said.status, said.header("cache-control")),
        (200, Some("no-store")),
        "{said:?}"
    );
    said.problem()
}

fn about(value: &str, cost: u64) -> Value {
    json!({ "namespace": OWNER_NAMESPACE, "product": "gamestore-api", "key": value, "cost": cost })
}

#[tokio::test]
async fn c08_who_may_not_verify_learns_nothing() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = shop(&stage).await;
    let question = about(&key.value, 1);
    for token in [None, Some("token-of-nobody"), Some(key.value.as_str())] {
        let said = verify(&gate, token, &question).await;
        assert_eq!((said.status, said.why().as_str()), (401, "unauthenticated"));
        assert!(said.header("www-authenticate").unwrap().starts_with("Bearer "));
    }
    let stranger = Some(TOKENS[1].0);
    let forbidden = verify(&gate, stranger, &question).await;
    assert_eq!((forbidden.status, forbidden.why().as_str()), (403, "forbidden"));
    let unknown = verify(&gate, stranger, &about("nobody-has-this", 1)).await;
    assert_eq!(
        unknown.visible(),
        forbidden.visible(),
        "whether there is such a key"
    );
    // The right is for one product.
    let mut other = question.clone();
    other["product"] = json!("another-api");
    assert_eq!(verify(&gate, Some(TOKENS[0].0), &other).await.status, 403);
    assert_eq!(
        asked_by_the_shop(&gate, &key.value, 0).await["limits"][0]["remaining"],
        5,
        "nothing was counted"
    );
}

#[tokio::test]
async fn c08_every_outcome_has_its_code() {
    let stage = Stage::open().await;
    stage.second_store().await;
    let good = Key::new("ada").until("2099-01-01T00:00:00Z");
    let ended = Key::new("bea").until(&now_plus(2));
    let planless = Key::new("cyd").tier("platinum");
    let elsewhere = Key::new("dan").of_toystore();
    for key in [&good, &ended, &planless, &elsewhere] {
        stage.grant(key).await;
    }
    let gate = shop(&stage).await;
    let answer = asked_by_the_shop(&gate, &good.value, 1).await;
    let mut reset = answer.clone();
    let reset = reset["limits"][0]["reset"].take();
    let uid = stage
        .admin
        .get(&keydesk_testkit::Address::of(&good.object()))
        .await
        .unwrap()["metadata"]["uid"]
        .clone();
    let expected = json!({
        "valid": true, "code": "valid", "keyId": uid, "plan": "gold", "expiresAt": "2099-01-01T00:00:00Z",
        "limits": [{ "window": "24h", "limit": 5, "remaining": 4, "reset": reset }],
    });
    assert_eq!(answer, expected);
    assert!((86_395..=86_400).contains(&reset.as_u64().unwrap()));

    let unknown = asked_by_the_shop(&gate, "nobody-has-this-value", 1).await;
    let nothing = json!({
        "valid": false, "code": "invalid_key", "keyId": null, "plan": null, "expiresAt": null, "limits": [],
    });
    assert_eq!(unknown, nothing);
    assert_eq!(
        asked_by_the_shop(&gate, &elsewhere.value, 1).await,
        nothing,
        "another tenant's key"
    );
    assert_eq!(
        asked_by_the_shop(&gate, &planless.value, 1).await["code"],
        "plan_unresolved"
    );
    gate.soon(&ended, "has ended", |said| said.why() == "key_expired")
        .await;
    assert_eq!(
        asked_by_the_shop(&gate, &ended.value, 1).await["code"],
        "key_expired"
    );
    for _ in 0..4 {
        asked_by_the_shop(&gate, &good.value, 1).await;
    }
    let used_up = asked_by_the_shop(&gate, &good.value, 1).await;
    assert_eq!(
        (&used_up["valid"], &used_up["code"]),
        (&json!(false), &json!("limit_reached"))
    );
    assert_eq!(used_up["limits"][0]["remaining"], 0);
}

#[tokio::test]
async fn c08_a_cost_of_zero_only_looks_and_a_larger_one_counts_as_much() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = shop(&stage).await;
    for _ in 0..10 {
        let looked = asked_by_the_shop(&gate, &key.value, 0).await;
        assert_eq!(
            (&looked["valid"], &looked["limits"][0]["remaining"]),
            (&json!(true), &json!(5))
        );
    }
    let paid = asked_by_the_shop(&gate, &key.value, 3).await;
    assert_eq!(
        (&paid["valid"], &paid["limits"][0]["remaining"]),
        (&json!(true), &json!(2))
    );
    let too_much = asked_by_the_shop(&gate, &key.value, 3).await;
    assert_eq!(
        (&too_much["code"], &too_much["limits"][0]["remaining"]),
        (&json!("limit_reached"), &json!(2))
    );
    assert_eq!(
        gate.statuses(&Call::with(&key), 3).await,
        [200, 200, 429],
        "it counts with the gateway"
    );
    let out = verify(&gate, Some(TOKENS[0].0), &about(&key.value, u64::MAX)).await;
    assert_eq!(out.status, 400);
}

#[tokio::test]
async fn c08_what_is_no_question_is_refused_without_repeating_it() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = shop(&stage).await;
    let mut more = about(&key.value, 1);
    more["extra"] = json!(1);
    let mut fewer = about(&key.value, 1);
    fewer.as_object_mut().unwrap().remove("product");
    let mut mistyped = about(&key.value, 1);
    mistyped["key"] = json!([key.value]);
    let mut negative = about(&key.value, 1);
    negative["cost"] = json!(-1);
    for question in [more, fewer, mistyped, negative, json!(key.value), json!(null)] {
        let said = verify(&gate, Some(TOKENS[0].0), &question).await;
        assert_eq!((said.status, said.why().as_str()), (400, "bad_request"));
        keydesk_testkit::hidden::assert_hidden("the answer", &said.body, &[&key.value]);
    }
    let long = verify(&gate, Some(TOKENS[0].0), &about(&"k".repeat(9_000), 1)).await;
    assert_eq!(long.status, 413);
    let said = gate
        .asking
        .to("/v1/verify")
        .method("GET")
        .body(Full::default())
        .unwrap();
    let said = gate.asking.send(said).await;
    assert_eq!((said.status, said.header("allow")), (405, Some("POST")));
}
