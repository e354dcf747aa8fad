//! One object as it is kept: its bytes, and the little that is needed without reading them.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Where an object is within its collection; orders lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectName {
    /// `""` for cluster scope.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// A committed version of an object. Immutable, shared, never re-serialised.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) at: ObjectName,
    pub(crate) revision: u64,
    /// Version that `json` is in.
    pub(crate) api_version: String,
    pub(crate) uid: String,
    pub(crate) labels: Map<String, Value>,
    pub(crate) owners: Vec<Owner>,
    /// Has a deletionTimestamp.
    pub(crate) deleting: bool,
    /// The whole object, compact, in its storage version.
    pub(crate) json: Bytes,
}

/// One of an object's ownerReferences.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Owner {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    #[serde(default)]
    pub(crate) block_owner_deletion: Option<bool>,
}

/// The part of an object that is kept decoded.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    api_version: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    uid: String,
    resource_version: String,
    #[serde(default)]
    labels: Map<String, Value>,
    #[serde(default)]
    owner_references: Vec<Owner>,
    deletion_timestamp: Option<String>,
}

impl Object {
    /// Reads what `json` says; it must be an object that this server wrote.
    pub(crate) fn parse(json: Bytes) -> Result<Self, serde_json::Error> {
        let Kept {
            api_version,
            metadata,
        } = serde_json::from_slice(&json)?;
        let revision = metadata
            .resource_version
            .parse()
            .map_err(serde::de::Error::custom)?;
        Ok(Self {
            at: ObjectName {
                namespace: metadata.namespace,
                name: metadata.name,
            },
            revision,
            api_version,
            uid: metadata.uid,
            labels: metadata.labels,
            owners: metadata.owner_references,
            deleting: metadata.deletion_timestamp.is_some(),
            json,
        })
    }

    /// `value` as committed at `revision`.
    pub(crate) fn at_revision(mut value: Value, revision: u64) -> Result<Arc<Self>, serde_json::Error> {
        if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
            metadata.insert("resourceVersion".into(), Value::String(revision.to_string()));
        }
        Self::parse(serde_json::to_vec(&value)?.into()).map(Arc::new)
    }

    /// The same object as it is announced when it goes (or leaves a watcher's view) at `revision`.
    pub(crate) fn moved_to(&self, revision: u64) -> Result<Arc<Self>, serde_json::Error> {
        Self::at_revision(self.value(), revision)
    }

    /// The object as JSON.
    pub(crate) fn value(&self) -> Value {
        // Only bytes that were parsed before are ever kept.
        serde_json::from_slice(&self.json).unwrap_or_default()
    }
}
