//! What somebody must look at again after a change.

use std::collections::{BTreeSet, btree_set};

use keydesk_core::NamespacedName;

/// One thing to look at again. It may not exist (any more): then what was derived from it must go.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// An `APIProduct`: discovery.
    Product(NamespacedName),
    /// An `HTTPRoute`: what is served under it, and what protects that.
    Route(NamespacedName),
    /// An `APIKey` with its request, the approvals of that request and its enforcement secrets.
    Key(NamespacedName),
    /// An `APIKeyApproval` that refers to the request of no known key.
    Approval(NamespacedName),
    /// A Secret that says to be an enforcement secret, of no known key.
    EnforcementSecret(NamespacedName),
    /// The Kuadrant that counts: where enforcement secrets are.
    Kuadrant,
}

/// A set of targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected(BTreeSet<Target>);

impl Affected {
    /// Whether nobody needs to look.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The targets, each once.
    pub fn iter(&self) -> btree_set::Iter<'_, Target> {
        self.0.iter()
    }

    /// Takes in the targets of another change.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn add(&mut self, target: Target) {
        self.0.insert(target);
    }
}

impl Extend<Target> for Affected {
    fn extend<I: IntoIterator<Item = Target>>(&mut self, targets: I) {
        self.0.extend(targets);
    }
}

impl FromIterator<Target> for Affected {
    fn from_iter<I: IntoIterator<Item = Target>>(targets: I) -> Self {
        Self(targets.into_iter().collect())
    }
}

impl IntoIterator for Affected {
    type Item = Target;
    type IntoIter = btree_set::IntoIter<Target>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Affected {
    type Item = &'a Target;
    type IntoIter = btree_set::Iter<'a, Target>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
