//! What a product in automatic mode approves, and when.

use std::sync::Arc;

use keydesk_api::APIProduct;
use keydesk_api::condition::KeyAspect;
use kube::ResourceExt;
use serde_json::json;

use super::stage::{Stage, after, merged, product, rests};
use crate::key::automatic::Automatic;

#[test]
fn an_automatic_product_approves_once() {
    let mut stage = Stage::automatic();
    stage.settle();
    assert_eq!(stage.live().approvals.len(), 1);
    assert_eq!(
        stage.message(KeyAspect::Approved),
        "API key request approved by system: Automatically approved based on APIProduct approval mode"
    );
    assert_eq!(
        stage.live().approvals[0].object.name_any(),
        "consumer-app-gamestore-apikey-8dee3e06-auto"
    );
    assert!(rests(&stage.plan()));
}

#[test]
fn nobodys_denial_is_overruled() {
    let mut stage = Stage::automatic();
    stage.approve("no", false, 0);
    stage.settle();
    assert_eq!(
        (stage.stands(), stage.live().approvals.len()),
        (vec!["Denied/Denied".to_owned()], 1)
    );
}

#[test]
fn an_automatic_product_approves_changed_terms_as_well() {
    let mut stage = Stage::automatic();
    stage.settle();
    stage.at(20);
    stage.edit(&json!({ "planTier": "bronze" }));
    assert!(matches!(stage.plan().automatic, Automatic::Renew { .. }));
    stage.settle();
    assert_eq!(
        (stage.clone().live().approvals.len(), stage.enforced_tier()),
        (1, Some("bronze"))
    );
    assert_eq!(stage.stands(), ["Approved/Approved"]);
}

/// The product with these tiers.
fn offering(tiers: &[&str]) -> Arc<APIProduct> {
    let plans: Vec<_> = tiers
        .iter()
        .map(|tier| json!({ "tier": tier, "limits": { "daily": 10 } }))
        .collect();
    let plans = json!({ "status": { "discoveredPlans": plans } });
    Arc::new(merged(&product("automatic"), &plans))
}

#[test]
fn an_automatic_product_approves_no_tier_that_it_does_not_have() {
    let mut stage = Stage::automatic();
    stage.settle();
    stage.at(20);
    stage.edit(&json!({ "planTier": "platinum" }));
    stage.settle();
    assert_eq!(
        (stage.stands(), stage.enforced_tier()),
        (
            vec![
                "Approved/Approved".to_owned(),
                "TermsChanged/AwaitingReapproval".to_owned()
            ],
            Some("gold")
        )
    );
    // Or it would have been approved when there is one.
    stage.live().product = Some(Arc::new(merged(
        &*offering(&["gold", "platinum"]),
        &json!({ "spec": { "approvalMode": "manual" } }),
    )));
    stage.settle();
    assert_eq!(stage.enforced_tier(), Some("gold"));
}

#[test]
fn an_automatic_product_approves_another_tier_when_it_no_longer_offers_the_one_that_was_approved() {
    let mut stage = Stage::automatic();
    stage.settle();
    stage.at(20);
    stage.live().product = Some(offering(&["silver", "bronze"]));
    stage.settle();
    assert_eq!(stage.stands(), ["Failed/PlanTierNotFound"]);
    stage.at(40);
    stage.edit(&json!({ "planTier": "platinum" }));
    stage.settle();
    assert_eq!(
        stage.stands(),
        ["Failed/PlanTierNotFound", "TermsChanged/AwaitingReapproval"]
    );
    stage.at(60);
    stage.edit(&json!({ "planTier": "silver" }));
    stage.settle();
    assert_eq!(
        (stage.stands(), stage.enforced_tier()),
        (vec!["Approved/Approved".to_owned()], Some("silver"))
    );
}

#[test]
fn a_key_that_asks_for_a_tier_that_there_is_gets_a_request_although_the_approved_one_is_gone() {
    for mode in ["automatic", "manual"] {
        let mut stage = Stage::automatic();
        stage.settle();
        stage.at(20);
        let silver = merged(
            &*offering(&["silver"]),
            &json!({ "spec": { "approvalMode": mode } }),
        );
        stage.live().product = Some(Arc::new(silver));
        stage.settle();
        stage.live().request = None;
        stage.seen.requests.clear();
        stage.settle();
        assert!(stage.live().request.is_none());
        stage.at(40);
        stage.edit(&json!({ "planTier": "silver" }));
        stage.settle();
        assert_eq!(
            stage.live().request.as_ref().unwrap().spec.plan_tier,
            "silver",
            "{mode}"
        );
        let enforced = (mode == "automatic").then_some("silver");
        assert_eq!(stage.enforced_tier(), enforced);
    }
}

#[test]
fn an_automatic_decision_waits_for_its_name() {
    let mut stage = Stage::automatic();
    stage.live().auto_name_taken = true;
    stage.settle();
    assert_eq!(stage.plan().automatic, Automatic::Await);
    assert_eq!(stage.stands(), ["Pending/AwaitingApproval"]);
    stage.live().auto_name_taken = false;
    stage.settle();
    assert_eq!(stage.stands(), ["Approved/Approved"]);
}

#[test]
fn terms_that_change_within_the_second_of_their_approval_are_approved_in_the_next() {
    let mut stage = Stage::automatic();
    stage.settle();
    stage.edit(&json!({ "planTier": "bronze" }));
    stage.settle();
    let plan = stage.plan();
    assert_eq!((plan.automatic, plan.wake_at), (Automatic::Await, Some(after(1))));
    assert_eq!(
        stage.stands(),
        ["Approved/Approved", "TermsChanged/AwaitingReapproval"]
    );
    stage.at(1);
    stage.settle();
    assert_eq!(
        (stage.stands(), stage.enforced_tier()),
        (vec!["Approved/Approved".to_owned()], Some("bronze"))
    );
}

#[test]
fn a_denial_is_not_lost_while_the_key_is_for_another_product() {
    let mut stage = Stage::automatic();
    stage.settle();
    let name = stage.live().approvals[0].object.name_any();
    stage.edit_approval(&name, &json!({ "spec": { "approved": false } }), 20);
    stage.settle();
    stage.at(30);
    stage.edit(&json!({ "apiProductRef": { "name": "vault" } }));
    stage.settle();
    assert_eq!(stage.stands(), ["Pending/AwaitingApproval"]);
    stage.at(40);
    stage.edit(&json!({ "apiProductRef": { "name": "gamestore-api" } }));
    stage.settle();
    assert_eq!(stage.stands(), ["Denied/Denied"]);
}
