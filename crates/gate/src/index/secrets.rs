//! The Secrets that carry keys, whether anybody approved those or not.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use keydesk_api::meta::enforcement_stem;
use keydesk_core::NamespacedName;
use keydesk_feed::KeySecret;

use crate::snapshot::Carrier;

/// All of them, by namespace and by what the names of one key's have in common.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    carriers: HashTable<Arc<Carrier>>,
    hasher: RandomState,
}

impl Secrets {
    /// Those in a namespace that bear this name or another one of the same key.
    pub(super) fn of_key(&self, namespace: &str, name: &str) -> Vec<Arc<Carrier>> {
        let stem = enforcement_stem(name);
        self.carriers
            .iter_hash(self.hash(namespace, name))
            .filter(|carrier| carrier.namespace() == namespace && enforcement_stem(carrier.name()) == stem)
            .cloned()
            .collect()
    }

    /// All that there are now.
    pub(super) fn all(&self) -> Vec<Arc<Carrier>> {
        self.carriers.iter().cloned().collect()
    }

    pub(super) fn put(&mut self, carrier: Arc<Carrier>) {
        let Self { carriers, hasher } = self;
        let hash = |carrier: &Arc<Carrier>| hash(hasher, carrier.namespace(), carrier.name());
        carriers.insert_unique(hash(&carrier), carrier, hash);
    }

    pub(super) fn remove(&mut self, id: &NamespacedName) -> Option<Arc<Carrier>> {
        let hash = self.hash(&id.namespace, &id.name);
        let entry = self.carriers.find_entry(hash, is(id)).ok()?;
        Some(entry.remove().0)
    }

    /// Those that a list no longer has.
    pub(super) fn missing_from(&self, listed: &[KeySecret]) -> Vec<NamespacedName> {
        let listed: HashSet<&NamespacedName> = listed.iter().map(|secret| &secret.id).collect();
        let ids = self
            .carriers
            .iter()
            .map(|carrier| NamespacedName::new(carrier.namespace(), carrier.name()));
        ids.filter(|id| !listed.contains(id)).collect()
    }

    fn hash(&self, namespace: &str, name: &str) -> u64 {
        hash(&self.hasher, namespace, name)
    }
}

fn hash(hasher: &RandomState, namespace: &str, name: &str) -> u64 {
    hasher.hash_one((namespace, enforcement_stem(name)))
}

fn is(id: &NamespacedName) -> impl Fn(&Arc<Carrier>) -> bool {
    |carrier| carrier.name() == id.name && carrier.namespace() == id.namespace
}
