//! Bindings that are lost from an approval and found again.

use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::meta::annotation;
use keydesk_api::{APIKeyApproval, APIKeyRequest};
use keydesk_catalog::{Approval, Bindings, Shown, TermsBefore};
use keydesk_core::Terms;
use serde_json::json;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn terms(tier: &str) -> Terms {
    let json = json!({
        "namespace": "consumer-app", "product": { "name": "gamestore-api", "namespace": "gamestore" },
        "tier": tier, "userId": "user-12345",
    });
    serde_json::from_value(json).unwrap()
}

/// An approval that was accepted in this second, with nothing on it.
fn approval(name: &str, second: i64) -> Arc<Approval> {
    reviewed(name, second, second)
}

/// The same, given earlier than that, as its reviewer says.
fn reviewed(name: &str, second: i64, reviewed: i64) -> Arc<Approval> {
    let object: APIKeyApproval = serde_json::from_value(json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApproval",
        "metadata": {
            "namespace": "gamestore", "name": name, "uid": name, "generation": 1,
            "creationTimestamp": at(second).to_string(),
        },
        "spec": {
            "apiKeyRequestRef": { "name": "request" }, "approved": true, "reviewedBy": "owner",
            "reviewedAt": at(reviewed).to_string(),
        },
    }))
    .unwrap();
    Arc::new(Approval {
        object,
        edited_at: None,
    })
}

/// A request that shows `tier`, and has shown `before` until that second.
fn shown(tier: &str, before: Option<(&str, i64)>, bindings: Bindings) -> Shown {
    Shown {
        terms: terms(tier),
        before: before.map(|(tier, second)| TermsBefore {
            changed_at: at(second),
            dated: true,
            terms: terms(tier),
        }),
        bindings,
    }
}

fn tiers(shown: &Shown, approvals: &[Arc<Approval>]) -> Vec<String> {
    let bound = shown.bind(approvals, at(1000));
    bound.into_iter().map(|bound| bound.binding.terms.tier).collect()
}

#[test]
fn nothing_is_kept_of_what_the_request_shows() {
    let approvals = [approval("a", 10), approval("b", 20)];
    let shown = shown("bronze", None, Bindings::default());
    let bound = shown.bind(&approvals, at(1000));
    assert_eq!(Bindings::to_keep(&bound, &shown).to_json(), None);
}

#[test]
fn a_binding_outlives_any_number_of_changes_of_the_request() {
    let approvals = [approval("early", 10), approval("late", 30)];
    let mut now = shown("bronze", None, Bindings::default());
    let mut expected = tiers(&now, &approvals[..1]);
    let mut change = |tier: &str, second: i64, expected: &[String]| {
        let seen = &approvals[..expected.len()];
        let bound = now.bind(seen, at(1000));
        let before = now.terms.tier.clone();
        let then = shown(tier, Some((&before, second)), Bindings::default());
        now = Shown {
            bindings: Bindings::to_keep(&bound, &then),
            ..then
        };
        assert_eq!(tiers(&now, seen), expected, "after {second}");
        tiers(&now, &approvals[..2])
    };
    expected = change("silver", 20, &expected);
    assert_eq!(expected, ["bronze", "silver"]);
    change("gold", 40, &expected);
    change("bronze", 50, &expected);
    change("gold", 60, &expected);
}

#[test]
fn of_very_many_the_one_that_decides_is_kept() {
    let mut approvals: Vec<_> = (0..100)
        .map(|second| reviewed(&format!("later-{second}"), 11 + second, 1))
        .collect();
    approvals.push(approval("decides", 10));
    let bronze = shown("bronze", None, Bindings::default());
    let bound = bronze.bind(&approvals, at(1000));
    let then = shown("silver", Some(("bronze", 200)), Bindings::default());
    let silver = Shown {
        bindings: Bindings::to_keep(&bound, &then),
        ..then
    };
    let bound = silver.bind(&approvals, at(1000));
    let then = shown("gold", Some(("silver", 300)), Bindings::default());
    let gold = Shown {
        bindings: Bindings::to_keep(&bound, &then),
        ..then
    };
    let decides = approvals.last().cloned().unwrap();
    assert_eq!(tiers(&gold, &[decides]), ["bronze"]);
}

#[test]
fn what_the_request_keeps_is_read_off_it_and_stands_above_what_the_approval_says() {
    let mut approvals = [approval("a", 10)];
    let bronze = shown("bronze", None, Bindings::default());
    let gold = shown("gold", Some(("bronze", 20)), Bindings::default());
    let again = shown("gold", Some(("silver", 30)), Bindings::default());
    let bound = bronze.bind(&approvals, at(1000));
    assert_eq!(
        Bindings::to_keep(&bound, &gold),
        Bindings::to_keep(&bound, &again)
    );
    let kept = Bindings::to_keep(&bound, &again).to_json().unwrap();
    let record = bound[0].binding.to_json();
    let request: APIKeyRequest = serde_json::from_value(json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyRequest",
        "metadata": {
            "namespace": "gamestore", "name": "request", "annotations": { annotation::BOUND_APPROVALS: kept },
        },
        "spec": {
            "apiProductRef": { "name": "gamestore-api" }, "planTier": "gold", "useCase": "",
            "requestedBy": { "userId": "user-12345", "email": "developer@consumer-app.com" },
            "apiKeyRef": { "name": "key", "namespace": "consumer-app" },
        },
    }))
    .unwrap();
    let shown = Shown::by(Some(&request), &terms("gold"));
    let object = &mut Arc::make_mut(&mut approvals[0]).object;
    let forged = record.replace("bronze", "gold");
    for claimed in [None, Some(forged)] {
        object.metadata.annotations =
            claimed.map(|claimed| [(annotation::APPROVED_TERMS.to_owned(), claimed)].into());
        let alone = [Arc::new(Approval {
            object: object.clone(),
            edited_at: None,
        })];
        let bound = shown.bind(&alone, at(1000));
        assert_eq!(bound[0].binding.to_json(), record);
        assert!(bound[0].fresh && bound[0].known);
    }
    // A new decision is a new binding.
    object.metadata.generation = Some(2);
    assert_eq!(tiers(&shown, &approvals), ["gold"]);
}

#[test]
fn a_yes_to_the_terms_of_another_key_counts_for_nothing_and_a_no_for_this_one() {
    let recorded = |approved: bool, namespace: &str| {
        let mut approval = Approval::clone(&approval("a", 10));
        let terms = Terms {
            namespace: namespace.into(),
            ..terms("gold")
        };
        approval.object.spec.approved = approved;
        approval.object.metadata.annotations = Some([(annotation::TERMS.to_owned(), terms.to_json())].into());
        tiers(&shown("bronze", None, Bindings::default()), &[Arc::new(approval)])
    };
    assert_eq!(recorded(true, "consumer-app"), ["gold"]);
    assert_eq!(recorded(true, "other-app"), [""; 0]);
    assert_eq!(recorded(false, "other-app"), ["bronze"]);
}
