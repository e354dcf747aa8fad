//! Which policy is in force of several of one kind on one target.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keydesk_catalog::{Policy, PolicyEnd};

/// The one policy in force on each target.
///
/// The order is that of [`keydesk_catalog::Attached::choose`], but for the question whether a policy is in force by its
/// status: that is what is being found out.
pub(super) struct InForce<P>(BTreeMap<PolicyEnd, P>);

impl<P: Policy> InForce<P> {
    pub(super) fn among(policies: impl Iterator<Item = P>) -> Self {
        let mut first: BTreeMap<PolicyEnd, P> = BTreeMap::new();
        for policy in policies.filter(|policy| policy.meta().deletion_timestamp.is_none()) {
            let Some(end) = PolicyEnd::of(&policy.namespace().unwrap_or_default(), policy.target()) else {
                continue;
            };
            let comes_first = first.get(&end).is_none_or(|other| rank(&policy) < rank(other));
            if comes_first {
                first.insert(end, policy);
            }
        }
        Self(first)
    }

    pub(super) fn on(&self, end: &PolicyEnd) -> Option<&P> {
        self.0.get(end)
    }

    /// The policy that is in force on a target instead of this one.
    pub(super) fn instead_of(&self, policy: &P, end: &PolicyEnd) -> Option<&P> {
        self.on(end).filter(|other| other.name_any() != policy.name_any())
    }
}

/// One for the whole target, the oldest, the first by name.
fn rank<P: Policy>(policy: &P) -> (bool, Option<Timestamp>, String) {
    let created_at = policy.creation_timestamp().map(|time| time.0);
    let is_for_a_part = policy.target().section_name.is_some();
    (is_for_a_part, created_at, policy.name_any())
}

/// That a policy is not in force because another of its kind on its target is.
pub(super) fn overridden_by(other: &impl Policy) -> String {
    format!(
        "The policy is overridden by {}/{}, which comes before it on the same target: the oldest counts",
        other.namespace().unwrap_or_default(),
        other.name_any(),
    )
}
