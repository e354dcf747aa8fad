//! Two who decide on the same request, and a request that looks away.

use keydesk_testkit::{Address, fixtures::request_name, kinds};
use serde_json::{Value, json};

use super::stage::{NAMESPACE, Said, Stage};

/// Rounds of two people at once.
const ROUNDS: usize = 4;

fn request(key: &str) -> String {
    request_name(NAMESPACE, key)
}

fn approval(key: &str) -> Address {
    Address::new(
        kinds::APPROVAL,
        "gamestore",
        &format!("{}-approval", request(key)),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_decide_the_opposite_at_once_nobody_is_told_that_theirs_holds_when_the_others_does() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    for _ in 0..ROUNDS {
        let (denied, approved) = std::thread::scope(|scope| {
            let deny = scope.spawn(|| stage.run("platform", "deny mobile --yes -n gamestore"));
            let approve = scope.spawn(|| stage.run("owner", "approve mobile --yes"));
            (deny.join().unwrap(), approve.join().unwrap())
        });
        let holds = stage
            .person("owner")
            .await
            .get(&approval("mobile"))
            .await
            .unwrap();
        let (loser, theirs) = if holds["spec"]["approved"] == true {
            (&denied, "approved by owner")
        } else {
            (&approved, "denied by platform")
        };
        let is_told =
            |said: &Said, words: &[&str]| said.code == 1 && words.iter().all(|word| said.err.contains(word));
        // Either it was too late, or it held for a moment and the other one replaced it knowingly.
        let held = loser.code == 0 && !loser.out.contains(&format!(": API key request {theirs}"));
        assert!(
            held || is_told(loser, &[theirs]),
            "{theirs} is what holds:\n{}{}",
            loser.out,
            loser.err
        );
    }
}

#[tokio::test]
async fn a_key_that_is_parked_at_another_product_can_be_revoked_and_does_not_work_when_it_comes_back() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    stage.must("owner", "approve mobile --yes");
    let (consumer, owner) = (stage.person("consumer").await, stage.person("owner").await);
    let key = Address::new(kinds::KEY, NAMESPACE, "mobile");
    let asks_for = async |product: &str| {
        let patch = json!({ "spec": { "apiProductRef": { "name": product, "namespace": "gamestore" } } });
        consumer.patch(&key, &patch).await.unwrap();
        let request = Address::new(kinds::REQUEST, "gamestore", &request("mobile"));
        let shows = |request: &Value| request["spec"]["apiProductRef"]["name"] == product;
        owner.soon(&request, "shows another product", shows).await;
    };
    let product = Address::new(kinds::PRODUCT, "gamestore", "gamestore-api");
    let mut other = owner.get(&product).await.unwrap();
    other["metadata"] = json!({ "name": "parking", "namespace": "gamestore" });
    other.as_object_mut().unwrap().remove("status");
    owner.create(&other).await.unwrap();
    asks_for("parking").await;
    stage.run("owner", "deny mobile").ended(1).says(&[
        "nobody has decided",
        "also      for product gamestore/gamestore-api: approved by owner at",
        "that ends too",
    ]);
    stage
        .run("owner", "explain key consumer-app/mobile")
        .ended(1)
        .says(&["about another product, gamestore/gamestore-api: approved by owner"]);
    stage
        .must("owner", "revoke mobile --yes")
        .says(&["that ends too", "revoked: API key request denied by owner"]);
    asks_for("gamestore-api").await;
    let is_approved = owner.get(&approval("mobile")).await.unwrap()["spec"]["approved"] == true;
    assert!(!is_approved);
    let (value, _) = stage.values("mobile").await;
    stage.soon_called(&value, 401).await;
}
