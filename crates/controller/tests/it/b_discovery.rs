//! B. What a product finds out about its route, its plans and its authentication.

use keydesk_testkit::conditions::{condition, has, message, says};
use keydesk_testkit::fixtures::{
    self, OWNER_NAMESPACE, but, named, on_gateway, policy_status, product, route, route_status, vip_users,
};
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};

use crate::stage::{Stage, auth_policy_at, in_namespace, key_at, plan_policy_at, product_at, route_at};

#[tokio::test]
async fn s013_plans_are_discovered_in_order_and_without_predicates() {
    let stage = Stage::owned().await;
    let product = stage.get(&product_at()).await;
    let plans = json!([
        { "tier": "gold", "limits": { "daily": 100 } },
        { "tier": "silver", "limits": { "daily": 50 } },
        { "tier": "bronze", "limits": { "daily": 10 } },
    ]);
    assert_eq!(product["status"]["discoveredPlans"], plans);
    let words = "Discovered PlanPolicy gamestore-plan targeting HTTPRoute gamestore";
    assert_eq!(message(&product, "PlanPolicyDiscovered"), words);
}

#[tokio::test]
async fn s014_the_authentication_of_the_route_is_discovered() {
    let stage = Stage::owned().await;
    let product = stage.get(&product_at()).await;
    let words = "Discovered AuthPolicy gamestore-auth targeting HTTPRoute gamestore";
    assert!(
        says(&product, "AuthPolicyDiscovered", "True", "Found", words),
        "{product:#}"
    );
    assert!(says(
        &product,
        "Ready",
        "True",
        "HTTPRouteAccepted",
        "HTTPRoute gamestore/gamestore accepted"
    ));
    let entry = &product["status"]["discoveredAuthScheme"]["authentication"]["vip-users"];
    assert_eq!(entry["apiKey"]["selector"], vip_users()["apiKey"]["selector"]);
    assert_eq!(entry["credentials"]["authorizationHeader"]["prefix"], "APIKEY");
    assert_eq!(
        product["status"]["observedGeneration"],
        product["metadata"]["generation"]
    );
}

#[tokio::test]
async fn s015_plans_of_the_parent_gateway_are_discovered() {
    let stage = Stage::empty().await;
    stage.route(&route()).await;
    stage
        .policy(&on_gateway(fixtures::plan_policy(), "gamestore"))
        .await;
    stage.create(&product()).await;
    let seen = stage
        .soon(&product_at(), "has plans", |seen| {
            has(seen, "PlanPolicyDiscovered", "True", "Found")
        })
        .await;
    let words = "Discovered PlanPolicy gamestore-plan targeting Gateway gamestore";
    assert_eq!(message(&seen, "PlanPolicyDiscovered"), words);
}

#[tokio::test]
async fn s016_policies_of_a_gateway_elsewhere_are_discovered_and_namesakes_are_not() {
    let stage = Stage::empty().await;
    stage.world.namespace("gw-ns").await;
    stage.world.namespace("third").await;
    let plans = json!({ "spec": { "plans": [{ "tier": "wrong", "predicate": "true", "limits": {} }] } });
    let namesake = but(
        in_namespace(on_gateway(fixtures::plan_policy(), "gamestore"), "third"),
        &plans,
    );
    stage.policy(&namesake).await;
    stage
        .policy(&in_namespace(
            on_gateway(fixtures::auth_policy(), "gamestore"),
            "third",
        ))
        .await;
    let parent = json!([{ "name": "gamestore", "namespace": "gw-ns" }]);
    stage
        .route(&but(route(), &json!({ "spec": { "parentRefs": parent } })))
        .await;
    stage.create(&product()).await;
    stage
        .soon(&product_at(), "finds no policy", |seen| {
            has(seen, "PlanPolicyDiscovered", "False", "NotFound")
                && has(seen, "AuthPolicyDiscovered", "False", "NotFound")
        })
        .await;

    stage
        .policy(&in_namespace(
            on_gateway(fixtures::plan_policy(), "gamestore"),
            "gw-ns",
        ))
        .await;
    stage
        .policy(&in_namespace(
            on_gateway(fixtures::auth_policy(), "gamestore"),
            "gw-ns",
        ))
        .await;
    let seen = stage
        .soon(&product_at(), "finds the policies of its gateway", |seen| {
            has(seen, "PlanPolicyDiscovered", "True", "Found")
                && has(seen, "AuthPolicyDiscovered", "True", "Found")
        })
        .await;
    assert_eq!(seen["status"]["discoveredPlans"][0]["tier"], "gold");
}

