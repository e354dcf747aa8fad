//! The terms that a key asks for and the terms that its request shows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use keydesk_api::meta::annotation;
use keydesk_api::{APIKey, APIKeyRequest};
use keydesk_core::{NamespacedName, Terms};
use kube::ResourceExt;
use serde::{Deserialize, Serialize};

use crate::KeyEdges;

/// What a key asks for now.
#[must_use]
pub fn asked(key: &APIKey, edges: &KeyEdges) -> Terms {
    Terms {
        expires_at: key.spec.expires_at.as_ref().map(|time| time.0),
        namespace: key.namespace().unwrap_or_default(),
        product: edges.product.clone(),
        scopes: scopes(key.annotations()),
        tier: key.spec.plan_tier.clone(),
        user_id: key.spec.requested_by.user_id.clone(),
    }
}

/// What a request shows to the owner now.
#[must_use]
pub fn shown(request: &APIKeyRequest) -> Terms {
    let spec = &request.spec;
    Terms {
        expires_at: spec.expires_at.as_ref().map(|time| time.0),
        namespace: spec.api_key_ref.namespace.clone(),
        product: NamespacedName::new(
            request.namespace().unwrap_or_default(),
            spec.api_product_ref.name.as_str(),
        ),
        scopes: scopes(request.annotations()),
        tier: spec.plan_tier.clone(),
        user_id: spec.requested_by.user_id.clone(),
    }
}

fn scopes(annotations: &BTreeMap<String, String>) -> BTreeSet<String> {
    let scopes = annotations
        .get(annotation::SCOPES)
        .map(String::as_str)
        .unwrap_or_default();
    scopes.split_whitespace().map(str::to_owned).collect()
}

/// What a request showed before its last change, kept on it as an annotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TermsBefore {
    /// When the terms changed.
    pub changed_at: Timestamp,
    /// It is the API server's moment, and not the one at which the controller decided on the change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dated: bool,
    /// The terms until then.
    pub terms: Terms,
}

impl TermsBefore {
    /// Reads the annotation; one that cannot be read is as good as none.
    #[must_use]
    pub fn of(request: &APIKeyRequest) -> Option<Self> {
        serde_json::from_str(request.annotations().get(annotation::TERMS_BEFORE)?).ok()
    }

    /// As the annotation has it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, sets and timestamps always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}
