//! What is known of the values in Secrets: whether there is one, and a fingerprint to compare it. Never the value.

use std::collections::HashMap;

use k8s_openapi::api::core::v1::Secret;
use keydesk_api::meta::API_KEY_ENTRY;
use keydesk_catalog::SecretMeta;
use keydesk_core::{Fingerprint, FingerprintKey, NamespacedName};
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::flaws::{Flaws, flaws};
use crate::write::{self, Cluster, WriteError};

/// What a Secret holds under `api_key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The Secret is gone.
    Missing,
    /// No such entry.
    WithoutEntry,
    /// An entry of no bytes.
    Empty,
    /// A value, and nothing else.
    Value(Fingerprint),
    /// A value beside other entries.
    Crowded(Fingerprint),
}

impl Content {
    /// The value, whatever else is there.
    pub(crate) fn value(self) -> Option<Fingerprint> {
        match self {
            Self::Value(fingerprint) | Self::Crowded(fingerprint) => Some(fingerprint),
            Self::Missing | Self::WithoutEntry | Self::Empty => None,
        }
    }

    /// The value, if it is all that is there.
    pub(crate) fn sole_value(self) -> Option<Fingerprint> {
        match self {
            Self::Value(fingerprint) => Some(fingerprint),
            Self::Crowded(_) | Self::Missing | Self::WithoutEntry | Self::Empty => None,
        }
    }
}

/// Remembers, for each version of a Secret that was read, what it holds.
#[derive(Debug)]
pub(crate) struct Values {
    key: FingerprintKey,
    known: Mutex<HashMap<NamespacedName, Known>>,
}

#[derive(Debug)]
struct Known {
    uid: String,
    resource_version: String,
    content: Content,
    flaws: Flaws,
}

impl Values {
    pub(crate) fn new(key: FingerprintKey) -> Self {
        Self {
            key,
            known: Mutex::default(),
        }
    }

    /// What the Secret holds; reads it only if this version of it was never read.
    pub(crate) async fn content(
        &self,
        cluster: &Cluster,
        secret: &SecretMeta,
    ) -> Result<Content, WriteError> {
        if let Some(known) = self.known.lock().get(&secret.id)
            && known.uid == secret.uid
            && known.resource_version == secret.resource_version
        {
            return Ok(known.content);
        }
        match cluster.read::<Secret>(&secret.id).await? {
            Some(secret) => Ok(self.learn(secret)),
            None => Ok(Content::Missing),
        }
    }

    /// Takes in a Secret that was read or written, and lets go of its value.
    pub(crate) fn learn(&self, secret: Secret) -> Content {
        let id = write::id(&secret);
        let uid = secret.metadata.uid.clone().unwrap_or_default();
        let resource_version = secret.metadata.resource_version.clone().unwrap_or_default();
        let is_alone = secret.data.as_ref().is_some_and(|data| data.len() == 1);
        let value = value_of(secret);
        let flaws = value.as_ref().map(|value| flaws(value)).unwrap_or_default();
        let content = match value {
            None => Content::WithoutEntry,
            Some(value) if value.is_empty() => Content::Empty,
            Some(value) if is_alone => Content::Value(self.key.fingerprint(&value)),
            Some(value) => Content::Crowded(self.key.fingerprint(&value)),
        };
        self.known.lock().insert(
            id,
            Known {
                uid,
                resource_version,
                content,
                flaws,
            },
        );
        content
    }

    /// Forgets a Secret that is gone.
    pub(crate) fn forget(&self, id: &NamespacedName) {
        self.known.lock().remove(id);
    }

    /// What is unwise about the value in a Secret, as it was last read.
    pub(crate) fn flaws(&self, id: &NamespacedName) -> Flaws {
        self.known
            .lock()
            .get(id)
            .map(|known| known.flaws)
            .unwrap_or_default()
    }

    pub(crate) fn fingerprint(&self, value: &[u8]) -> Fingerprint {
        self.key.fingerprint(value)
    }
}

/// The value in a Secret, wiped when dropped. The rest of the Secret is dropped here.
pub(crate) fn value_of(secret: Secret) -> Option<Zeroizing<Vec<u8>>> {
    let mut value = None;
    for (name, bytes) in secret.data.unwrap_or_default() {
        let bytes = Zeroizing::new(bytes.0);
        if name == API_KEY_ENTRY {
            value = Some(bytes);
        }
    }
    value
}
