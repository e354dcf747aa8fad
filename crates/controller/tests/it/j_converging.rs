//! J. Enforcement secrets follow what they are made from, whatever happens to them.

use keydesk_testkit::conditions::is;
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, approval, auth_policy, automatic_product,
    but, key, named, secret,
};
use keydesk_testkit::hidden::base64;
use keydesk_testkit::wait::{self, next_second};
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};

use crate::stage::{
    Stage, another_key, auth_policy_at, decision_on, enforcement_at, key_at, secret_at, settings,
};

const LABEL: &str = "devportal.kuadrant.io/enforcement=true";

fn holds(value: &str) -> impl Fn(&Value) -> bool {
    let encoded = base64(value.as_bytes());
    move |seen| seen["data"]["api_key"] == encoded
}

#[tokio::test]
async fn s115_a_new_value_replaces_the_old_one() {
    let stage = Stage::approved().await;
    stage
        .patch(&secret_at(), &json!({ "data": { "api_key": base64(b"new456") } }))
        .await;
    stage
        .soon(&enforcement_at(), "has the new value", holds("new456"))
        .await;
    stage
        .stays(&enforcement_at(), "has the new value", holds("new456"))
        .await;
    let all = stage
        .admin
        .select(kinds::SECRET, KUADRANT_NAMESPACE, LABEL)
        .await
        .unwrap();
    assert_eq!(all.len(), 1, "the old value is nowhere");
}

#[tokio::test]
async fn s115_also_in_place_of_a_secret_that_somebody_made_immutable() {
    let stage = Stage::approved().await;
    stage
        .patch(&enforcement_at(), &json!({ "immutable": true }))
        .await;
    stage
        .patch(&secret_at(), &json!({ "data": { "api_key": base64(b"new456") } }))
        .await;
    stage.soon_enforced("has the new value", holds("new456")).await;
    stage.key_is("Approved").await;
}

#[tokio::test]
async fn s116_a_secret_deleted_or_edited_by_hand_is_restored() {
    let stage = Stage::approved().await;
    let wanted = stage.get(&enforcement_at()).await;
    let restored = |seen: &Value| {
        seen["data"] == wanted["data"]
            && seen["metadata"]["labels"] == wanted["metadata"]["labels"]
            && seen["metadata"]["annotations"] == wanted["metadata"]["annotations"]
    };
    stage.delete(&enforcement_at()).await;
    stage.soon(&enforcement_at(), "is restored", restored).await;
    for edit in [
        json!({ "data": { "api_key": base64(b"forged") } }),
        json!({ "data": { "extra": base64(b"x") } }),
        json!({ "metadata": { "labels": { "app": "else" } } }),
        json!({ "metadata": { "labels": { "devportal.kuadrant.io/apiproduct": null } } }),
    ] {
        stage.patch(&enforcement_at(), &edit).await;
        stage
            .soon(&enforcement_at(), &format!("is restored after {edit}"), restored)
            .await;
    }
    // A gateway may have read it: so it is restored under another name.
    let edit = json!({ "metadata": { "annotations": { "secret.kuadrant.io/plan-id": "platinum" } } });
    stage.patch(&enforcement_at(), &edit).await;
    stage.soon_enforced("is restored", restored).await;
}

#[tokio::test]
async fn s117_a_changed_selector_relabels() {
    let stage = Stage::approved().await;
    let labels = json!({ "matchLabels": { "app": "gs2", "role": null } });
    let entry = json!({ "vip-users": { "apiKey": { "selector": labels } } });
    stage
        .patch(
            &auth_policy_at(),
            &json!({ "spec": { "rules": { "authentication": entry } } }),
        )
        .await;
    let seen = stage
        .soon(&enforcement_at(), "has the new labels", |seen| {
            let labels = &seen["metadata"]["labels"];
            labels["app"] == "gs2" && labels.get("role").is_none()
        })
        .await;
    let labels = &seen["metadata"]["labels"];
    assert_eq!(labels["devportal.kuadrant.io/enforcement"], "true");
    assert_eq!(labels["devportal.kuadrant.io/apikey"], "gamestore-apikey");
    assert_eq!(labels["authorino.kuadrant.io/managed-by"], "authorino");
}

