//! What holds for every input.

use jiff::Timestamp;
use keydesk_core::{
    Decision, KeyFacts, NamespacedName, ProductFacts, Scheme, SecretFacts, Standing, Terms, effective_at,
    standing,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (0_i64..20).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn terms() -> impl Strategy<Value = Terms> {
    let tier = select(vec!["gold", "silver", "platinum"]);
    (
        option::of(timestamp()),
        select(vec!["store", "vault"]),
        tier,
        select(vec!["ada", "eve"]),
        any::<bool>(),
    )
        .prop_map(|(expires_at, product, tier, user, scoped)| Terms {
            expires_at,
            namespace: "consumer-app".into(),
            product: NamespacedName::new("gamestore", product),
            scopes: scoped.then(|| "read".to_owned()).into_iter().collect(),
            tier: tier.into(),
            user_id: user.into(),
        })
}

fn decisions() -> impl Strategy<Value = Vec<Decision>> {
    let decision = (
        any::<bool>(),
        option::of(timestamp()),
        timestamp(),
        any::<bool>(),
        terms(),
    );
    vec(decision, 0..6).prop_map(|decisions| {
        let named = decisions.into_iter().enumerate();
        named
            .map(
                |(index, (approved, reviewed, accepted, edited, terms))| Decision {
                    name: format!("decision-{index}"),
                    approved,
                    by: "owner".into(),
                    message: String::new(),
                    effective_at: effective_at(reviewed, accepted, edited),
                    terms,
                },
            )
            .collect()
    })
}

fn product() -> impl Strategy<Value = ProductFacts> {
    let scheme = select(vec![
        Scheme::Undiscovered,
        Scheme::WithoutKeys,
        Scheme::Keys,
        Scheme::Keys,
    ]);
    let live = (scheme, any::<bool>()).prop_map(|(scheme, plans)| {
        let tiers: &[&str] = if plans { &["gold", "silver"] } else { &[] };
        ProductFacts::Live {
            scheme,
            tiers: tiers.iter().map(|&tier| tier.to_owned()).collect(),
        }
    });
    prop_oneof![
        1 => Just(ProductFacts::NoKuadrant),
        1 => Just(ProductFacts::Missing),
        1 => Just(ProductFacts::Deleting),
        6 => live,
    ]
}

fn key() -> impl Strategy<Value = KeyFacts> {
    let secret = select(vec![
        SecretFacts::Unnamed,
        SecretFacts::Missing,
        SecretFacts::WithoutEntry,
        SecretFacts::Empty,
        SecretFacts::Duplicate,
        SecretFacts::Usable,
        SecretFacts::Usable,
        SecretFacts::Usable,
    ]);
    (terms(), secret).prop_map(|(asked, secret)| KeyFacts { asked, secret })
}

proptest! {
    #[test]
    fn the_order_of_decisions_does_not_matter(
        key in key(), decisions in decisions(), product in product(), now in timestamp(), turn in 0_usize..6,
    ) {
        let mut turned = decisions.clone();
        turned.rotate_left(turn.min(decisions.len()));
        turned.reverse();
        prop_assert_eq!(standing(&key, &decisions, &product, now), standing(&key, &turned, &product, now));
    }

    #[test]
    fn what_is_in_force_was_approved_and_has_not_ended(
        key in key(), decisions in decisions(), product in product(), now in timestamp(),
    ) {
        let ruling = standing(&key, &decisions, &product, now);
        if let Some(terms) = ruling.in_force() {
            let approved = |decision: &Decision| decision.approved && decision.terms.covers(&terms);
            prop_assert!(decisions.iter().any(approved));
            prop_assert!(terms.expires_at.is_none_or(|end| end > now));
            prop_assert!(terms.concerns(&key.asked));
            let live = matches!(product, ProductFacts::Live { .. });
            prop_assert!(live);
        }
    }

    #[test]
    fn no_decision_means_no_access(key in key(), product in product(), now in timestamp()) {
        let ruling = standing(&key, &[], &product, now);
        let waits = matches!(ruling.standing, Standing::Pending | Standing::Failed(_));
        prop_assert!(waits && ruling.in_force().is_none());
    }

    #[test]
    fn a_denial_later_than_every_approval_holds(
        key in key(), mut decisions in decisions(), product in product(), now in timestamp(),
    ) {
        decisions.push(Decision {
            name: "last".into(),
            approved: false,
            by: "owner".into(),
            message: String::new(),
            effective_at: Timestamp::from_second(100).unwrap(),
            terms: key.asked.clone(),
        });
        let ruling = standing(&key, &decisions, &product, now);
        let stopped = matches!(ruling.standing, Standing::Denied(_) | Standing::Failed(_));
        prop_assert!(stopped);
    }

    #[test]
    fn terms_survive_their_canonical_form(terms in terms()) {
        prop_assert_eq!(Terms::parse(&terms.to_json()).unwrap(), terms);
    }

    #[test]
    fn covering_is_reflexive_and_transitive(a in terms(), b in terms(), c in terms()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
    }
}
