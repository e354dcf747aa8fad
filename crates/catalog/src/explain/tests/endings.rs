//! Keys whose end has come: who can move it, and who has to agree.

use serde_json::{Value, json};

use super::scene::{Scene, decision, holds, on_terms, step};
use crate::explain::{Explanation, State};

const PAST: &str = "2026-11-27T11:00:00Z";
const LATER: &str = "2027-01-01T00:00:00Z";

/// Expired by its own wish, though approved for this tier until then.
fn ended(tier: &str, bound: &Value) -> Scene {
    let mut scene = Scene::working()
        .said(&[holds("Expired", "KeyExpired")])
        .asking("expiresAt", &json!(PAST));
    scene.approvals = vec![on_terms(decision("yes", true, tier, 1), "expiresAt", bound)];
    scene
}

#[track_caller]
fn first_to_do(explanation: &Explanation, who: &str, what: &str) {
    let first = explanation.to_do()[0];
    assert_eq!((first.who.to_string().as_str(), first.what.as_str()), (who, what));
}

#[test]
fn an_end_that_was_moved_forward_goes_back_without_anybodys_consent() {
    let back = "set a later spec.expiresAt, or take it off: what was approved has no end, so nobody has to approve that";
    first_to_do(&ended("gold", &json!(null)).key(), "the consumer", back);
    let back = "set a later spec.expiresAt: one until 2027-01-01T00:00:00Z is approved already; the owner has to approve a \
                later one";
    first_to_do(&ended("gold", &json!(LATER)).key(), "the consumer", back);
    let over = "set a later spec.expiresAt; the owner has to approve it";
    first_to_do(&ended("gold", &json!(PAST)).key(), "the consumer", over);
    let over = "set a later spec.expiresAt; the product approves it by itself";
    first_to_do(
        &ended("gold", &json!(PAST)).automatic().key(),
        "the consumer",
        over,
    );
}

#[test]
fn who_may_not_read_what_was_approved_is_told_both() {
    let either = "set a later spec.expiresAt: within what was approved it holds at once; the owner has to approve a later one";
    first_to_do(
        &ended("gold", &json!(LATER)).by_consumer().key(),
        "the consumer",
        either,
    );
}

#[test]
fn approving_another_tier_is_not_told_to_help_a_key_that_asks_for_an_end_that_has_passed() {
    let explanation = ended("bronze", &json!(null)).key();
    assert!(
        explanation
            .to_do()
            .iter()
            .all(|fix| !fix.what.contains("keydesk approve")),
        "{explanation:#?}"
    );
    let terms = &step(&explanation, "terms").says;
    assert_eq!(terms[0], "approved: tier bronze, until 2026-11-27T11:00:00Z");
    assert_eq!(
        terms[2],
        "to approve that would not make it work: the end that it asks for has passed"
    );
}

#[test]
fn a_request_for_an_end_that_has_passed_is_no_use_to_approve() {
    let mut scene = ended("gold", &json!(null)).said(&[holds("Pending", "AwaitingApproval")]);
    scene.approvals.clear();
    for scene in [scene.clone(), scene.clone().by_owner(), scene.by_consumer()] {
        let explanation = scene.key();
        let expiry = step(&explanation, "expiry");
        assert_eq!(
            (expiry.state, expiry.says[0].as_str()),
            (
                State::Bad,
                "the end that is asked for has passed: 2026-11-27T11:00:00Z"
            )
        );
        let to_do = explanation.to_do();
        assert!(
            to_do
                .iter()
                .any(|fix| fix.what.starts_with("set a later spec.expiresAt")),
            "{explanation:#?}"
        );
    }
}

#[test]
fn a_later_end_that_the_product_approves_by_itself_waits_for_no_owner() {
    let scene = ended("gold", &json!(PAST))
        .automatic()
        .asking("expiresAt", &json!(LATER));
    let explanation = scene.key();
    first_to_do(
        &explanation,
        "the platform",
        "the product approves that by itself: see that the controller runs",
    );
    assert_eq!(explanation.to_do().len(), 1, "{explanation:#?}");
}
