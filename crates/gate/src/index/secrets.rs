//! The Secrets that carry keys, whether anybody approved those or not.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use keydesk_core::NamespacedName;
use keydesk_feed::KeySecret;

use crate::snapshot::Carrier;

/// All of them, by namespace and name.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    carriers: HashTable<Arc<Carrier>>,
    hasher: RandomState,
}

impl Secrets {
    pub(super) fn get(&self, id: &NamespacedName) -> Option<&Arc<Carrier>> {
        self.carriers.find(self.hash(&id.namespace, &id.name), is(id))
    }

    /// All that there are now.
    pub(super) fn all(&self) -> Vec<Arc<Carrier>> {
        self.carriers.iter().cloned().collect()
    }

    pub(super) fn put(&mut self, carrier: Arc<Carrier>) {
        let Self { carriers, hasher } = self;
        let hash = |carrier: &Arc<Carrier>| hasher.hash_one((carrier.namespace(), carrier.name()));
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
        self.hasher.hash_one((namespace, name))
    }
}

fn is(id: &NamespacedName) -> impl Fn(&Arc<Carrier>) -> bool {
    |carrier| carrier.name() == id.name && carrier.namespace() == id.namespace
}
