//! What the predicates of plans may know of a holder.

use keydesk_api::meta::annotation;
use keydesk_api::rfc3339;
use keydesk_cel::Identity;
use serde_json::{Map, Value, json};

use super::Holder;

/// Its Secret's metadata as Authorino shows it. What was approved stands in the place of what somebody may have written
/// into the Secret since.
pub(super) fn identity(holder: &Holder) -> Identity {
    let annotations: Map<String, Value> = if let Some(approved) = holder.approved() {
        let ends_at = approved.ends_at.map(rfc3339);
        [
            (annotation::PLAN_ID, Some(approved.entitlement.tier.clone())),
            (annotation::USER_ID, Some(approved.user_id.to_owned())),
            (annotation::EXPIRES_AT, ends_at),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect()
    } else {
        let annotations = holder.annotations().into_iter().flatten();
        annotations
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect()
    };
    let labels: Map<String, Value> = holder
        .labels()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    Identity::new(&json!({
        "metadata": {
            "name": holder.name(),
            "namespace": holder.namespace(),
            "uid": holder.uid().to_string(),
            "labels": labels,
            "annotations": annotations,
            "creationTimestamp": holder.created_at().map(rfc3339),
        },
        "type": "Opaque",
    }))
}
