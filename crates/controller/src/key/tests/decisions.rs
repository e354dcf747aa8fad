//! Requests, approvals, and the terms that they are about.

use std::sync::Arc;

use keydesk_api::condition::{self, ApprovalAspect, KeyAspect};
use keydesk_api::meta::annotation;
use keydesk_catalog::TermsBefore;
use keydesk_core::SecretFacts;
use kube::ResourceExt;
use serde_json::json;

use super::stage::{Stage, after, rests};
use crate::key::request::Step;

#[test]
fn a_new_key_gets_a_request_and_waits() {
    let mut stage = Stage::new();
    let plan = stage.plan();
    let Step::Create(request) = &plan.request else {
        panic!("no request: {plan:?}")
    };
    assert_eq!(
        (request.name_any(), request.namespace()),
        (
            "consumer-app-gamestore-apikey-8dee3e06".into(),
            Some("gamestore".into())
        )
    );
    assert_eq!(request.spec.use_case, "mobile");
    assert!(!json!(request).to_string().contains("secretRef"));
    let status = plan.status.unwrap();
    assert_eq!(status.api_hostname.as_deref(), Some("api.gamestore.example.com"));
    assert_eq!(status.limits.unwrap().daily, Some(100));
    assert_eq!(stage.stands(), ["Pending/AwaitingApproval"]);
    stage.settle();
    assert_eq!(
        stage
            .live()
            .request
            .clone()
            .unwrap()
            .status
            .clone()
            .unwrap()
            .conditions,
        status.conditions
    );
    assert!(stage.seen.copies.is_empty());
}

#[test]
fn an_owner_is_shown_no_more_of_a_use_case_than_can_be_read() {
    let mut stage = Stage::new();
    for (written, shown) in [
        ("x".repeat(4096), "x".repeat(4096)),
        ("x".repeat(900_000), format!("{}…", "x".repeat(4096))),
        ("é".repeat(2049), format!("{}…", "é".repeat(2048))),
        (
            format!("x{}", "é".repeat(2048)),
            format!("x{}…", "é".repeat(2047)),
        ),
    ] {
        stage.edit(&json!({ "useCase": written }));
        stage.settle();
        assert_eq!(stage.live().request.as_ref().unwrap().spec.use_case, shown);
        assert!(rests(&stage.plan()));
    }
}

#[test]
fn an_approved_key_is_enforced_and_then_nothing_is_written() {
    let mut stage = Stage::approved();
    assert_eq!(stage.stands(), ["Approved/Approved"]);
    assert_eq!(
        stage.message(KeyAspect::Approved),
        "API key request approved by owner: as agreed"
    );
    assert_eq!(stage.enforced_tier(), Some("gold"));
    let approval = &stage.live().approvals[0].object;
    assert_eq!(approval.owner_references()[0].controller, Some(true));
    assert!(condition::is_true(
        &approval.status.as_ref().unwrap().conditions,
        ApprovalAspect::Valid
    ));
    assert!(approval.annotations().contains_key(annotation::APPROVED_TERMS));
    assert!(rests(&stage.plan()));
}

#[test]
fn before_an_approval_depends_on_its_request_something_is_written_to_that() {
    let mut stage = Stage::new();
    stage.settle();
    stage.approve("yes", true, 10);
    let plan = stage.plan();
    assert!(
        plan.mirror.is_some() && plan.keep.is_none(),
        "it shows the approval"
    );
    // Here it shows the same failure as before.
    stage.live().product = None;
    stage.settle();
    stage.approve("another", true, 20);
    let plan = stage.plan();
    assert!(plan.mirror.is_none() && plan.keep.is_some());
    assert!(plan.mark.iter().any(|mark| mark.adoption.is_some()));
    stage.carry_out(plan);
    assert!(stage.plan().keep.is_none());
    stage.settle();
}

#[test]
fn a_denial_takes_the_copy_away_and_a_changed_mind_brings_it_back() {
    let mut stage = Stage::approved();
    stage.edit_approval(
        "yes",
        &json!({ "spec": { "approved": false, "message": "no longer" } }),
        20,
    );
    assert_eq!(stage.plan().revoke.len(), 1);
    stage.settle();
    assert_eq!(
        stage.message(KeyAspect::Denied),
        "API key request denied by owner: no longer"
    );
    assert!(stage.seen.copies.is_empty());
    stage.edit_approval("yes", &json!({ "spec": { "approved": true } }), 30);
    stage.settle();
    assert_eq!(stage.enforced_tier(), Some("gold"));
}

#[test]
fn a_later_decision_supersedes_and_a_tie_denies() {
    let mut stage = Stage::approved();
    stage.approve("no", false, 20);
    stage.settle();
    assert_eq!(stage.stands(), ["Denied/Denied"]);
    let superseded = |stage: &mut Stage, index: usize| {
        let status = stage.live().approvals[index].object.status.clone().unwrap();
        condition::is_true(&status.conditions, ApprovalAspect::Superseded)
    };
    assert!(superseded(&mut stage, 0) && !superseded(&mut stage, 1));
    stage.approve("tie", true, 20);
    stage.settle();
    assert_eq!(stage.stands(), ["Denied/Denied"]);
    stage.edit_approval("yes", &json!({ "spec": { "message": "after all" } }), 30);
    stage.settle();
    assert_eq!(stage.stands(), ["Approved/Approved"]);
    assert!(!superseded(&mut stage, 0) && superseded(&mut stage, 1));
}

