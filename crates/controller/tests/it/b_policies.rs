//! B. Which of several policies is the one that holds.

use keydesk_testkit::Address;
use keydesk_testkit::conditions::{has, message, says};
use keydesk_testkit::fixtures::{
    self, OWNER_NAMESPACE, auth_policy, but, named, on_gateway, plan_policy, policy_status, product,
    vip_users,
};
use serde_json::{Value, json};

use crate::stage::{Stage, auth_policy_at, plan_policy_at, product_at};

#[tokio::test]
async fn s026_rules_under_defaults_or_overrides_are_discovered() {
    for block in ["defaults", "overrides"] {
        let stage = Stage::empty().await;
        stage.route(&fixtures::route()).await;
        let rules = auth_policy()["spec"]["rules"].clone();
        let spec = json!({ "spec": { "rules": null, block: { "rules": rules } } });
        stage.policy(&but(auth_policy(), &spec)).await;
        stage.create(&product()).await;
        stage
            .soon(&product_at(), &format!("has the scheme of {block}"), |seen| {
                let entry = &seen["status"]["discoveredAuthScheme"]["authentication"]["vip-users"];
                has(seen, "AuthPolicyDiscovered", "True", "Found")
                    && entry["apiKey"]["selector"] == vip_users()["apiKey"]["selector"]
            })
            .await;
    }
}

#[tokio::test]
async fn s027_a_gateway_policy_that_overrides_the_route_is_the_effective_one() {
    let stage = Stage::owned().await;
    let entry = json!({ "apiKey": { "selector": { "matchLabels": { "app": "whole-gateway" } } } });
    let overrides = json!({ "rules": { "authentication": { "everybody": entry } } });
    let wide = but(
        auth_policy(),
        &json!({ "spec": { "rules": null, "overrides": overrides } }),
    );
    stage
        .policy(&on_gateway(
            named(wide, OWNER_NAMESPACE, "gateway-auth"),
            "gamestore",
        ))
        .await;
    stage
        .patch_status(&auth_policy_at(), &policy_status(true, false))
        .await;
    let words = "Discovered AuthPolicy gateway-auth targeting Gateway gamestore";
    let seen = stage
        .soon(&product_at(), "has the scheme of the gateway", |seen| {
            says(seen, "AuthPolicyDiscovered", "True", "Found", words)
        })
        .await;
    let entries = seen["status"]["discoveredAuthScheme"]["authentication"]
        .as_object()
        .unwrap();
    assert_eq!(entries.keys().collect::<Vec<_>>(), ["everybody"]);
}

#[tokio::test]
async fn s028_of_two_plan_policies_the_oldest_is_chosen_always() {
    let stage = Stage::owned().await;
    let plans =
        json!({ "spec": { "plans": [{ "tier": "other", "predicate": "true", "limits": { "daily": 1 } }] } });
    let other = named(but(plan_policy(), &plans), OWNER_NAMESPACE, "another-plan");
    stage.policy(&other).await;
    // Creation times have whole seconds: within one second the name decides.
    let created = async |address: &Address| {
        stage.get(address).await["metadata"]["creationTimestamp"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let other_is_as_old = created(&Address::of(&other)).await == created(&plan_policy_at()).await;
    let chosen = if other_is_as_old {
        "another-plan"
    } else {
        "gamestore-plan"
    };
    let words = format!("Discovered PlanPolicy {chosen} targeting HTTPRoute gamestore");
    let holds = |seen: &Value| message(seen, "PlanPolicyDiscovered") == words;
    stage.soon(&product_at(), &format!("uses {chosen}"), holds).await;

    let version = stage.get(&product_at()).await["metadata"]["resourceVersion"].clone();
    for turn in 0..25 {
        let touch = json!({ "metadata": { "annotations": { "turn": turn.to_string() } } });
        stage.patch(&Address::of(&other), &touch).await;
        stage.patch(&plan_policy_at(), &touch).await;
    }
    stage.stays(&product_at(), &format!("uses {chosen}"), holds).await;
    assert_eq!(
        stage.get(&product_at()).await["metadata"]["resourceVersion"],
        version,
        "no write"
    );
}

#[tokio::test]
async fn s029_a_policy_that_is_being_deleted_is_gone() {
    let stage = Stage::owned().await;
    stage
        .patch(
            &auth_policy_at(),
            &json!({ "metadata": { "finalizers": ["example.com/held"] } }),
        )
        .await;
    stage.delete(&auth_policy_at()).await;
    let held = stage.get(&auth_policy_at()).await;
    assert!(
        held["metadata"]["deletionTimestamp"].is_string(),
        "the finalizer holds it"
    );
    let seen = stage
        .soon(&product_at(), "has no authentication", |seen| {
            has(seen, "AuthPolicyDiscovered", "False", "NotFound")
        })
        .await;
    assert_eq!(seen["status"].get("discoveredAuthScheme"), None);
}
