//! The Secrets that may carry keys, whether anybody approved those or not.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use jiff::Timestamp;
use keydesk_core::{Digest, NamespacedName};
use keydesk_feed::KeySecret;

use super::intern::Texts;
use crate::snapshot::Labels;

/// What is kept of one.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) namespace: Arc<str>,
    pub(super) name: Box<str>,
    pub(super) uid: Box<str>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) labels: Labels,
    /// Kuadrant's. For those that Keydesk manages the approved terms speak.
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) digest: Option<Digest>,
}

impl Record {
    pub(super) fn of(secret: KeySecret, texts: &mut Texts) -> Self {
        let KeySecret {
            id,
            uid,
            created_at,
            labels,
            annotations,
            digest,
        } = secret;
        let Texts { text, map, .. } = texts;
        Self {
            namespace: text.share(id.namespace),
            name: id.name.into(),
            uid: uid.into(),
            created_at,
            labels: Labels::new(labels, |labels| map.share(labels), |label| text.share(label)),
            annotations,
            digest,
        }
    }
}

/// All of them, by namespace and name.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    records: HashTable<Arc<Record>>,
    hasher: RandomState,
}

impl Secrets {
    pub(super) fn get(&self, id: &NamespacedName) -> Option<&Arc<Record>> {
        self.records.find(self.hash(&id.namespace, &id.name), is(id))
    }

    /// All that there are now.
    pub(super) fn all(&self) -> Vec<Arc<Record>> {
        self.records.iter().cloned().collect()
    }

    pub(super) fn put(&mut self, record: Record) {
        let Self { records, hasher } = self;
        let hash = |record: &Arc<Record>| hasher.hash_one((&*record.namespace, &*record.name));
        let record = Arc::new(record);
        records.insert_unique(hash(&record), record, hash);
    }

    pub(super) fn remove(&mut self, id: &NamespacedName) -> Option<Arc<Record>> {
        let hash = self.hash(&id.namespace, &id.name);
        let entry = self.records.find_entry(hash, is(id)).ok()?;
        Some(entry.remove().0)
    }

    /// Those that a list no longer has.
    pub(super) fn missing_from(&self, listed: &[KeySecret]) -> Vec<NamespacedName> {
        let listed: HashSet<&NamespacedName> = listed.iter().map(|secret| &secret.id).collect();
        let ids = self
            .records
            .iter()
            .map(|record| NamespacedName::new(&*record.namespace, &*record.name));
        ids.filter(|id| !listed.contains(id)).collect()
    }

    fn hash(&self, namespace: &str, name: &str) -> u64 {
        self.hasher.hash_one((namespace, name))
    }
}

fn is(id: &NamespacedName) -> impl Fn(&Arc<Record>) -> bool {
    |record| *record.name == *id.name && *record.namespace == *id.namespace
}
