//! Conditions change as metav1's `SetStatusCondition` changes them.

use jiff::Timestamp;
use keydesk_api::condition::{
    self, ApprovalAspect, ApprovalReason, KeyAspect, KeyReason, Observation, ProductAspect, ProductReason,
};

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn pending(message: &str) -> Observation {
    Observation::new(KeyAspect::Pending, true, KeyReason::AwaitingApproval, message).for_generation(Some(1))
}

#[test]
fn the_time_moves_only_with_the_status() {
    let mut list = Vec::new();
    assert!(condition::set(
        &mut list,
        pending("wait"),
        at("2026-01-01T00:00:00.7Z")
    ));
    assert!(
        !condition::set(&mut list, pending("wait"), at("2026-01-02T00:00:00Z")),
        "nothing is new"
    );
    assert!(condition::set(
        &mut list,
        pending("still"),
        at("2026-01-03T00:00:00Z")
    ));
    assert_eq!(
        list[0].last_transition_time.0,
        at("2026-01-01T00:00:00Z"),
        "in whole seconds, since the first time"
    );
    assert!(condition::set(
        &mut list,
        pending("still").for_generation(Some(2)),
        at("2026-01-04T00:00:00Z")
    ));
    assert_eq!(
        (list[0].observed_generation, list[0].last_transition_time.0),
        (Some(2), at("2026-01-01T00:00:00Z"))
    );
    let not_pending = Observation::new(KeyAspect::Pending, false, KeyReason::AwaitingApproval, "no");
    assert!(condition::set(&mut list, not_pending, at("2026-01-05T00:00:00Z")));
    assert_eq!(
        (list[0].status.as_str(), list[0].last_transition_time.0),
        ("False", at("2026-01-05T00:00:00Z"))
    );
    assert_eq!(list.len(), 1);
}

#[test]
fn others_stay_and_the_order_is_that_of_appearance() {
    let now = at("2026-01-01T00:00:00Z");
    let mut list = Vec::new();
    for (aspect, reason) in [
        (ProductAspect::PlanPolicyDiscovered, ProductReason::Found),
        (ProductAspect::Ready, ProductReason::HTTPRouteAccepted),
    ] {
        condition::set(&mut list, Observation::new(aspect, true, reason, ""), now);
    }
    condition::set(
        &mut list,
        Observation::new(
            ProductAspect::PlanPolicyDiscovered,
            false,
            ProductReason::NotFound,
            "",
        ),
        now,
    );
    let types: Vec<_> = list.iter().map(|condition| condition.type_.as_str()).collect();
    assert_eq!(types, ["PlanPolicyDiscovered", "Ready"]);
    assert!(condition::is_true(&list, ProductAspect::Ready));
    assert!(!condition::is_true(&list, ProductAspect::PlanPolicyDiscovered));
    assert!(condition::remove(&mut list, ProductAspect::Ready));
    assert!(!condition::remove(&mut list, ProductAspect::Ready));
    assert!(condition::find(&list, ProductAspect::PlanPolicyDiscovered).is_some());
}

#[test]
fn a_message_of_any_length_is_one_that_the_crd_admits() {
    let mut list = Vec::new();
    let long = "ß".repeat(40_000);
    condition::set(
        &mut list,
        Observation::new(ApprovalAspect::Valid, true, ApprovalReason::Valid, long),
        at("2026-01-01T00:00:00Z"),
    );
    assert_eq!(list[0].message.chars().count(), 32_768);
}

#[test]
fn words_are_spelled_as_upstream_spells_them() {
    assert_eq!(KeyReason::SecretAPIKeyNotFound.as_str(), "SecretAPIKeyNotFound");
    assert_eq!(ProductAspect::OpenAPISpecReady.to_string(), "OpenAPISpecReady");
    let mut words: Vec<_> = KeyReason::ALL.iter().map(|reason| reason.as_str()).collect();
    words.dedup();
    assert_eq!(words.len(), KeyReason::ALL.len());
}

#[test]
fn every_word_is_explained_in_the_reference() {
    let page = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/conditions.md"
    ))
    .unwrap();
    let words = [
        ProductAspect::ALL
            .iter()
            .map(|word| word.as_str())
            .collect::<Vec<_>>(),
        ProductReason::ALL.iter().map(|word| word.as_str()).collect(),
        KeyAspect::ALL.iter().map(|word| word.as_str()).collect(),
        KeyReason::ALL.iter().map(|word| word.as_str()).collect(),
        ApprovalAspect::ALL.iter().map(|word| word.as_str()).collect(),
        ApprovalReason::ALL.iter().map(|word| word.as_str()).collect(),
    ]
    .concat();
    let missing: Vec<_> = words
        .iter()
        .filter(|word| !page.contains(&format!("`{word}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/reference/conditions.md does not explain {missing:?}"
    );
}
