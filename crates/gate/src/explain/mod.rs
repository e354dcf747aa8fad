//! What the gate would decide about a call, and why, for its operator and for the owners of APIs.
//!
//! ```text
//!  Question ──foretell──▶ Foretold ─┐
//!  snapshot, catalog ───────────────┼─explain──▶ Explanation
//!  whose Secret has the value ──────┘
//! ```
//!
//! Whoever asks has the value of the key in hand and may read the objects anyway: they are told what no caller is told,
//! such as that a key is not approved yet. The value itself is in no answer. An explanation decides nothing: the verdict
//! is the gate's own.

mod explanation;
mod foretell;
mod key;
mod outcome;
mod plan;
mod policy;
mod question;
mod route;

pub use explanation::{
    CallFinding, EntryFinding, Explanation, KeyFinding, KeySource, LimitFinding, Obstacle, OtherWay, Outcome,
    OwnerFinding, PlanFinding, PolicyFinding, ReadingFinding, RouteFinding, RuleFinding, Stands,
    UnservedRoute, UnsupportedPart,
};
pub use foretell::{Foretold, foretell};
pub use key::{Claim, claims};
pub use question::{KeyInHand, Question};

use jiff::Timestamp;
use keydesk_catalog::Catalog;
use keydesk_core::NamespacedName;

use crate::index::Scope;
use crate::snapshot::{Protection, Snapshot};

/// What explanations are made from.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What the gate decides by.
    pub snapshot: &'a Snapshot,
    /// What that was made from.
    pub catalog: &'a Catalog,
    /// Which objects count.
    pub scope: &'a Scope,
}

/// What was learnt of who has a value, beside what the gate knows.
#[derive(Clone, Debug, Default)]
pub struct Carriers {
    /// The keys whose own Secret carries the value.
    pub keys: Vec<NamespacedName>,
    /// How many keys' Secrets were not looked at, for want of the right or because there were too many.
    pub unread: usize,
}

/// Puts into words what becomes of a call.
#[must_use]
pub fn explain(
    known: Known<'_>,
    question: &Question<'_>,
    foretold: &Foretold,
    carriers: &Carriers,
    now: Timestamp,
) -> Explanation {
    let (route, protection) = route::find(known, question);
    let protection = protection.map(AsRef::as_ref);
    let policy = protection.map(|protection| policy::find(known, protection));
    let key = key::find(known, protection, foretold, carriers, now);
    let plan = protection.and_then(|protection| plan::find(known, protection, &foretold.verdict));
    let outcome = outcome::of(
        &foretold.verdict,
        &route,
        policy.as_ref(),
        &key,
        products(protection),
    );
    Explanation {
        call: question.finding(),
        route,
        policy,
        products: products(protection).cloned().collect(),
        key,
        plan,
        outcome,
    }
}

fn products(protection: Option<&Protection>) -> impl Iterator<Item = &NamespacedName> {
    protection.into_iter().flat_map(Protection::offered)
}

#[cfg(test)]
mod tests;
