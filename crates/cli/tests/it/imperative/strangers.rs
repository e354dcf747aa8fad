//! What others put into a cluster: it takes nothing away from who lists it beside their own, and from who decides on it.

use keydesk_testkit::{Address, fixtures::request_name, kinds};
use serde_json::json;

use super::stage::{NAMESPACE, PRODUCT, Stage};

/// Columns of the widest line that may come of it.
const SCREEN: usize = 420;

#[tokio::test]
async fn a_text_of_seventy_thousand_characters_breaks_no_list_and_fills_no_screen() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let consumer = stage.person("consumer").await;
    let key = Address::new(kinds::KEY, NAMESPACE, "mobile");
    let long = "x".repeat(4_000);
    let use_case = format!(
        "mine{}now       Approved: by owner{}",
        " ".repeat(200),
        "y".repeat(70_000)
    );
    let patch = json!({ "spec": { "requestedBy": { "userId": long }, "useCase": use_case } });
    consumer.patch(&key, &patch).await.unwrap();
    let request = Address::new(kinds::REQUEST, "gamestore", &request_name(NAMESPACE, "mobile"));
    let owner = stage.person("owner").await;
    owner
        .soon(&request, "asks at length", |request| {
            request["spec"]["requestedBy"]["userId"] == long.as_str()
        })
        .await;
    for (person, line, code) in [
        ("consumer", "keys", 0),
        ("consumer", "keys -o wide", 0),
        ("owner", "requests", 0),
        ("consumer", "explain key mobile", 1),
        ("owner", "explain key consumer-app/mobile", 1),
        ("owner", "deny mobile", 1),
    ] {
        let said = stage.run(person, line).ended(code).says(&["mobile"]);
        let widest = said.out.lines().map(|line| line.chars().count()).max();
        let most = if line.ends_with("wide") {
            2 * SCREEN
        } else {
            SCREEN
        };
        assert!(widest < Some(most), "{line}: {widest:?}\n{}", said.out);
    }
    let sheet = stage.run("owner", "deny mobile").ended(1);
    sheet.says(&["use case  mine now Approved: by owner", "characters left out"]);
    let whole = stage.must("owner", "requests -o json").json();
    assert_eq!(whole[0]["terms"]["userId"], long.as_str());
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_left_out_and_named() {
    let stage = Stage::start().await;
    let admin = stage.person("admin").await;
    let definition = Address::new(kinds::CRD, "", "apiproducts.devportal.kuadrant.io");
    let mut crd = admin.get(&definition).await.unwrap();
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] =
        json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    admin.replace(&crd).await.unwrap();
    let odd = json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIProduct",
        "metadata": { "name": "odd", "namespace": "gamestore" }, "spec": 5,
    });
    admin.create(&odd).await.unwrap();
    let listed = stage.must("admin", "products -A").says(&[
        "gamestore-api",
        "left out: APIProduct gamestore/odd cannot be read: invalid type: integer `5`",
    ]);
    assert!(!listed.out.contains("odd"), "{}", listed.out);
    stage.must("owner", &format!("explain product {PRODUCT}"));
    stage.run("owner", "explain product odd").ended(1).says(&[
        "error: APIProduct gamestore/odd cannot be read: invalid type",
        "kubectl edit apiproducts.devportal.kuadrant.io odd -n gamestore",
    ]);
}

#[tokio::test]
async fn who_denies_a_change_is_told_that_the_key_ends_with_it() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    stage.must("owner", "approve mobile --yes");
    let key = Address::new(kinds::KEY, NAMESPACE, "mobile");
    let consumer = stage.person("consumer").await;
    consumer
        .patch(&key, &json!({ "spec": { "planTier": "bronze" } }))
        .await
        .unwrap();
    let request = Address::new(kinds::REQUEST, "gamestore", &request_name(NAMESPACE, "mobile"));
    let owner = stage.person("owner").await;
    owner
        .soon(&request, "asks for bronze", |request| {
            request["status"]["conditions"]
                .to_string()
                .contains("TermsChanged")
        })
        .await;
    stage
        .must("owner", "requests")
        .says(&["gold -> bronze", "Approved, asks for other terms"]);
    stage.must("owner", "deny mobile --yes").says(&[
        "change    plan tier bronze instead of gold",
        "ends      the key as it was approved, for tier gold: with a denial it works no more",
        "instead   to refuse only the change, decide nothing",
        "denied: ",
    ]);
}
