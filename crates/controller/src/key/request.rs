//! The request that stands for a key in the product's namespace: the key without its Secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keydesk_api::meta::annotation;
use keydesk_api::v1alpha1::{APIKeyRequestSpec, ApiKeyRef, LocalApiProductRef};
use keydesk_api::{APIKey, APIKeyRequest};
use keydesk_catalog::{Bindings, Bound, Shown, TermsBefore};
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

/// What the request of a key shows, or will show, and what was there to read under its name before.
pub(super) fn shown(live: &Live, asked: &Terms, now: Timestamp) -> Shown {
    let mut shown = Shown::by(live.request.as_deref(), asked);
    let before = live.shown_before.as_ref().filter(|before| *before != asked);
    if let (None, Some(terms)) = (&live.request, before) {
        shown.before = Some(TermsBefore {
            changed_at: now,
            dated: false,
            terms: terms.clone(),
        });
    }
    shown
}

pub(super) fn step(live: &Live, asked: &Terms, shown: &Shown, bound: &[Bound<'_>], now: Timestamp) -> Step {
    let spec = spec(&live.key);
    let after = shown_after(asked, shown, now);
    // On record before the request shows anything else.
    let bindings = Bindings::to_keep(bound, &after).to_json();
    let scopes = live.key.annotations().get(annotation::SCOPES);
    let Some(request) = &live.request else {
        let mut request = APIKeyRequest::new(&live.edges.request.name, spec);
        request.metadata.namespace = Some(live.edges.request.namespace.clone());
        let annotations = [
            (annotation::SCOPES, scopes.cloned()),
            (annotation::BOUND_APPROVALS, bindings),
            (
                annotation::TERMS_BEFORE,
                shown.before.as_ref().map(TermsBefore::to_json),
            ),
        ];
        let annotations: BTreeMap<_, _> = annotations
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        request.metadata.annotations = Some(annotations).filter(|annotations| !annotations.is_empty());
        return Step::Create(Box::new(request));
    };
    let annotated = |name| request.annotations().get(name);
    if request.spec == spec
        && annotated(annotation::SCOPES) == scopes
        && annotated(annotation::BOUND_APPROVALS) == bindings.as_ref()
    {
        return Step::Leave;
    }
    let changes_terms = *asked != shown.terms;
    let annotations = json!({ annotation::SCOPES: scopes, annotation::BOUND_APPROVALS: bindings });
    let metadata = metadata(request, annotations, after.before.as_ref(), changes_terms);
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

/// A merge patch that gives the request another version and changes nothing that anybody reads, so that a deletion of the
/// version before, which the cluster may carry out late, takes no approval along. `uid` is that of the approval.
pub(super) fn keep(request: &APIKeyRequest, shown: &Shown, uid: &str) -> Value {
    let annotations = json!({ annotation::KEPT_FOR: uid });
    json!({ "metadata": metadata(request, annotations, shown.before.as_ref(), false) })
}

/// The metadata of a merge patch, valid for the version that was seen.
fn metadata(
    request: &APIKeyRequest,
    mut annotations: Value,
    before: Option<&TermsBefore>,
    changes_terms: bool,
) -> Value {
    if let Some(before) = before {
        // Where the terms stay, this write is not to date their last change again.
        let before = TermsBefore {
            dated: !changes_terms,
            ..before.clone()
        };
        annotations[annotation::TERMS_BEFORE] = before.to_json().into();
    }
    json!({
        "uid": request.metadata.uid,
        "resourceVersion": request.metadata.resource_version,
        "annotations": annotations,
    })
}

/// What the request shows once it is as it should be.
fn shown_after(asked: &Terms, shown: &Shown, now: Timestamp) -> Shown {
    if *asked == shown.terms {
        return shown.clone();
    }
    let before = TermsBefore {
        changed_at: now,
        dated: false,
        terms: shown.terms.clone(),
    };
    Shown {
        terms: asked.clone(),
        before: Some(before),
        bindings: shown.bindings.clone(),
    }
}

/// So much of a use case, in bytes, is shown to an owner: it is put into a namespace that is not its author's (`spec/controller.md`
/// §5.24).
const LONGEST_USE_CASE: usize = 4096;

fn use_case(key: &APIKey) -> String {
    let text = key.spec.use_case.as_deref().unwrap_or_default();
    if text.len() <= LONGEST_USE_CASE {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_USE_CASE);
    format!("{}…", &text[..end])
}

fn spec(key: &APIKey) -> APIKeyRequestSpec {
    APIKeyRequestSpec {
        api_product_ref: LocalApiProductRef {
            name: key.spec.api_product_ref.name.clone(),
        },
        plan_tier: key.spec.plan_tier.clone(),
        use_case: use_case(key),
        requested_by: key.spec.requested_by.clone(),
        api_key_ref: ApiKeyRef {
            name: key.name_any(),
            namespace: key.namespace().unwrap_or_default(),
        },
        expires_at: key.spec.expires_at.clone(),
    }
}
