//! What of an object is not worth its memory: bookkeeping of others, and texts that nobody here reads.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use keydesk_api::meta::{annotation, label};
use keydesk_api::{APIKeyApproval, APIKeyRequest, APIProduct};
use keydesk_core::NamespacedName;

use crate::{Approval, SecretMeta, TermsBefore, written};

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

/// Keeps when the spec was last written, and the terms that the reviewer's tool recorded, if they were recorded for that.
pub(crate) fn approval(mut object: APIKeyApproval) -> Approval {
    let edited_at = written::at(&object.metadata, written::spec);
    let is_outdated = written::terms_are_outdated(&object.metadata);
    meta(&mut object.metadata);
    if is_outdated && let Some(annotations) = &mut object.metadata.annotations {
        annotations.remove(annotation::TERMS);
    }
    Approval { object, edited_at }
}

/// Dates the change of terms as the API server does (`spec/controller.md` §5.1): the controller writes when it decided
/// on it, and whoever approved between that and the change itself saw the earlier terms. Scopes are no part of the spec,
/// so what counts is when the annotation was written that every change of terms comes with.
pub(crate) fn request(object: &mut APIKeyRequest) {
    let written_at = written::at(&object.metadata, |fields| {
        written::annotation(fields, annotation::TERMS_BEFORE)
    });
    // A request can be made with it, under the name of one that is gone.
    let made_at = object.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let written_at = written_at.max(made_at);
    meta(&mut object.metadata);
    let (Some(before), Some(written_at)) = (TermsBefore::of(object), written_at) else {
        return;
    };
    if !before.dated && before.changed_at < written_at {
        let stamped = TermsBefore {
            changed_at: written_at,
            dated: true,
            ..before
        };
        let annotations = object.metadata.annotations.get_or_insert_default();
        annotations.insert(annotation::TERMS_BEFORE.to_owned(), stamped.to_json());
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// When the terms changed, to a request whose annotation says noon and was taken in by the API server then.
    fn changed_at(written_at: &str, dated: bool) -> String {
        let before = json!({
            "changedAt": "2026-06-01T12:00:00Z",
            "dated": dated,
            "terms": {
                "namespace": "a", "product": { "namespace": "o", "name": "p" }, "tier": "bronze", "userId": "u",
            },
        });
        let mut request: APIKeyRequest = serde_json::from_value(json!({
            "metadata": {
                "annotations": { annotation::TERMS_BEFORE: before.to_string() },
                "managedFields": [
                    {
                        "time": written_at,
                        "fieldsV1": { "f:metadata": { "f:annotations": { "f:keydesk.dev/terms-before": {} } } },
                    },
                    { "time": "2026-06-01T12:00:59Z", "fieldsV1": { "f:status": {} } },
                ],
            },
            "spec": {
                "apiProductRef": { "name": "p" }, "planTier": "gold", "useCase": "",
                "requestedBy": { "userId": "u", "email": "u@example.org" },
                "apiKeyRef": { "name": "k", "namespace": "a" },
            },
        }))
        .unwrap();
        super::request(&mut request);
        assert_eq!(request.metadata.managed_fields, None);
        TermsBefore::of(&request).unwrap().changed_at.to_string()
    }

    #[test]
    fn terms_change_when_the_api_server_says_so() {
        for (written_at, changed) in [
            ("2026-06-01T12:00:07Z", "2026-06-01T12:00:07Z"),
            ("2026-06-01T11:59:58Z", "2026-06-01T12:00:00Z"),
            ("2026-06-01T12:03:00Z", "2026-06-01T12:03:00Z"),
        ] {
            assert_eq!(changed_at(written_at, false), changed, "{written_at}");
        }
    }

    #[test]
    fn a_change_that_is_dated_is_not_dated_again_by_a_later_write() {
        assert_eq!(changed_at("2026-06-01T12:00:07Z", true), "2026-06-01T12:00:00Z");
    }
}
