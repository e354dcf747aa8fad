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
    fn an_edited_approval_counts_from_its_edit() {
        assert_eq!(effective_at(Some(at(5)), at(10), true), at(10));
    }
}
