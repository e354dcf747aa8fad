//! An object as a watch delivers it: pruned while it is decoded, and odd rather than fatal when it cannot be.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use keydesk_api::meta::annotation;
use kube::Resource;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use zeroize::Zeroize as _;

use crate::watched::Watched;

/// Annotations that are kept; among all others may be a copy of a Secret with its value, made by `kubectl apply`.
const KEPT_ANNOTATIONS: [&str; 2] = [annotation::PREFIX, "secret.kuadrant.io/"];

/// One object of a list or watch.
#[derive(Clone, Debug)]
pub(crate) enum Seen<K> {
    /// As it should be.
    Read(K),
    /// There is an object of that name, and this is why it cannot be read.
    Odd { meta: Box<ObjectMeta>, why: String },
}

impl<'de, K: Watched> Deserialize<'de> for Seen<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Value::deserialize(deserializer)?;
        prune(&mut object, K::KEEPS_MANAGED_FIELDS);
        let metadata = object.get("metadata").cloned().unwrap_or_default();
        match serde_json::from_value(object) {
            Ok(object) => Ok(Self::Read(object)),
            Err(why) => {
                // Without so much as a name it is no object, and the watch is no watch.
                let meta = serde_json::from_value(metadata).map_err(D::Error::custom)?;
                Ok(Self::Odd {
                    meta: Box::new(meta),
                    why: why.to_string(),
                })
            }
        }
    }
}

fn prune(object: &mut Value, keeps_managed_fields: bool) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    if !keeps_managed_fields {
        metadata.remove("managedFields");
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|name, value| {
            let keeps = KEPT_ANNOTATIONS.iter().any(|kept| name.starts_with(kept));
            if let (false, Value::String(text)) = (keeps, value) {
                text.zeroize();
            }
            keeps
        });
    }
}

impl<K: Watched> Resource for Seen<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(dt)
    }

    fn group(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::group(dt)
    }

    fn version(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::version(dt)
    }

    fn plural(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(dt)
    }

    fn metadata_api() -> bool {
        K::metadata_api()
    }

    fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Read(object) => object.meta(),
            Self::Odd { meta, .. } => meta,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Read(object) => object.meta_mut(),
            Self::Odd { meta, .. } => meta,
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Secret;
    use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest};
    use kube::core::PartialObjectMeta;
    use serde_json::json;

    use super::*;

    fn secret() -> Value {
        json!({
            "apiVersion": "meta.k8s.io/v1",
            "kind": "PartialObjectMetadata",
            "metadata": {
                "name": "s",
                "annotations": {
                    "kubectl.kubernetes.io/last-applied-configuration": "{\"stringData\": {\"api_key\": \"hunter2\"}}",
                    "keydesk.dev/previous-until": "2026-01-01T00:00:00Z",
                },
                "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {}}}],
            },
        })
    }

    #[test]
    fn a_secret_is_pruned_before_anything_else_sees_it() {
        let seen: Seen<PartialObjectMeta<Secret>> = serde_json::from_value(secret()).unwrap();
        assert!(
            Seen::<PartialObjectMeta<Secret>>::metadata_api(),
            "the data is not even asked for"
        );
        assert!(!format!("{seen:?}").contains("hunter2"));
        assert_eq!(seen.meta().annotations.as_ref().unwrap().len(), 1);
        assert!(seen.meta().managed_fields.is_none());
    }

    #[test]
    fn an_approval_keeps_what_says_when_it_was_edited() {
        let seen: Seen<APIKeyApproval> = serde_json::from_value(secret()).unwrap();
        assert!(seen.meta().managed_fields.is_some());
    }

    #[test]
    fn a_request_keeps_what_says_when_its_terms_changed() {
        let seen: Seen<APIKeyRequest> = serde_json::from_value(secret()).unwrap();
        assert!(seen.meta().managed_fields.is_some());
    }

    #[test]
    fn an_object_that_cannot_be_read_still_has_a_name() {
        let odd = json!({"metadata": {"name": "odd", "namespace": "a"}, "spec": 7});
        let seen: Seen<APIKey> = serde_json::from_value(odd).unwrap();
        assert!(
            matches!(&seen, Seen::Odd { why, .. } if !why.is_empty()),
            "{seen:?}"
        );
        assert_eq!(seen.meta().name.as_deref(), Some("odd"));
    }
}
