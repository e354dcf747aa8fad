//! One story per rule.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_core::{
    Decision, Failure, KeyFacts, NamespacedName, ProductFacts, Scheme, SecretFacts, Standing, Terms, standing,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn terms(tier: &str) -> Terms {
    Terms {
        expires_at: None,
        namespace: "consumer-app".into(),
        product: NamespacedName::new("gamestore", "gamestore-api"),
        scopes: BTreeSet::new(),
        tier: tier.into(),
        user_id: "user-12345".into(),
    }
}

fn key(asked: Terms) -> KeyFacts {
    KeyFacts {
        asked,
        secret: SecretFacts::Usable,
    }
}

fn product() -> ProductFacts {
    ProductFacts::Live {
        scheme: Scheme::Keys,
        tiers: ["gold", "silver", "bronze"].map(String::from).into(),
    }
}

fn decision(approved: bool, terms: Terms) -> Decision {
    Decision {
        name: "decision".into(),
        approved,
        by: "owner".into(),
        message: String::new(),
        effective_at: at(1),
        terms,
    }
}

#[test]
fn a_key_without_a_place_fails_unless_somebody_decided_or_more_is_missing() {
    let crowded = |facts: &KeyFacts, decisions: &[Decision]| {
        let ruling = standing(facts, decisions, &product(), at(10));
        format!("{:?}", ruling.crowded_out(Some(2)).standing)
    };
    let asked = key(terms("gold"));
    assert_eq!(crowded(&asked, &[]), "Failed(TooManyKeys { most: Some(2) })");
    let approved = [decision(true, terms("gold"))];
    assert!(crowded(&asked, &approved).starts_with("Approved"));
    let denied = [decision(false, terms("gold"))];
    assert!(crowded(&asked, &denied).starts_with("Denied"));
    let nowhere = key(terms("platinum"));
    assert!(crowded(&nowhere, &[]).starts_with("Failed(TierNotFound"));
}

#[test]
fn a_key_that_nobody_decided_on_is_pending_even_past_its_end() {
    let asked = Terms {
        expires_at: Some(at(5)),
        ..terms("gold")
    };
    assert_eq!(
        standing(&key(asked), &[], &product(), at(10)).standing,
        Standing::Pending
    );
}

#[test]
fn an_approved_key_is_in_force_until_its_end() {
    let asked = Terms {
        expires_at: Some(at(10)),
        ..terms("gold")
    };
    let decisions = [decision(true, asked.clone())];
    let before = standing(&key(asked.clone()), &decisions, &product(), at(9));
    assert_eq!(before.in_force(), Some(asked.clone()));
    let after = standing(&key(asked), &decisions, &product(), at(10));
    assert_eq!(
        (after.standing.clone(), after.in_force()),
        (Standing::Expired { at: at(10) }, None)
    );
}

#[test]
fn shortening_the_end_acts_at_once_and_lengthening_it_does_not() {
    let decisions = [decision(
        true,
        Terms {
            expires_at: Some(at(100)),
            ..terms("gold")
        },
    )];
    let shorter = key(Terms {
        expires_at: Some(at(10)),
        ..terms("gold")
    });
    assert_eq!(
        standing(&shorter, &decisions, &product(), at(20)).standing,
        Standing::Expired { at: at(10) }
    );
    let longer = key(terms("gold"));
    let ruling = standing(&longer, &decisions, &product(), at(50));
    assert_eq!((ruling.ends_at, ruling.terms_changed), (Some(at(100)), true));
}

#[test]
fn a_raised_tier_leaves_the_approved_one_in_force() {
    let decisions = [decision(true, terms("bronze"))];
    let ruling = standing(&key(terms("gold")), &decisions, &product(), at(10));
    assert_eq!(ruling.in_force().unwrap().tier, "bronze");
    assert!(ruling.terms_changed);
}

#[test]
fn a_decision_on_another_product_counts_for_nothing() {
    let vault = Terms {
        product: NamespacedName::new("gamestore", "vault"),
        ..terms("gold")
    };
    for approved in [true, false] {
        let decisions = [decision(approved, terms("gold"))];
        let ruling = standing(&key(vault.clone()), &decisions, &product(), at(10));
        assert_eq!((ruling.standing, ruling.decision), (Standing::Pending, None));
    }
}

#[test]
fn a_denial_stops_the_key_whatever_it_asks_for() {
    let decisions = [decision(false, terms("bronze"))];
    let ruling = standing(&key(terms("gold")), &decisions, &product(), at(10));
    assert_eq!(ruling.standing, Standing::Denied(&decisions[0]));
}

#[test]
fn failures_are_told_in_their_order() {
    let no_scheme = ProductFacts::Live {
        scheme: Scheme::Undiscovered,
        tiers: BTreeSet::new(),
    };
    let no_keys = ProductFacts::Live {
        scheme: Scheme::WithoutKeys,
        tiers: BTreeSet::new(),
    };
    let cases = [
        (
            ProductFacts::NoKuadrant,
            SecretFacts::Missing,
            Failure::KuadrantNotFound,
        ),
        (
            ProductFacts::Missing,
            SecretFacts::Missing,
            Failure::ProductNotFound,
        ),
        (
            ProductFacts::Deleting,
            SecretFacts::Missing,
            Failure::ProductDeleting,
        ),
        (no_scheme.clone(), SecretFacts::Missing, Failure::SecretNotFound),
        (
            no_scheme.clone(),
            SecretFacts::WithoutEntry,
            Failure::SecretWithoutEntry,
        ),
        (no_scheme.clone(), SecretFacts::Empty, Failure::SecretEmpty),
        (no_scheme, SecretFacts::Usable, Failure::SchemeNotFound),
        (no_keys, SecretFacts::Duplicate, Failure::KeySchemeNotFound),
        (product(), SecretFacts::Duplicate, Failure::DuplicateValue),
    ];
    let decisions = [decision(true, terms("gold"))];
    for (product, secret, failure) in cases {
        let facts = KeyFacts {
            asked: terms("gold"),
            secret,
        };
        assert_eq!(
            standing(&facts, &decisions, &product, at(10)).standing,
            Standing::Failed(failure)
        );
    }
}

#[test]
fn a_tier_that_no_plan_names_fails_unless_there_are_no_plans() {
    let facts = key(terms("platinum"));
    let ruling = standing(&facts, &[], &product(), at(10));
    assert!(
        matches!(ruling.standing, Standing::Failed(Failure::TierNotFound { tier, .. }) if tier == "platinum")
    );
    let without_plans = ProductFacts::Live {
        scheme: Scheme::Keys,
        tiers: BTreeSet::new(),
    };
    assert_eq!(
        standing(&facts, &[], &without_plans, at(10)).standing,
        Standing::Pending
    );
}

#[test]
fn an_approved_key_may_ask_for_nonsense_and_keeps_what_it_has() {
    let decisions = [decision(true, terms("gold"))];
    let ruling = standing(&key(terms("platinum")), &decisions, &product(), at(10));
    assert_eq!(ruling.in_force().unwrap().tier, "gold");
}

#[test]
fn a_key_without_a_secret_name_waits_for_its_decision_all_the_same() {
    let facts = KeyFacts {
        asked: terms("gold"),
        secret: SecretFacts::Unnamed,
    };
    let bare = ProductFacts::Live {
        scheme: Scheme::Undiscovered,
        tiers: BTreeSet::new(),
    };
    assert_eq!(standing(&facts, &[], &bare, at(10)).standing, Standing::Pending);
}