#[tokio::test]
async fn s120_a_long_name_is_shortened_and_hurts_nobody() {
    let stage = Stage::empty().await;
    stage.create(&fixtures::kuadrant()).await;
    stage.own(&automatic_product()).await;
    let long = format!(
        "{}.{}",
        "long".repeat(12),
        "name.".repeat(30).trim_end_matches('.')
    );
    assert_eq!(long.len(), 198);
    stage
        .create(&secret(CONSUMER_NAMESPACE, "long", "long-value"))
        .await;
    let key = but(
        another_key(CONSUMER_NAMESPACE, &long),
        &json!({ "spec": { "secretRef": { "name": "long" } } }),
    );
    stage.create(&key).await;
    stage
        .soon(&Address::of(&key), "is approved", |seen| is(seen, "Approved"))
        .await;
    let requests = stage.admin.list(kinds::REQUEST, OWNER_NAMESPACE).await.unwrap();
    let asked: Vec<&Value> = requests
        .iter()
        .filter(|request| request["spec"]["apiKeyRef"]["name"] == long)
        .collect();
    assert_eq!(asked.len(), 1);
    let found = wait::soon(stage.admin.patience(), "a secret with its value", async || {
        let all = stage
            .admin
            .select(kinds::SECRET, KUADRANT_NAMESPACE, LABEL)
            .await
            .unwrap();
        all.into_iter().find(holds("long-value")).ok_or_else(String::new)
    })
    .await;
    assert!(found["metadata"]["name"].as_str().unwrap().len() <= 253);

    // Nobody else notices.
    stage.create(&fixtures::key_secret()).await;
    stage.create(&fixtures::key()).await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    stage.delete(&key_at()).await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage.delete(&Address::of(&key)).await;
    stage.admin.soon_gone(&Address::of(&found)).await;
}

#[tokio::test]
async fn s121_of_two_entries_always_the_same_is_shown() {
    let stage = Stage::approved().await;
    let entry = |app: &str| json!({ "apiKey": { "selector": { "matchLabels": { "app": app } } } });
    let entries = json!({ "another": entry("a"), "vip-users": entry("v"), "zebra": entry("z") });
    stage
        .patch(
            &auth_policy_at(),
            &json!({ "spec": { "rules": { "authentication": entries } } }),
        )
        .await;
    let first = |seen: &Value| {
        seen["status"]["authScheme"]["authenticationSpec"]["selector"]["matchLabels"]["app"] == "a"
    };
    stage.soon(&key_at(), "shows the first entry", first).await;
    stage
        .soon(&enforcement_at(), "is labelled for it", |seen| {
            seen["metadata"]["labels"]["app"] == "a"
        })
        .await;
    stage.is_at_rest(&key_at()).await;
    let version = stage.get(&key_at()).await["metadata"]["resourceVersion"].clone();
    for turn in 0..50 {
        let touch = json!({ "metadata": { "annotations": { "turn": turn.to_string() } } });
        stage.patch(&auth_policy_at(), &touch).await;
    }
    stage
        .stays(&key_at(), "is not written", |seen| {
            seen["metadata"]["resourceVersion"] == version
        })
        .await;
}

#[tokio::test]
async fn s122_labels_are_made_for_match_expressions() {
    let stage = Stage::pending().await;
    let selector = json!({
        "matchLabels": null,
        "matchExpressions": [
            { "key": "tier", "operator": "In", "values": ["vip"] },
            { "key": "app", "operator": "Exists" },
        ],
    });
    let entry = json!({ "vip-users": { "apiKey": { "selector": selector } } });
    stage
        .patch(
            &auth_policy_at(),
            &json!({ "spec": { "rules": { "authentication": entry } } }),
        )
        .await;
    stage.create(&approval()).await;
    stage
        .soon(&enforcement_at(), "matches the selector", |seen| {
            let labels = &seen["metadata"]["labels"];
            labels["tier"] == "vip" && labels["app"].is_string()
        })
        .await;
}

#[tokio::test]
async fn s123_of_two_kuadrants_one_counts_until_it_goes() {
    let stage = Stage::approved().await;
    stage.world.namespace("kuadrant-two").await;
    let second = named(fixtures::kuadrant(), "kuadrant-two", "a-second");
    stage.create(&second).await;
    stage.stays(&enforcement_at(), "is where it was", |_| true).await;
    let moved = Address {
        namespace: "kuadrant-two".to_owned(),
        ..enforcement_at()
    };
    // Equally old ones go by namespace and name, and the first one is first in both.
    stage.admin.stays_gone(&moved).await;

    stage.delete(&Address::of(&fixtures::kuadrant())).await;
    stage.soon(&moved, "has moved", holds("abc123")).await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage.key_is("Approved").await;
}

