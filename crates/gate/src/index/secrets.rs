//! The Secrets that carry keys, whether anybody approved those or not.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use keydesk_api::meta::enforcement_stem;
use keydesk_catalog::Roll;
use keydesk_core::NamespacedName;

use crate::snapshot::Holder;

/// All of them, by namespace and by what the names of one key's have in common.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    holders: HashTable<Arc<Holder>>,
    hasher: RandomState,
}

impl Secrets {
    pub(super) fn get(&self, id: &NamespacedName) -> Option<&Arc<Holder>> {
        self.holders.find(self.hash(&id.namespace, &id.name), is(id))
    }

    /// Those in a namespace that bear this name or another one of the same key.
    pub(super) fn of_key(&self, namespace: &str, name: &str) -> Vec<Arc<Holder>> {
        let stem = enforcement_stem(name);
        self.holders
            .iter_hash(self.hash(namespace, name))
            .filter(|holder| holder.namespace() == namespace && enforcement_stem(&holder.name()) == stem)
            .cloned()
            .collect()
    }

    /// All that there are now.
    pub(super) fn all(&self) -> Vec<Arc<Holder>> {
        self.holders.iter().cloned().collect()
    }

    /// Puts one in, in the place of the one before.
    pub(super) fn put(&mut self, holder: Arc<Holder>) {
        self.remove(&holder.secret());
        let Self { holders, hasher } = self;
        let hash = |holder: &Arc<Holder>| hash(hasher, holder.namespace(), &holder.name());
        holders.insert_unique(hash(&holder), holder, hash);
    }

    pub(super) fn remove(&mut self, id: &NamespacedName) -> Option<Arc<Holder>> {
        let hash = self.hash(&id.namespace, &id.name);
        let entry = self.holders.find_entry(hash, is(id)).ok()?;
        Some(entry.remove().0)
    }

    /// Those that a list no longer has.
    pub(super) fn missing_from(&self, listed: &Roll) -> Vec<NamespacedName> {
        let ids = self.holders.iter().map(|holder| holder.secret());
        ids.filter(|id| !listed.has(id)).collect()
    }

    fn hash(&self, namespace: &str, name: &str) -> u64 {
        hash(&self.hasher, namespace, name)
    }
}

fn hash(hasher: &RandomState, namespace: &str, name: &str) -> u64 {
    hasher.hash_one((namespace, enforcement_stem(name)))
}

fn is(id: &NamespacedName) -> impl Fn(&Arc<Holder>) -> bool {
    |holder| holder.namespace() == id.namespace && holder.name() == id.name
}
