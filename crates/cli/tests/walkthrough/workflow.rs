//! W1 to W5: the workflow, typed by the consumer and the owner.

use crate::stage::{ENFORCEMENT, REQUEST, Stage, soon, soon_fails, table};

const KEY: &str = "get apik gamestore-apikey -n consumer-app";

#[tokio::test]
async fn w1_a_key_is_asked_for_approved_and_enforced() {
    let stage = Stage::start(&[]).await;
    let (consumer, owner, admin) = (
        stage.kubectl("consumer"),
        stage.kubectl("owner"),
        stage.kubectl("admin"),
    );
    stage.ask().await;
    let seen = consumer.must(KEY).await;
    assert_eq!(
        table(&seen),
        [
            vec!["NAME", "APPROVED", "API", "PLAN", "USER", "AGE"],
            vec!["gamestore-apikey", "gamestore-api", "gold", "user-12345"],
        ]
    );
    let request = soon(
        &owner,
        &format!("get apikeyrequest {REQUEST} -n gamestore -o yaml"),
        |said| said.contains("message: API key request is awaiting approval"),
    )
    .await;
    assert!(
        !request.contains("abc123") && !request.contains("secretRef"),
        "{request}"
    );

    owner.must("apply -f examples/gamestore/4-approval.yaml").await;
    soon(&consumer, KEY, |said| {
        table(said)[1][..2] == ["gamestore-apikey", "True"]
    })
    .await;
    let status = consumer.must(&format!("{KEY} -o yaml")).await;
    for words in [
        "message: 'API key request approved by api-owner@gamestore.com: Valid use case'",
        "apiHostname: api.gamestore.example.com",
        "daily: 100",
        "prefix: APIKEY",
    ] {
        assert!(status.contains(words), "{words:?} is not in\n{status}");
    }
    let secret = soon(
        &admin,
        &format!("get secret {ENFORCEMENT} -n kuadrant-system -o yaml"),
        |_| true,
    )
    .await;
    for words in [
        "api_key: YWJjMTIz",
        "secret.kuadrant.io/plan-id: gold",
        "secret.kuadrant.io/user-id: user-12345",
        "devportal.kuadrant.io/enforcement: \"true\"",
        "authorino.kuadrant.io/managed-by: authorino",
        "app: gamestore",
        "role: admin",
    ] {
        assert!(secret.contains(words), "{words:?} is not in\n{secret}");
    }
    // Neither person sees the other's side.
    let line = format!("get secret {ENFORCEMENT} -n kuadrant-system");
    for person in [&consumer, &owner] {
        let refused = person.run(&line).await;
        assert!(!refused.well && refused.err.contains("Forbidden"), "{refused:?}");
    }
}

#[tokio::test]
async fn w2_w3_an_owner_denies_and_thinks_again() {
    let stage = Stage::start(&[]).await;
    let (consumer, owner, admin) = (
        stage.kubectl("consumer"),
        stage.kubectl("owner"),
        stage.kubectl("admin"),
    );
    stage.ask().await;
    let denial = format!(
        "apiVersion: devportal.kuadrant.io/v1alpha1\nkind: APIKeyApproval\n\
         metadata:\n  name: gamestore-approval-12345\n  namespace: gamestore\n\
         spec:\n  apiKeyRequestRef:\n    name: {REQUEST}\n  approved: false\n  reviewedBy: api-owner@gamestore.com\n  \
         reviewedAt: \"2026-04-10T12:00:00Z\"\n  reason: Denied\n  message: Insufficient justification\n"
    );
    let said = owner.apply(&denial).await;
    assert!(said.well, "{}", said.err);
    let told = "API key request denied by api-owner@gamestore.com: Insufficient justification";
    soon(&consumer, &format!("{KEY} -o yaml"), |said| said.contains(told)).await;
    let enforcement = format!("get secret {ENFORCEMENT} -n kuadrant-system");
    assert!(admin.run(&enforcement).await.err.contains("not found"));

    let patch = "patch apikeyapproval gamestore-approval-12345 -n gamestore --type=merge -p";
    owner
        .must(&format!(
            r#"{patch} {{"spec":{{"approved":true,"message":"Explained"}}}}"#
        ))
        .await;
    soon(&admin, &enforcement, |said| said.contains(ENFORCEMENT)).await;
    soon(&consumer, KEY, |said| table(said)[1][1] == "True").await;

    owner
        .must(&format!(
            r#"{patch} {{"spec":{{"approved":false,"message":"Misused"}}}}"#
        ))
        .await;
    soon(&consumer, &format!("{KEY} -o yaml"), |said| {
        said.contains("denied by api-owner@gamestore.com: Misused")
    })
    .await;
    soon_fails(&admin, &enforcement, "not found").await;
}

#[tokio::test]
async fn w4_an_automatic_product_approves_at_once() {
    let stage = Stage::start(&[]).await;
    let (consumer, owner, admin) = (
        stage.kubectl("consumer"),
        stage.kubectl("owner"),
        stage.kubectl("admin"),
    );
    let automatic = r#"{"spec":{"approvalMode":"automatic"}}"#;
    owner
        .must(&format!(
            "patch apiproduct gamestore-api -n gamestore --type=merge -p {automatic}"
        ))
        .await;
    consumer.must("apply -f examples/gamestore/3-consumer.yaml").await;
    let told = "approved by system: Automatically approved based on APIProduct approval mode";
    soon(&consumer, &format!("{KEY} -o json"), |said| said.contains(told)).await;
    soon(
        &owner,
        &format!("get apikeyapproval {REQUEST}-auto -n gamestore"),
        |said| said.contains("-auto"),
    )
    .await;
    soon(
        &admin,
        &format!("get secret {ENFORCEMENT} -n kuadrant-system"),
        |said| said.contains(ENFORCEMENT),
    )
    .await;
}

#[tokio::test]
async fn w5_everything_goes_with_the_key_that_its_consumer_deletes() {
    let stage = Stage::start(&[]).await;
    let (consumer, owner, admin) = (
        stage.kubectl("consumer"),
        stage.kubectl("owner"),
        stage.kubectl("admin"),
    );
    stage.approve().await;
    consumer
        .must("delete apikey gamestore-apikey -n consumer-app")
        .await;
    soon_fails(
        &owner,
        &format!("get apikeyrequest {REQUEST} -n gamestore"),
        "not found",
    )
    .await;
    soon_fails(
        &owner,
        "get apikeyapproval gamestore-approval-12345 -n gamestore",
        "not found",
    )
    .await;
    soon_fails(
        &admin,
        &format!("get secret {ENFORCEMENT} -n kuadrant-system"),
        "not found",
    )
    .await;
    consumer
        .must("get secret gamestore-apikey-secret -n consumer-app")
        .await;
}
