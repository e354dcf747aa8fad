//! PATCH bodies by their content type.

use http::HeaderMap;
use keydesk_schema::decode::{self, Decoded};
use keydesk_schema::patch::{self, PatchError};
use serde_json::Value;

use crate::resource::ResourceType;
use crate::status::Refusal;
use crate::wire::media_type;

/// A patch, read and not yet applied.
#[derive(Debug)]
pub(super) struct Patch {
    form: Form,
    value: Value,
    /// Keys that stand more than once in one object of it.
    duplicates: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Merge,
    Strategic,
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
        let form = match media_type(headers) {
            "application/json-patch+json" => Form::Json,
            "application/merge-patch+json" => Form::Merge,
            "application/strategic-merge-patch+json"
                if resource.schema.is_some() && resource.crd.is_none() =>
            {
                Form::Strategic
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
        let Decoded { value, duplicates } = decoded;
        if !(value.is_object() || form == Form::Json && value.is_array()) {
            return Err(Refusal::bad_request(
                "error decoding patch: it is neither an object nor, as a JSON patch, a list",
            ));
        }
        Ok(Self {
            form,
            value,
            duplicates,
        })
    }

    /// What `object` becomes.
    ///
    /// # Errors
    /// 422 if the patch does not fit the object, 400 if it is malformed, 413 if the result were too large.
    pub(super) fn apply(&self, resource: &ResourceType, object: &Value) -> Result<Decoded, Refusal> {
        let Self {
            form,
            value,
            duplicates,
        } = self;
        let patched = match (form, &resource.schema) {
            (Form::Json, _) => patch::json(object, value),
            (Form::Merge, _) => Ok(patch::merge(object, value)),
            (Form::Strategic, Some(schema)) => patch::strategic(object, value, schema),
            (Form::Strategic, None) => return Err(Refusal::unsupported_media_type(&OF_BUILT_IN)),
        };
        let value = patched.map_err(|error| refuse(&error))?;
        Ok(Decoded {
            value,
            duplicates: duplicates.clone(),
        })
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
