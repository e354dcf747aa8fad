//! The whole of a kind, as a (re)list gives it: piece by piece, so that nobody has to hold a million objects at once to
//! learn which are no longer there.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use keydesk_core::NamespacedName;

use crate::{Affected, Catalog, Kind, Object, Ref};

/// A list of a kind that is being read.
#[derive(Debug)]
pub struct Listing {
    kind: Kind,
    roll: Roll,
}

impl Listing {
    /// The beginning of a list.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            roll: Roll::default(),
        }
    }

    /// How many objects have come.
    #[must_use]
    pub fn len(&self) -> usize {
        self.roll.called.len()
    }

    /// Whether none has come.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roll.called.is_empty()
    }

    /// Takes in the next object. One of another kind is left out.
    pub fn apply(&mut self, catalog: &mut Catalog, object: Object) -> Affected {
        let reference = object.reference();
        if reference.kind != self.kind {
            return Affected::default();
        }
        self.roll.add(&reference.id());
        catalog.apply(object)
    }

    /// The end: what did not come was deleted.
    pub fn finish(self, catalog: &mut Catalog) -> Affected {
        let Self { kind, roll } = self;
        let mut affected = Affected::default();
        for NamespacedName { name, namespace } in catalog.ids(kind, |id| !roll.has(id)) {
            affected.merge(catalog.delete(&Ref {
                kind,
                namespace,
                name,
            }));
        }
        affected
    }
}

/// Names that have been called. Of each only a hash is kept, so long and so secret that no two will ever be alike.
#[derive(Debug, Default)]
pub struct Roll {
    called: HashSet<u128>,
    hashers: [RandomState; 2],
}

impl Roll {
    /// Calls a name.
    pub fn add(&mut self, id: &NamespacedName) {
        self.called.insert(self.hash(id));
    }

    /// Whether a name was called.
    #[must_use]
    pub fn has(&self, id: &NamespacedName) -> bool {
        self.called.contains(&self.hash(id))
    }

    fn hash(&self, id: &NamespacedName) -> u128 {
        let [high, low] = self.hashers.each_ref().map(|hasher| hasher.hash_one(id));
        u128::from(high) << u64::BITS | u128::from(low)
    }
}
