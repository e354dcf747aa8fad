//! What owners demand and this gate does not evaluate: refused, unless they say that it need not mind.

use keydesk_testkit::fixtures::{self, but, on_gateway};
use serde_json::{Value, json};

use crate::ask::{Call, WAYS, Way};
use crate::key::Key;
use crate::stage::Stage;

/// What becomes of a good call under the game store's policy with these changes.
async fn under(changes: &Value) -> (u16, String) {
    let stage = Stage::with_policy(&but(fixtures::auth_policy(), changes)).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    stage.gate().await.verdict(&Call::with(&key)).await
}

fn unsupported() -> (u16, String) {
    (403, "policy_not_supported".to_owned())
}

fn passes() -> (u16, String) {
    (200, String::new())
}

fn ignoring(parts: &str) -> Value {
    json!({ "metadata": { "annotations": { "keydesk.dev/gate-ignore": parts } } })
}

#[tokio::test]
async fn what_a_policy_demands_beside_keys_refuses_every_call_unless_its_owner_waives_it() {
    for (part, demand) in [
        (
            "authorization",
            json!({ "spec": { "rules": { "authorization": { "only-admins": { "opa": { "rego": "allow = false" } } } } } }),
        ),
        (
            "when",
            json!({ "spec": { "when": [{ "predicate": "request.method == 'GET'" }] } }),
        ),
        (
            "response",
            json!({ "spec": { "rules": { "response": { "success": { "headers": { "x": { "plain": { "value": "y" } } } } } } } }),
        ),
    ] {
        assert_eq!(under(&demand).await, unsupported(), "{part}");
        assert_eq!(
            under(&but(demand.clone(), &ignoring(part))).await,
            passes(),
            "{part}"
        );
        assert_eq!(
            under(&but(demand, &ignoring("callbacks"))).await,
            unsupported(),
            "{part}"
        );
    }
}

#[tokio::test]
async fn such_a_refusal_is_said_the_same_in_every_way_and_is_seen_in_the_metrics() {
    let demand = json!({ "spec": { "when": [{ "predicate": "true" }] } });
    let stage = Stage::with_policy(&but(fixtures::auth_policy(), &demand)).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    for way in WAYS {
        // Whoever calls: the key is not even looked at.
        for call in [Call::with(&key), Call::get("/api/games")] {
            let said = gate.asking.ask(way, &call).await;
            assert_eq!((said.status, said.why()), unsupported(), "{way:?}");
            assert_eq!(said.code, (way == Way::Grpc).then_some(7));
        }
    }
    assert!(
        gate.metrics()
            .contains("keydesk_gate_routes_policy_not_supported 1"),
        "{}",
        gate.metrics()
    );
    stage.patch(&fixtures::auth_policy(), &ignoring("when")).await;
    gate.soon_answers(&Call::with(&key), 200).await;
    assert!(
        gate.metrics()
            .contains("keydesk_gate_routes_policy_not_supported 0")
    );
}

#[tokio::test]
async fn a_rate_limit_policy_of_its_own_is_not_passed_over() {
    let limits = json!({ "all": { "rates": [{ "limit": 1, "window": "1m" }] } });
    let policy = json!({
        "apiVersion": "kuadrant.io/v1",
        "kind": "RateLimitPolicy",
        "metadata": { "name": "all", "namespace": "gamestore" },
        "spec": { "targetRef": fixtures::auth_policy()["spec"]["targetRef"], "limits": limits },
    });
    let stage = Stage::unlimited().await;
    let path = "/apis/kuadrant.io/v1/namespaces/gamestore/ratelimitpolicies";
    let body = policy.to_string().into_bytes();
    let (code, _) = stage
        .admin
        .send(http::Method::POST, path, "application/json", body)
        .await;
    assert_eq!(code, 201);
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(gate.verdict(&Call::with(&key)).await, unsupported());
    stage
        .patch(&fixtures::auth_policy(), &ignoring("rateLimitPolicy"))
        .await;
    gate.soon_answers(&Call::with(&key), 200).await;
}

#[tokio::test]
async fn a_route_without_a_policy_lets_nobody_in() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    stage.delete(&fixtures::auth_policy()).await;
    let gate = stage.gate().await;
    assert_eq!(gate.verdict(&Call::with(&key)).await, unsupported());
}

#[tokio::test]
async fn overrides_of_a_gateway_that_takes_no_keys_let_nobody_in_whatever_the_route_says() {
    let tokens = json!({ "tokens": { "jwt": { "issuerUrl": "https://oidc.example.com" } } });
    let mut overriding = on_gateway(fixtures::auth_policy(), "gamestore");
    overriding["metadata"]["name"] = json!("gateway-auth");
    overriding["spec"].as_object_mut().unwrap().remove("rules");
    overriding["spec"]["overrides"] = json!({ "rules": { "authentication": tokens } });
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(gate.verdict(&Call::with(&key)).await, passes());
    stage.policy(&overriding).await;
    gate.soon_answers(&Call::with(&key), 403).await;
    assert_eq!(gate.verdict(&Call::with(&key)).await, unsupported());
    // The owner of the route cannot waive what the owner of the gateway demands.
    stage
        .patch(&fixtures::auth_policy(), &ignoring("overrides authentication"))
        .await;
    let gate = stage.gate().await;
    assert_eq!(gate.verdict(&Call::with(&key)).await, unsupported());
}

#[tokio::test]
async fn a_policy_on_the_gateway_protects_routes_without_one() {
    let stage = Stage::with_policy(&on_gateway(fixtures::auth_policy(), "gamestore")).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(gate.verdict(&Call::with(&key)).await, passes());
    assert_eq!(gate.status(&Call::get("/")).await, 401);
}
