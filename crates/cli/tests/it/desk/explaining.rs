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
        "to do: the consumer: create it with a value under api_key",
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