#[tokio::test]
async fn s017_plans_of_the_route_go_before_those_of_the_gateway() {
    let stage = Stage::empty().await;
    let plans =
        json!({ "spec": { "plans": [{ "tier": "wide", "predicate": "true", "limits": { "daily": 1 } }] } });
    let wide = named(
        but(fixtures::plan_policy(), &plans),
        OWNER_NAMESPACE,
        "a-gateway-plan",
    );
    stage.policy(&on_gateway(wide, "gamestore")).await;
    stage.own(&product()).await;
    let tiers = |seen: &Value| seen["status"]["discoveredPlans"].as_array().map(Vec::len) == Some(3);
    stage
        .stays(&product_at(), "has the three plans of the route", tiers)
        .await;
}

#[tokio::test]
async fn s018_a_product_without_plans_is_ready_all_the_same() {
    let stage = Stage::empty().await;
    stage.route(&route()).await;
    stage.create(&product()).await;
    let seen = stage
        .soon(&product_at(), "has no plans", |seen| {
            says(
                seen,
                "PlanPolicyDiscovered",
                "False",
                "NotFound",
                "PlanPolicy not found",
            ) && has(seen, "Ready", "True", "HTTPRouteAccepted")
        })
        .await;
    assert_eq!(seen["status"].get("discoveredPlans"), None);
}

#[tokio::test]
async fn s019_a_product_without_its_route_says_so() {
    let stage = Stage::empty().await;
    stage.policy(&fixtures::plan_policy()).await;
    stage.policy(&fixtures::auth_policy()).await;
    stage.create(&product()).await;
    let words = "HTTPRoute gamestore/gamestore not found";
    stage
        .soon(&product_at(), "misses its route", |seen| {
            says(seen, "Ready", "False", "HTTPRouteNotFound", words)
                && says(
                    seen,
                    "PlanPolicyDiscovered",
                    "False",
                    "NotFound",
                    "PlanPolicy not found",
                )
                && says(
                    seen,
                    "AuthPolicyDiscovered",
                    "False",
                    "NotFound",
                    "AuthPolicy not found",
                )
        })
        .await;
}

#[tokio::test]
async fn s020_a_product_whose_route_is_not_accepted_still_shows_its_plans() {
    let stage = Stage::owned().await;
    stage.patch_status(&route_at(), &route_status(&[false])).await;
    let words = "HTTPRoute gamestore/gamestore not accepted";
    let seen = stage
        .soon(&product_at(), "is not ready", |seen| {
            says(seen, "Ready", "False", "HTTPRouteNotAccepted", words)
        })
        .await;
    assert_eq!(seen["status"]["discoveredPlans"][0]["tier"], "gold");
}

#[tokio::test]
async fn s021_one_parent_that_accepts_the_route_is_enough() {
    let stage = Stage::owned().await;
    stage
        .patch_status(&route_at(), &route_status(&[false, false]))
        .await;
    stage
        .soon(&product_at(), "is not ready", |seen| {
            has(seen, "Ready", "False", "HTTPRouteNotAccepted")
        })
        .await;
    stage
        .patch_status(&route_at(), &route_status(&[false, true]))
        .await;
    stage
        .soon(&product_at(), "is ready", |seen| {
            has(seen, "Ready", "True", "HTTPRouteAccepted")
        })
        .await;
}

