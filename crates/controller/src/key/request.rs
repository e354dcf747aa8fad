//! The request that stands for a key in the product's namespace: the key without its Secret.

use jiff::Timestamp;
use keydesk_api::meta::annotation;
use keydesk_api::v1alpha1::{APIKeyRequestSpec, ApiKeyRef, LocalApiProductRef};
use keydesk_api::{APIKey, APIKeyRequest};
use keydesk_catalog::TermsBefore;
use keydesk_core::Terms;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::seen::Live;

/// What to do about the request of a key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Step {
    /// Nothing.
    #[default]
    Leave,
    /// There is none yet.
    Create(Box<APIKeyRequest>),
    /// It shows something else.
    Change {
        /// A merge patch, valid for the version that was seen.
        patch: Value,
        /// Other terms than before: no approval may slip in between unbound.
        changes_terms: bool,
    },
}

pub(super) fn step(live: &Live, asked: &Terms, shown: &Terms, now: Timestamp) -> Step {
    let spec = spec(&live.key);
    let scopes = live.key.annotations().get(annotation::SCOPES);
    let Some(request) = &live.request else {
        let mut request = APIKeyRequest::new(&live.edges.request.name, spec);
        request.metadata.namespace = Some(live.edges.request.namespace.clone());
        request.metadata.annotations =
            scopes.map(|scopes| [(annotation::SCOPES.to_owned(), scopes.clone())].into());
        return Step::Create(Box::new(request));
    };
    if request.spec == spec && request.annotations().get(annotation::SCOPES) == scopes {
        return Step::Leave;
    }
    let changes_terms = asked != shown;
    let mut annotations = json!({ annotation::SCOPES: scopes });
    if changes_terms {
        let before = TermsBefore {
            changed_at: now,
            terms: shown.clone(),
        };
        annotations[annotation::TERMS_BEFORE] = before.to_json().into();
    }
    let metadata = json!({
        "uid": request.metadata.uid,
        "resourceVersion": request.metadata.resource_version,
        "annotations": annotations,
    });
    // A field that is absent now must be null to go away in a merge patch.
    let mut spec = json!(spec);
    if spec.get("expiresAt").is_none() {
        spec["expiresAt"] = Value::Null;
    }
    Step::Change {
        patch: json!({ "metadata": metadata, "spec": spec }),
        changes_terms,
    }
}

fn spec(key: &APIKey) -> APIKeyRequestSpec {
    APIKeyRequestSpec {
        api_product_ref: LocalApiProductRef {
            name: key.spec.api_product_ref.name.clone(),
        },
        plan_tier: key.spec.plan_tier.clone(),
        use_case: key.spec.use_case.clone().unwrap_or_default(),
        requested_by: key.spec.requested_by.clone(),
        api_key_ref: ApiKeyRef {
            name: key.name_any(),
            namespace: key.namespace().unwrap_or_default(),
        },
        expires_at: key.spec.expires_at.clone(),
    }
}
