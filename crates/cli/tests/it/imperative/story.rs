//! The whole story: asked for, approved, called, rotated, revoked; and nobody's output shows a value.

use super::stage::{PRODUCT, Stage};

#[tokio::test]
async fn a_key_is_asked_for_approved_called_rotated_and_revoked_without_yaml() {
    let stage = Stage::start().await;
    stage
        .must("consumer", "products")
        .says(&["gamestore-api", "gold,silver,bronze", "manual"]);
    stage
        .run("consumer", "request gamestore-api --tier gold")
        .ended(1)
        .says(&["no APIProduct in namespace consumer-app: did you mean gamestore/gamestore-api?"]);
    let asked = stage
        .must(
            "consumer",
            &format!("request {PRODUCT} --tier gold --email ada@example.com --use-case games --name mobile --expires-in 30d"),
        )
        .says(&["APIKey consumer-app/mobile", "to read its value: kubectl get secret mobile-secret"]);
    assert_eq!(asked.out, "", "the value is asked for, or not shown");
    let (first, _) = stage.values("mobile").await;
    assert!(first.starts_with("keydesk_") && first.len() == 54);
    let mut all = vec![asked];

    stage.ask("other").await;
    all.push(
        stage
            .must("consumer", "keys")
            .says(&["mobile", "Pending", "gold"]),
    );
    all.push(stage.run("consumer", "explain key mobile").ended(1).says(&[
        "NO  decisions",
        "to do: the owner of the product: keydesk approve consumer-app/mobile -n gamestore",
    ]));
    all.push(
        stage
            .must("owner", "requests --pending -o wide")
            .says(&["consumer-app/mobile", "ada@example.com"]),
    );
    assert_eq!(stage.call(&first).await, 401);

    all.push(
        stage
            .must("owner", "approve consumer-app/mobile --yes -m welcome")
            .says(&[
                "tier      gold: 100 calls in 24h",
                "use case  games",
                "approved by owner: welcome",
            ]),
    );
    stage.soon_called(&first, 200).await;
    all.push(
        stage
            .must("consumer", "explain key mobile")
            .says(&["works: API key request approved by owner"]),
    );
    all.push(
        stage
            .must("owner", "explain key consumer-app/mobile")
            .says(&["ok  decisions  approved by owner"]),
    );
    all.push(stage.must("admin", "explain key consumer-app/mobile -o json"));
    assert_eq!(all.last().unwrap().json()["works"], true);

    all.push(
        stage
            .must("consumer", "rotate mobile")
            .says(&["the old one works beside it until"]),
    );
    let (second, previous) = stage.values("mobile").await;
    assert_ne!(first, second);
    assert_eq!(previous.as_deref(), Some(first.as_str()));
    stage.soon_called(&second, 200).await;
    all.push(
        stage
            .must("consumer", "explain key mobile")
            .says(&["revious value is accepted until"]),
    );

    all.push(
        stage
            .must("owner", "revoke mobile --yes --message misused")
            .says(&["revoked: API key request denied by owner: misused"]),
    );
    stage.soon_called(&second, 401).await;
    all.push(
        stage
            .must("consumer", "keys -o wide")
            .says(&["Denied", "denied by owner: misused"]),
    );
    all.push(
        stage
            .run("consumer", "explain key mobile")
            .ended(1)
            .says(&["does not work"]),
    );
    for said in all {
        said.hides(&first).hides(&second);
    }
    let (_, said) = stage.up.interrupt().await;
    assert!(!said.contains(&first) && !said.contains(&second));
}
