//! PATCH bodies by their content type.

use http::{HeaderMap, header};
use keydesk_schema::decode;
use keydesk_schema::patch::{self, PatchError};
use serde_json::Value;

use crate::resource::ResourceType;
use crate::status::Refusal;

/// A patch, read and not yet applied.
#[derive(Debug)]
pub(super) enum Patch {
    Json(Value),
    Merge(Value),
    Strategic(Value),
}

const OF_CUSTOM: [&str; 3] = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
];
const OF_BUILT_IN: [&str; 4] = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

impl Patch {
    /// Reads a patch.
    ///
    /// # Errors
    /// 415 for a format that is not known, or not yet; 400 for what is no JSON.
    pub(super) fn read(resource: &ResourceType, headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let media = content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let make = match media {
            "application/json-patch+json" => Self::Json,
            "application/merge-patch+json" => Self::Merge,
            "application/strategic-merge-patch+json"
                if resource.schema.is_some() && resource.crd.is_none() =>
            {
                Self::Strategic
            }
            "application/apply-patch+yaml" => {
                return Err(Refusal::unsupported(
                    "server-side apply is not supported by this server yet: use client-side apply; nothing was changed",
                ));
            }
            _ if resource.crd.is_some() => return Err(Refusal::unsupported_media_type(&OF_CUSTOM)),
            _ => return Err(Refusal::unsupported_media_type(&OF_BUILT_IN)),
        };
        let decoded = decode::json(body)
            .map_err(|error| Refusal::bad_request(format!("error decoding patch: {error}")))?;
        if !matches!(
            (&decoded.value, media),
            (Value::Array(_), "application/json-patch+json")
        ) && !decoded.value.is_object()
        {
            return Err(Refusal::bad_request(
                "error decoding patch: it is neither an object nor, as a JSON patch, a list",
            ));
        }
        Ok(make(decoded.value))
    }

    /// What `object` becomes.
    ///
    /// # Errors
    /// 422 if the patch does not fit the object, 400 if it is malformed, 413 if the result were too large.
    pub(super) fn apply(&self, resource: &ResourceType, object: &Value) -> Result<Value, Refusal> {
        match (self, &resource.schema) {
            (Self::Json(patch), _) => patch::json(object, patch).map_err(|error| refuse(&error)),
            (Self::Merge(patch), _) => Ok(patch::merge(object, patch)),
            (Self::Strategic(patch), Some(schema)) => {
                patch::strategic(object, patch, schema).map_err(|error| refuse(&error))
            }
            (Self::Strategic(_), None) => Err(Refusal::unsupported_media_type(&OF_BUILT_IN)),
        }
    }
}

fn refuse(error: &PatchError) -> Refusal {
    match error {
        PatchError::Malformed(_) => Refusal::bad_request(format!("error decoding patch: {error}")),
        PatchError::TooManyOperations { .. } | PatchError::Excessive(_) => {
            Refusal::too_large(&error.to_string())
        }
        PatchError::Inapplicable(_) => Refusal::unfit_patch(&error.to_string()),
    }
}
