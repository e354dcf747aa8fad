//! Tiers that are offered no more: whose turn it is depends on what is asked for by now.

use serde_json::{Value, json};

use super::scene::{Scene, fails, holds, step};
use crate::explain::{Explanation, State};

const APPROVE: &str = "to grant it: keydesk approve app/mobile -n store";

/// Approved for gold, which is offered no more, and asking for this by now.
fn retired(asked: &str) -> Scene {
    let mut scene = Scene::working();
    scene.product["status"]["discoveredPlans"] = json!([{ "tier": "silver" }, { "tier": "bronze" }]);
    let mut conditions = vec![holds("Failed", "PlanTierNotFound")];
    if asked != "gold" {
        let mut changed = holds("TermsChanged", "AwaitingReapproval");
        changed["message"] = json!(format!(
            "Asks for plan tier {asked:?} instead of \"gold\"; what was approved stays in force until the owner decides"
        ));
        conditions.push(changed);
    }
    scene.said(&conditions).asking("planTier", &json!(asked))
}

/// As the consumer, the owner and an admin see it.
fn seen(scene: &Scene) -> [Explanation; 3] {
    [
        scene.clone().by_consumer().key(),
        scene.clone().by_owner().key(),
        scene.key(),
    ]
}

fn to_do(explanation: &Explanation) -> Vec<(String, &str)> {
    let fixes = explanation.to_do().into_iter();
    fixes
        .map(|fix| (fix.who.to_string(), fix.what.as_str()))
        .collect()
}

#[test]
fn a_tier_that_is_offered_no_more_is_the_consumers_to_change() {
    for asked in ["gold", "platinum"] {
        for explanation in seen(&retired(asked)) {
            let tier = step(&explanation, "tier");
            assert_eq!(tier.state, State::Bad, "{explanation:#?}");
            assert_eq!(
                to_do(&explanation),
                [("the consumer".to_owned(), "ask for one of silver, bronze")],
                "{explanation:#?}"
            );
        }
    }
}

#[test]
fn once_another_tier_is_asked_for_it_is_the_owners_turn() {
    for explanation in seen(&retired("silver")) {
        fails(&explanation, "tier", "", "owner");
        assert_eq!(
            to_do(&explanation),
            [("the owner of the product".to_owned(), APPROVE)]
        );
        assert_eq!(
            step(&explanation, "tier").says,
            [
                "store/games has no tier gold, which was approved",
                "it asks for tier silver by now, which is not approved yet"
            ]
        );
    }
}

#[test]
fn a_product_that_approves_by_itself_leaves_nothing_to_its_owner() {
    for explanation in seen(&retired("silver").automatic()) {
        fails(&explanation, "tier", "has no tier gold", "platform");
        assert_eq!(
            to_do(&explanation),
            [(
                "the platform".to_owned(),
                "the product approves that by itself: see that the controller runs"
            )]
        );
    }
}

#[test]
fn a_product_approves_nothing_by_itself_of_a_key_that_fails_for_another_reason() {
    let mut scene = Scene::working()
        .automatic()
        .said(&[holds("Failed", "SecretNotFound")])
        .asking("planTier", &json!("bronze"));
    scene.secret = crate::explain::SecretSight::Missing;
    let explanation = scene.key();
    assert_eq!(
        step(&explanation, "terms").says[2],
        "the product approves that by itself once the key no longer fails"
    );
    assert_eq!(to_do(&explanation).len(), 1, "{explanation:#?}");
}

#[test]
fn an_approval_that_the_owner_turned_around_is_not_made_anew_by_itself() {
    let mut scene = Scene::working().automatic().asking("planTier", &json!("bronze"));
    scene.approvals[0]["metadata"]["name"] = json!(keydesk_api::meta::auto_approval_name(
        &super::scene::request_name()
    ));
    let explanation = scene.key();
    assert!(explanation.works);
    assert_eq!(
        to_do(&explanation),
        [("the owner of the product".to_owned(), APPROVE)],
        "olga's own, under the name that the system's would have"
    );
}

#[test]
fn without_the_catalogue_the_tier_in_force_says_whose_turn_it_is() {
    let blind = |asked: &str| {
        let mut scene = retired(asked).by_consumer();
        scene.product = Value::Null;
        scene.hidden.insert(crate::explain::Part::Product);
        scene.key()
    };
    fails(&blind("silver"), "tier", "PlanTierNotFound", "owner");
    fails(&blind("gold"), "tier", "PlanTierNotFound", "consumer");
}
