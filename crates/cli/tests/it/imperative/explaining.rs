//! `keydesk explain key` and `product` beside the demo: what goes wrong is told to those who can mend it.

use keydesk_testkit::{Address, kinds};
use serde_json::json;

use super::stage::{NAMESPACE, PRODUCT, Stage};

#[tokio::test]
async fn a_key_without_its_secret_and_a_product_without_its_policy_are_explained() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    stage.must("owner", "approve mobile --yes");
    let (consumer, owner) = (stage.person("consumer").await, stage.person("owner").await);
    let secret = Address::new(kinds::SECRET, NAMESPACE, "mobile-secret");
    consumer.delete(&secret).await.unwrap();
    let key = Address::new(kinds::KEY, NAMESPACE, "mobile");
    consumer
        .soon(&key, "failed", |key| {
            key["status"]["conditions"][0]["type"] == "Failed"
        })
        .await;
    stage.run("consumer", "explain key mobile").ended(1).says(&[
        "does not work: Secret consumer-app/mobile-secret does not exist",
        "to do: the consumer: create it with a random value that nobody sees: head -c 32 /dev/urandom",
    ]);
    let told = stage
        .run("owner", "explain key consumer-app/mobile -o json")
        .ended(1)
        .json();
    assert_eq!(told["works"], false);
    assert_eq!(told["toDo"][0]["who"], "consumer");

    let policy = Address::new(kinds::AUTH_POLICY, "gamestore", "gamestore-auth");
    stage.person("admin").await.delete(&policy).await.unwrap();
    let product = Address::new(kinds::PRODUCT, "gamestore", "gamestore-api");
    owner
        .soon(&product, "has no scheme", |product| {
            product["status"]["discoveredAuthScheme"] == json!(null)
        })
        .await;
    stage
        .run("owner", &format!("explain product {PRODUCT}"))
        .ended(1)
        .says(&[
            "NO  policy     no AuthPolicy applies to the route",
            "to do: the owner of the product: attach an AuthPolicy with an apiKey entry",
        ]);
}

#[tokio::test]
async fn a_policy_that_the_gate_does_not_enforce_is_told_to_consumer_and_owner() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    stage.must("owner", "approve mobile --yes");
    let limits = Address::new(kinds::RATE_LIMIT_POLICY, "gamestore", "calm");
    let admin = stage.person("admin").await;
    let target = json!({ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore" });
    let limit = json!({ "rates": [{ "limit": 5, "window": "1m" }] });
    let policy = json!({
        "apiVersion": "kuadrant.io/v1", "kind": "RateLimitPolicy",
        "metadata": { "name": "calm", "namespace": "gamestore" },
        "spec": { "targetRef": target, "limits": { "all": limit } },
    });
    admin.create(&policy).await.unwrap();
    admin
        .soon(&limits, "is judged", |policy| {
            policy["status"]["conditions"] != json!(null)
        })
        .await;
    for (person, line) in [
        ("consumer", "explain key mobile".to_owned()),
        ("admin", format!("explain product {PRODUCT}")),
    ] {
        stage.run(person, &line).ended(1).says(&[
            "does not work: RateLimitPolicy gamestore/calm is not enforced: Keydesk's gate evaluates no RateLimitPolicy",
            "to do: the owner of the product",
        ]);
    }
}