#[tokio::test]
async fn s118_a_tier_approved_anew_leaves_no_secret_of_the_old_one() {
    let stage = Stage::automatic().await;
    stage
        .create(&but(key(), &json!({ "spec": { "planTier": "bronze" } })))
        .await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    let plan = |tier: &'static str| {
        move |seen: &Value| seen["metadata"]["annotations"]["secret.kuadrant.io/plan-id"] == tier
    };
    let mut names = vec![enforcement_at().name];
    for tier in ["gold", "bronze", "gold"] {
        // What was approved in the same second may be on the terms before.
        next_second().await;
        stage
            .patch(&key_at(), &json!({ "spec": { "planTier": tier } }))
            .await;
        let seen = stage.soon_enforced(&format!("is for {tier}"), plan(tier)).await;
        assert!(holds("abc123")(&seen));
        names.push(seen["metadata"]["name"].as_str().unwrap().to_owned());
    }
    names.sort();
    names.dedup();
    assert_eq!(
        names.len(),
        4,
        "Authorino keeps what it read under a name: {names:?}"
    );
    stage.delete(&key_at()).await;
    stage.soon_nothing_enforced().await;
}

#[tokio::test]
async fn s118_a_value_is_in_some_secret_at_every_moment() {
    let stage = Stage::approved().await;
    let looking = tokio::spawn({
        let admin = stage.admin.clone();
        async move {
            let mut moments = 0;
            loop {
                let all = admin
                    .select(kinds::SECRET, KUADRANT_NAMESPACE, LABEL)
                    .await
                    .unwrap();
                assert!(all.iter().any(holds("abc123")), "after {moments} looks");
                moments += 1;
                if all
                    .iter()
                    .all(|secret| secret["metadata"]["annotations"]["secret.kuadrant.io/plan-id"] == "bronze")
                {
                    break;
                }
            }
        }
    });
    stage
        .patch(&key_at(), &json!({ "spec": { "planTier": "bronze" } }))
        .await;
    next_second().await;
    stage.create(&decision_on(&key(), "bronze", true)).await;
    tokio::time::timeout(std::time::Duration::from_secs(20), looking)
        .await
        .expect("bronze is enforced")
        .unwrap();
}

/// Puts other verbs for Secrets into the controller's role.
async fn restrict(stage: &Stage, verbs: &Value) {
    let address = Address::new(kinds::CLUSTER_ROLE, "", "manager-role");
    let mut role = stage.get(&address).await;
    for rule in role["rules"].as_array_mut().unwrap() {
        if rule["resources"] == json!(["secrets"]) {
            rule["verbs"] = verbs.clone();
        }
    }
    stage.admin.replace(&role).await.unwrap();
}

/// Sees that secrets follow values and tiers, and go.
async fn follows(stage: &Stage) {
    stage
        .patch(&secret_at(), &json!({ "data": { "api_key": base64(b"new456") } }))
        .await;
    stage
        .soon(&enforcement_at(), "has the new value", holds("new456"))
        .await;
    stage
        .patch(&auth_policy_at(), &json!({ "spec": auth_policy()["spec"] }))
        .await;
    stage
        .patch(&key_at(), &json!({ "spec": { "planTier": "bronze" } }))
        .await;
    next_second().await;
    stage.create(&decision_on(&key(), "bronze", true)).await;
    stage
        .soon_enforced("is for bronze", |seen| {
            seen["metadata"]["annotations"]["secret.kuadrant.io/plan-id"] == "bronze" && holds("new456")(seen)
        })
        .await;
    next_second().await;
    stage.create(&decision_on(&key(), "no", false)).await;
    stage.key_is("Denied").await;
    stage.soon_nothing_enforced().await;
}

#[tokio::test]
async fn s129_without_the_right_to_update_secrets_they_still_follow() {
    let mut stage = Stage::approved().await;
    stage.stop().await;
    restrict(&stage, &json!(["create", "delete", "get", "list", "watch"])).await;
    stage.start(settings());
    follows(&stage).await;
}

#[tokio::test]
async fn s129_the_right_to_write_secrets_may_end_at_the_kuadrant_namespace() {
    let mut stage = Stage::approved().await;
    stage.stop().await;
    restrict(&stage, &json!(["get", "list", "watch"])).await;
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "name": "test-secret-writer" },
        "rules": [{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "delete", "update"] }],
    });
    stage.admin.put(&role).await.unwrap();
    let controller = "system:serviceaccount:developer-portal-controller-system:controller-manager";
    stage
        .world
        .bind(controller, "test-secret-writer", KUADRANT_NAMESPACE)
        .await;
    stage.start(settings());
    follows(&stage).await;
}