#[tokio::test]
async fn s022_authentication_counts_only_while_accepted_and_enforced() {
    let stage = Stage::owned().await;
    let missing = json!({ "conditions": [policy_status(true, true)["conditions"][0]] });
    for status in [policy_status(false, true), policy_status(true, false), missing] {
        stage.patch_status(&auth_policy_at(), &status).await;
        let words = "AuthPolicy not accepted or not enforced";
        let seen = stage
            .soon(&product_at(), "waits for the policy", |seen| {
                says(seen, "AuthPolicyDiscovered", "False", "AuthPolicyNotReady", words)
            })
            .await;
        assert_eq!(seen["status"].get("discoveredAuthScheme"), None);

        stage
            .patch_status(&auth_policy_at(), &policy_status(true, true))
            .await;
        stage
            .soon(&product_at(), "finds the policy", |seen| {
                has(seen, "AuthPolicyDiscovered", "True", "Found")
                    && seen["status"]["discoveredAuthScheme"].is_object()
            })
            .await;
    }
}

#[tokio::test]
async fn s023_authentication_goes_with_its_policy() {
    let stage = Stage::owned().await;
    stage.delete(&auth_policy_at()).await;
    let seen = stage
        .soon(&product_at(), "has no authentication", |seen| {
            says(
                seen,
                "AuthPolicyDiscovered",
                "False",
                "NotFound",
                "AuthPolicy not found",
            )
        })
        .await;
    assert_eq!(seen["status"].get("discoveredAuthScheme"), None);
}

#[tokio::test]
async fn s024_an_edited_plan_reaches_product_and_keys() {
    let stage = Stage::pending().await;
    let mut plans = fixtures::plan_policy()["spec"]["plans"].clone();
    plans[0]["limits"]["daily"] = json!(200);
    stage
        .patch(&plan_policy_at(), &json!({ "spec": { "plans": plans } }))
        .await;
    stage
        .soon(&product_at(), "has 200 a day", |seen| {
            seen["status"]["discoveredPlans"][0]["limits"]["daily"] == 200
        })
        .await;
    stage
        .soon(&key_at(), "has 200 a day", |seen| {
            seen["status"]["limits"]["daily"] == 200
        })
        .await;
}

#[tokio::test]
async fn s025_events_that_change_nothing_write_nothing() {
    let stage = Stage::owned().await;
    let before = stage.get(&product_at()).await;
    for touched in [route_at(), auth_policy_at(), plan_policy_at()] {
        stage
            .patch(
                &touched,
                &json!({ "metadata": { "annotations": { "touched": "yes" } } }),
            )
            .await;
    }
    stage.is_at_rest(&product_at()).await;
    assert_eq!(stage.get(&product_at()).await, before);
}

#[tokio::test]
async fn s014_the_conditions_of_a_product_appear_in_upstreams_order() {
    let stage = Stage::owned().await;
    let product = stage.get(&product_at()).await;
    let types: Vec<&str> = product["status"]["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|condition| condition["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "PlanPolicyDiscovered",
            "AuthPolicyDiscovered",
            "OIDCDiscovered",
            "Ready"
        ]
    );
    assert_eq!(
        condition(&product, "Ready").unwrap().get("observedGeneration"),
        None
    );
}

#[tokio::test]
async fn s019_a_route_that_appears_later_makes_the_product_ready() {
    let stage = Stage::empty().await;
    stage.create(&product()).await;
    stage
        .soon(&product_at(), "misses its route", |seen| {
            has(seen, "Ready", "False", "HTTPRouteNotFound")
        })
        .await;
    stage.route(&route()).await;
    stage
        .soon(&product_at(), "is ready", |seen| {
            has(seen, "Ready", "True", "HTTPRouteAccepted")
        })
        .await;
    stage
        .delete(&Address::new(kinds::ROUTE, OWNER_NAMESPACE, "gamestore"))
        .await;
    stage
        .soon(&product_at(), "misses its route", |seen| {
            has(seen, "Ready", "False", "HTTPRouteNotFound")
        })
        .await;
}