#[test]
fn a_change_of_terms_keeps_its_date_when_the_request_is_written_again() {
    let mut stage = Stage::new();
    stage.settle();
    stage.at(20);
    stage.edit(&json!({ "planTier": "bronze" }));
    stage.settle();
    let before = |stage: &mut Stage| TermsBefore::of(stage.live().request.as_ref().unwrap()).unwrap();
    let changed = before(&mut stage);
    assert_eq!((changed.changed_at, changed.dated), (after(20), false));
    stage.approve("gold", true, 30);
    stage.at(30);
    let terms = changed.terms.clone();
    stage.edit_approval(
        "gold",
        &json!({ "metadata": { "annotations": { annotation::TERMS: json!(terms).to_string() } } }),
        30,
    );
    stage.settle();
    let written = stage.live().request.clone().unwrap();
    assert!(
        written.annotations().contains_key(annotation::BOUND_APPROVALS),
        "it was written again"
    );
    assert_eq!(
        before(&mut stage),
        TermsBefore {
            dated: true,
            ..changed
        }
    );
}

#[test]
fn what_is_approved_while_there_is_no_request_is_what_was_there_to_read_before() {
    let mut stage = Stage::new();
    stage.edit(&json!({ "planTier": "bronze" }));
    stage.settle();
    // The key is deleted, the owner approves what they have read, and the key comes back and asks for more.
    let read = keydesk_catalog::shown(stage.live().request.as_ref().unwrap());
    stage.live().request = None;
    stage.live().shown_before = Some(read);
    stage.approve("yes", true, 20);
    stage.at(30);
    stage.edit(&json!({ "planTier": "gold" }));
    let Step::Create(request) = &stage.plan().request else {
        panic!("no request: {:?}", stage.plan())
    };
    let before = TermsBefore::of(request).unwrap();
    assert_eq!(
        (before.changed_at, before.terms.tier),
        (after(30), "bronze".to_owned())
    );
    stage.settle();
    assert_eq!(
        stage.stands(),
        ["Approved/Approved", "TermsChanged/AwaitingReapproval"]
    );
    assert_eq!(stage.enforced_tier(), Some("bronze"));
    stage.approve("gold as well", true, 40);
    stage.settle();
    assert_eq!(stage.enforced_tier(), Some("gold"));
}

