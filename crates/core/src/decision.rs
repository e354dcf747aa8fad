//! Which of several decisions on one request holds.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::Terms;

/// One owner's (or, in automatic mode, the system's) word on a request, with the terms it was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The approval object's name; the last tie-breaker.
    pub name: String,
    /// Approved or denied.
    pub approved: bool,
    /// Who decided, as written on the approval.
    pub by: String,
    /// What the reviewer wants the consumer to read.
    pub message: String,
    /// From when the decision counts; see [`effective_at`].
    pub effective_at: Timestamp,
    /// The terms that were decided on.
    pub terms: Terms,
}

/// From when a decision counts. Reviewers write `reviewed_at` themselves, so it is never taken to be later than the
/// moment at which the API server accepted the approval; for one that was edited, that moment is the edit's.
#[must_use]
pub fn effective_at(reviewed_at: Option<Timestamp>, accepted_at: Timestamp, edited: bool) -> Timestamp {
    match reviewed_at {
        Some(reviewed_at) if !edited => reviewed_at.min(accepted_at),
        Some(_) | None => accepted_at,
    }
}

/// The decision that holds on a key that asks for these terms. A yes is to a product, and over with the next no to the key,
/// whatever that was about: or a consumer could be out of the way, at another product, for as long as somebody says no.
pub fn holding<'a>(decisions: &'a [Decision], asked: &Terms) -> Option<&'a Decision> {
    let concerning = decisions.iter().filter(|decision| decision.terms.concerns(asked));
    winner(concerning.filter(|decision| ended_by(decision, decisions).is_none()))
}

/// The latest denial after an approval.
pub fn ended_by<'a>(
    decision: &Decision,
    decisions: impl IntoIterator<Item = &'a Decision>,
) -> Option<&'a Decision> {
    let denials = decisions.into_iter().filter(|other| !other.approved);
    winner(denials).filter(|denial| decision.approved && by_weight(denial, decision).is_gt())
}

/// The decision that holds: the latest; at the same moment a denial; then the first by name.
/// It does not depend on the order in which decisions are given.
pub fn winner<'a>(decisions: impl IntoIterator<Item = &'a Decision>) -> Option<&'a Decision> {
    decisions.into_iter().max_by(|a, b| by_weight(a, b))
}

/// Which of two decisions would hold, had nobody else decided: the greater one. See [`winner`].
#[must_use]
pub fn by_weight(a: &Decision, b: &Decision) -> Ordering {
    let denial_is_heavier = || b.approved.cmp(&a.approved);
    a.effective_at
        .cmp(&b.effective_at)
        .then_with(denial_is_heavier)
        .then_with(|| b.name.cmp(&a.name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::NamespacedName;

    fn decision(name: &str, approved: bool, second: i64) -> Decision {
        Decision {
            name: name.into(),
            approved,
            by: "owner".into(),
            message: String::new(),
            effective_at: at(second),
            terms: Terms {
                expires_at: None,
                namespace: "consumer-app".into(),
                product: NamespacedName::new("gamestore", "gamestore-api"),
                scopes: BTreeSet::new(),
                tier: "gold".into(),
                user_id: "user-12345".into(),
            },
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_latest_decision_holds() {
        let decisions = [decision("a", true, 1), decision("b", false, 2)];
        assert_eq!(winner(&decisions).unwrap().name, "b");
        let decisions = [decision("a", true, 3), decision("b", false, 2)];
        assert_eq!(winner(&decisions).unwrap().name, "a");
    }

    #[test]
    fn at_the_same_moment_the_denial_holds_then_the_first_name() {
        let decisions = [
            decision("a", true, 1),
            decision("c", false, 1),
            decision("b", false, 1),
        ];
        assert_eq!(winner(&decisions).unwrap().name, "b");
    }

    #[test]
    fn a_review_dated_in_the_future_counts_from_its_acceptance() {
        assert_eq!(effective_at(Some(at(4_000_000_000)), at(10), false), at(10));
        assert_eq!(effective_at(Some(at(5)), at(10), false), at(5));
        assert_eq!(effective_at(None, at(10), false), at(10));
    }

    #[test]
    fn a_yes_is_to_a_product_and_ends_with_a_no_to_the_key() {
        let about = |product: &str, approved: bool, second: i64| {
            let mut decision = decision(product, approved, second);
            decision.terms.product.name = product.into();
            decision
        };
        let asked = about("gamestore-api", true, 0).terms;
        let held = |decisions: &[Decision]| {
            holding(decisions, &asked).map(|held| (held.approved, held.effective_at))
        };
        let yes = about("gamestore-api", true, 2);
        assert_eq!(held(&[about("vault", true, 1)]), None);
        assert_eq!(held(&[yes.clone(), about("vault", true, 3)]), Some((true, at(2))));
        assert_eq!(
            held(&[yes.clone(), about("vault", false, 1)]),
            Some((true, at(2)))
        );
        for later in [2, 3] {
            assert_eq!(
                held(&[yes.clone(), about("vault", false, later)]),
                None,
                "nobody has decided anew"
            );
        }
        let no = about("gamestore-api", false, 3);
        assert_eq!(held(&[yes, no, about("vault", false, 4)]), Some((false, at(3))));
    }

    #[test]
    fn an_edited_approval_counts_from_its_edit() {
        assert_eq!(effective_at(Some(at(5)), at(10), true), at(10));
    }
}
