//! What of an object is not worth its memory: bookkeeping of others, and texts that nobody here reads.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use keydesk_api::meta::{annotation, label};
use keydesk_api::{APIKeyApproval, APIProduct};
use keydesk_core::NamespacedName;

use crate::{Approval, SecretMeta};

/// The annotations of an enforcement secret that are compared.
const SECRET_ANNOTATIONS: [&str; 7] = [
    annotation::PLAN_ID,
    annotation::USER_ID,
    annotation::EXPIRES_AT,
    annotation::API_KEY,
    annotation::API_PRODUCT,
    annotation::PREVIOUS_UNTIL,
    annotation::REPLACES,
];

/// Drops managed fields, and every annotation but ours: among the others may be a copy of a whole object.
pub(crate) fn meta(meta: &mut ObjectMeta) {
    meta.managed_fields = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.retain(|name, _| name.starts_with(annotation::PREFIX));
    }
    meta.annotations = meta
        .annotations
        .take()
        .filter(|annotations| !annotations.is_empty());
}

/// Drops the text of the API document, which may be large. Whoever writes the product's status reads it first.
pub(crate) fn product(object: &mut APIProduct) {
    meta(&mut object.metadata);
    if let Some(openapi) = object.status.as_mut().and_then(|status| status.openapi.as_mut()) {
        openapi.raw = String::new();
    }
}

/// Keeps when the spec was last written.
pub(crate) fn approval(mut object: APIKeyApproval) -> Approval {
    let edited_at = object
        .metadata
        .managed_fields
        .as_deref()
        .unwrap_or_default()
        .iter()
        .filter_map(spec_written_at)
        .max();
    meta(&mut object.metadata);
    Approval { object, edited_at }
}

fn spec_written_at(entry: &ManagedFieldsEntry) -> Option<Timestamp> {
    let writes_spec = entry
        .fields_v1
        .as_ref()
        .is_some_and(|fields| fields.0.get("f:spec").is_some());
    entry.time.as_ref().filter(|_| writes_spec).map(|time| time.0)
}

impl SecretMeta {
    /// Keeps what is needed of a Secret's metadata. To be called as early as possible: an annotation may hold the
    /// Secret's own data.
    #[must_use]
    pub fn keep(meta: ObjectMeta) -> Self {
        let labels = meta.labels.unwrap_or_default();
        let enforces = labels
            .get(label::ENFORCEMENT)
            .is_some_and(|value| value == label::ENFORCEMENT_VALUE);
        let mut annotations = meta.annotations.unwrap_or_default();
        annotations.retain(|name, _| SECRET_ANNOTATIONS.contains(&name.as_str()));
        let (labels, annotations) = if enforces {
            (labels, annotations)
        } else {
            (BTreeMap::new(), BTreeMap::new())
        };
        Self {
            id: NamespacedName::new(meta.namespace.unwrap_or_default(), meta.name.unwrap_or_default()),
            uid: meta.uid.unwrap_or_default(),
            resource_version: meta.resource_version.unwrap_or_default(),
            deleting: meta.deletion_timestamp.is_some(),
            labels,
            annotations,
        }
    }

    /// Until when its value is accepted, if it is an enforcement secret of one that is being rotated out. What cannot be
    /// read has passed.
    #[must_use]
    pub fn accepted_until(&self) -> Option<Timestamp> {
        let until = self.annotations.get(annotation::PREVIOUS_UNTIL)?;
        Some(until.parse().unwrap_or(Timestamp::MIN))
    }

    /// Whether it says to be an enforcement secret.
    #[must_use]
    pub fn enforces(&self) -> bool {
        !self.labels.is_empty()
    }
}