#[test]
fn a_raised_tier_is_not_enforced_before_it_is_approved() {
    let mut stage = Stage::new();
    stage.edit(&json!({ "planTier": "bronze" }));
    stage.settle();
    stage.approve("yes", true, 10);
    stage.settle();
    stage.at(20);
    stage.edit(&json!({ "planTier": "gold" }));
    assert!(matches!(
        stage.plan().request,
        Step::Change {
            changes_terms: true,
            ..
        }
    ));
    stage.settle();
    assert_eq!(
        stage.stands(),
        ["Approved/Approved", "TermsChanged/AwaitingReapproval"]
    );
    assert!(
        stage
            .message(KeyAspect::TermsChanged)
            .contains(r#"plan tier "gold" instead of "bronze""#)
    );
    assert_eq!(stage.enforced_tier(), Some("bronze"));
    // The trick: let it expire, then take the expiry back.
    stage.edit(&json!({ "expiresAt": after(15) }));
    stage.settle();
    assert!(stage.seen.copies.is_empty());
    stage.edit(&json!({ "expiresAt": null }));
    stage.settle();
    assert_eq!(stage.enforced_tier(), Some("bronze"));
    stage.approve("gold too", true, 40);
    stage.settle();
    assert_eq!(
        (stage.stands(), stage.enforced_tier()),
        (vec!["Approved/Approved".to_owned()], Some("gold"))
    );
}

#[test]
fn an_approval_of_the_second_of_a_change_is_for_what_was_shown_before() {
    let mut stage = Stage::new();
    stage.edit(&json!({ "planTier": "bronze" }));
    stage.settle();
    stage.at(20);
    stage.edit(&json!({ "planTier": "gold" }));
    stage.settle();
    stage.approve("in doubt", true, 20);
    stage.settle();
    assert_eq!(stage.enforced_tier(), Some("bronze"));
    stage.approve("sure", true, 21);
    stage.settle();
    assert_eq!(stage.enforced_tier(), Some("gold"));
}

#[test]
fn the_terms_that_a_reviewer_recorded_decide() {
    let mut stage = Stage::new();
    stage.settle();
    stage.approve("yes", true, 10);
    let terms = stage
        .live()
        .request
        .as_deref()
        .map(keydesk_catalog::shown)
        .unwrap();
    let bronze = keydesk_core::Terms {
        tier: "bronze".into(),
        ..terms.clone()
    };
    stage.edit_approval(
        "yes",
        &json!({ "metadata": { "annotations": { annotation::TERMS: bronze.to_json() } } }),
        11,
    );
    stage.settle();
    assert_eq!(stage.enforced_tier(), Some("bronze"));
}

#[test]
fn recorded_terms_that_cannot_be_read_or_are_another_owners_count_for_nothing() {
    let mut elsewhere = Stage::new();
    elsewhere.settle();
    let mut terms = elsewhere
        .live()
        .request
        .as_deref()
        .map(keydesk_catalog::shown)
        .unwrap();
    terms.product.namespace = "other".into();
    for recorded in [terms.to_json(), "{".to_owned()] {
        let mut stage = Stage::new();
        stage.settle();
        stage.approve("yes", true, 10);
        stage.edit_approval(
            "yes",
            &json!({ "metadata": { "annotations": { annotation::TERMS: recorded } } }),
            11,
        );
        stage.settle();
        assert_eq!(stage.stands(), ["Pending/AwaitingApproval"]);
        let status = stage.live().approvals[0].object.status.clone().unwrap();
        assert_eq!(status.conditions[0].reason, "TermsNotReadable");
    }
}

#[test]
fn a_record_that_a_reviewer_forged_does_not_outlive_a_later_denial() {
    for generation in [1, 2] {
        let mut stage = Stage::approved();
        let approval = &mut Arc::make_mut(&mut stage.live().approvals[0]).object;
        approval.metadata.generation = Some(generation);
        let record = approval
            .annotations_mut()
            .get_mut(annotation::APPROVED_TERMS)
            .unwrap();
        *record = record
            .replace("2026-", "2099-")
            .replace("\"generation\":1", &format!("\"generation\":{generation}"));
        stage.approve("no", false, 30);
        stage.settle();
        assert_eq!(stage.stands(), ["Denied/Denied"]);
    }
}

#[test]
fn an_expiry_with_a_fraction_of_a_second_is_written_once() {
    let mut stage = Stage::approved();
    stage.edit(&json!({ "expiresAt": "2026-06-01T13:00:00.5Z" }));
    stage.settle();
    assert_eq!(stage.stands(), ["Approved/Approved"]);
    assert!(rests(&stage.plan()));
}

#[test]
fn an_approval_counts_for_its_product_only() {
    let mut stage = Stage::approved();
    stage.at(20);
    stage.edit(&json!({ "apiProductRef": { "name": "vault" } }));
    let plan = stage.plan();
    assert_eq!(plan.revoke.len(), 1);
    stage.settle();
    assert_eq!(stage.stands(), ["Pending/AwaitingApproval"]);
}

#[test]
fn what_was_approved_while_the_key_failed_is_not_what_it_asks_for_afterwards() {
    let mut stage = Stage::new();
    stage.edit(&json!({ "planTier": "bronze" }));
    stage.live().secret = SecretFacts::Missing;
    stage.settle();
    stage.approve("yes", true, 10);
    stage.settle();
    stage.at(20);
    stage.edit(&json!({ "planTier": "gold" }));
    stage.live().secret = SecretFacts::Usable;
    stage.settle();
    assert_eq!(stage.enforced_tier(), Some("bronze"));
}

#[test]
fn a_record_holds_although_the_servers_clock_is_ahead() {
    let mut stage = Stage::new();
    stage.edit(&json!({ "planTier": "bronze" }));
    stage.settle();
    stage.approve("yes", false, 10);
    stage.settle();
    stage.edit_approval("yes", &json!({ "spec": { "approved": true } }), 20);
    Arc::make_mut(&mut stage.live().approvals[0]).edited_at = Some(after(25));
    stage.settle();
    stage.edit(&json!({ "planTier": "gold" }));
    stage.settle();
    assert_eq!(stage.enforced_tier(), Some("bronze"));
}

#[test]
fn an_edit_that_its_author_dated_far_ahead_does_not_outlive_a_later_denial() {
    let mut stage = Stage::approved();
    stage.edit_approval("yes", &json!({ "spec": { "message": "for ever" } }), 20);
    Arc::make_mut(&mut stage.live().approvals[0]).edited_at = Some(after(1_000_000_000));
    stage.settle();
    stage.approve("no", false, 100);
    stage.settle();
    assert_eq!(stage.stands(), ["Denied/Denied"]);
}

#[test]
fn requests_that_are_not_the_derived_one_are_discarded() {
    let mut stage = Stage::approved();
    let mut foreign = stage.live().request.clone().unwrap().as_ref().clone();
    foreign.metadata.name = Some("hand-made".into());
    foreign.metadata.uid = Some("hand-made".into());
    stage.seen.requests.push(Arc::new(foreign));
    let discard = stage.plan().discard;
    assert_eq!(
        discard
            .iter()
            .map(|request| request.name_any())
            .collect::<Vec<_>>(),
        ["hand-made"]
    );
}

#[test]
fn a_key_that_is_gone_takes_everything_along() {
    let mut stage = Stage::approved();
    stage.seen.live = None;
    let plan = stage.plan();
    assert_eq!((plan.revoke.len(), plan.discard.len()), (1, 1));
}
