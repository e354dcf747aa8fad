//! Who may not is told what is missing and who grants it.

use super::stage::{PRODUCT, Stage};

#[tokio::test]
async fn each_side_is_told_what_the_other_sides_commands_need() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let cases = [
        (
            "consumer",
            "approve consumer-app/mobile -n gamestore --yes",
            "you may not get apikeyrequests.devportal.kuadrant.io",
            "ClusterRole api-owner, bound in namespace gamestore",
        ),
        (
            "consumer",
            "requests -n gamestore",
            "you may not list apikeyrequests.devportal.kuadrant.io in namespace gamestore",
            "ClusterRole api-owner",
        ),
        (
            "owner",
            "keys -n consumer-app",
            "you may not list apikeys.devportal.kuadrant.io in namespace consumer-app",
            "ClusterRole api-consumer, bound in namespace consumer-app",
        ),
        (
            "owner",
            "requests -A",
            "in all namespaces",
            "or name one namespace with -n",
        ),
        (
            "owner",
            "rotate consumer-app/mobile",
            "you may not get apikeys.devportal.kuadrant.io \"mobile\"",
            "ClusterRole api-consumer",
        ),
        (
            "other-owner",
            "deny consumer-app/mobile -n gamestore --yes",
            "you may not get apikeyrequests",
            "ClusterRole api-owner",
        ),
        (
            "other-consumer",
            "rotate consumer-app/mobile",
            "you may not get apikeys",
            "ClusterRole api-consumer",
        ),
        (
            "platform",
            "rotate consumer-app/mobile",
            "you may not get secrets \"mobile-secret\" in namespace consumer-app",
            "ClusterRole api-consumer",
        ),
        (
            "platform",
            "request gamestore/gamestore-api --tier gold --email p@example.com -n other-app",
            "you may not create secrets \"gamestore-api-secret\" in namespace other-app",
            "ClusterRole api-consumer",
        ),
    ];
    let before = stage.values("mobile").await;
    for (person, line, what, who) in cases {
        stage.run(person, line).ended(1).says(&[what, who]);
    }
    assert_eq!(stage.values("mobile").await, before);
    stage
        .must("owner", "requests --pending")
        .says(&["consumer-app/mobile", "Pending"]);
}

#[tokio::test]
async fn an_explanation_says_what_may_not_be_read() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    stage
        .run("other-owner", "explain key consumer-app/mobile")
        .ended(1)
        .says(&[
            "you may not get apikeys",
            "if you own the product, name its namespace with -n",
        ]);
    stage
        .run("consumer", "explain key mobil")
        .ended(1)
        .says(&["in namespace consumer-app there is mobile"]);
    stage
        .must("consumer", &format!("explain product {PRODUCT}"))
        .says(&["you may not list requests in namespace gamestore"]);
    stage
        .must("owner", &format!("explain product {PRODUCT}"))
        .says(&["1 wait for a decision", "keydesk requests --pending -n gamestore"]);
}
