//! What the controller writes on approvals: whose they are, what they are bound to, whether they count.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use keydesk_api::APIKeyRequest;
use keydesk_api::condition::{self, ApprovalAspect, ApprovalReason, Observation};
use keydesk_api::meta::annotation;
use keydesk_api::v1alpha1::APIKeyApprovalStatus;
use keydesk_catalog::{Approval, Bound};
use keydesk_core::{Decision, NamespacedName, Ruling, ended_by};
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

use super::seen::Live;

/// Metadata to write on one approval.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// The approval.
    pub(crate) id: NamespacedName,
    /// A merge patch, valid for the version that was seen.
    pub(crate) patch: Value,
    /// Whether it makes our request an owner of the approval.
    pub(crate) adoption: Option<Adoption>,
}

/// How an approval becomes a dependent of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Adoption {
    /// UID of the approval.
    pub(crate) uid: String,
    /// Another object controls it, and stays an owner.
    pub(crate) beside_another: bool,
}

impl Mark {
    /// Whether the request becomes an owner beside another object.
    pub(crate) fn adopts_beside_another(&self) -> bool {
        let adoption = self.adoption.as_ref();
        adoption.is_some_and(|adoption| adoption.beside_another)
    }
}

/// Marks for the approvals that lack their binding or their owner.
pub(super) fn marks(bound: &[Bound<'_>], request: Option<&APIKeyRequest>) -> Vec<Mark> {
    bound.iter().filter_map(|bound| mark(bound, request)).collect()
}

fn mark(bound: &Bound<'_>, request: Option<&APIKeyRequest>) -> Option<Mark> {
    let approval = &bound.approval.object;
    let mut metadata =
        json!({ "uid": approval.metadata.uid, "resourceVersion": approval.metadata.resource_version });
    if bound.fresh {
        metadata["annotations"] = json!({ annotation::APPROVED_TERMS: bound.binding.to_json() });
    }
    let owner = request.and_then(|request| missing_owner(approval.owner_references(), request));
    if let Some(owner) = &owner {
        metadata["ownerReferences"] = json!(
            approval
                .owner_references()
                .iter()
                .chain([owner])
                .collect::<Vec<_>>()
        );
    }
    (bound.fresh || owner.is_some()).then(|| Mark {
        id: NamespacedName::new(approval.namespace().unwrap_or_default(), approval.name_any()),
        patch: json!({ "metadata": metadata }),
        adoption: owner.map(|owner| Adoption {
            uid: approval.metadata.uid.clone().unwrap_or_default(),
            beside_another: owner.controller.is_none(),
        }),
    })
}

/// The reference by which the approval goes when its request goes. Where another controller owns the approval already,
/// ours is an owner beside it.
pub(crate) fn missing_owner(owners: &[OwnerReference], request: &APIKeyRequest) -> Option<OwnerReference> {
    let owner = request.controller_owner_ref(&())?;
    if request.metadata.deletion_timestamp.is_some() || owners.iter().any(|known| known.uid == owner.uid) {
        return None;
    }
    let controlled = owners.iter().any(|known| known.controller == Some(true));
    Some(OwnerReference {
        controller: (!controlled).then_some(true),
        block_owner_deletion: Some(true),
        ..owner
    })
}

/// Statuses of the approvals of a key's request, where they differ from what is there.
pub(super) fn statuses(
    live: &Live,
    decisions: &[Decision],
    ruling: &Ruling<'_>,
    now: Timestamp,
) -> Vec<(Arc<Approval>, APIKeyApprovalStatus)> {
    let request = live.request.as_deref();
    let mut statuses = Vec::new();
    for approval in &live.approvals {
        let weight = weight(approval, decisions, ruling);
        let status = status(approval, request, weight, now);
        if approval.object.status.as_ref() != Some(&status) {
            statuses.push((approval.clone(), status));
        }
    }
    statuses
}

/// What an approval weighs among the others of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight<'a> {
    /// It decides, or there is nothing to decide.
    Full,
    /// This later one decides.
    ReplacedBy(&'a str),
    /// None: nobody can say what was approved.
    Unreadable,
}

fn weight<'a>(approval: &Approval, decisions: &'a [Decision], ruling: &Ruling<'a>) -> Weight<'a> {
    let name = approval.object.metadata.name.as_deref();
    let Some(own) = decisions.iter().find(|own| name == Some(&own.name)) else {
        return Weight::Unreadable;
    };
    let later = ruling
        .decision
        .filter(|winner| own.name != winner.name && own.terms.concerns(&winner.terms))
        .or_else(|| ended_by(own, decisions));
    later.map_or(Weight::Full, |later| Weight::ReplacedBy(&later.name))
}

/// The status of one approval, whose request is given if it exists.
pub(crate) fn status(
    approval: &Approval,
    request: Option<&APIKeyRequest>,
    weight: Weight<'_>,
    now: Timestamp,
) -> APIKeyApprovalStatus {
    let object = &approval.object;
    let generation = object.metadata.generation;
    let name = NamespacedName::new(
        object.namespace().unwrap_or_default(),
        object.spec.api_key_request_ref.name.as_str(),
    );
    let (valid, reason, message) = match request {
        None => (
            false,
            ApprovalReason::APIKeyRequestNotFound,
            format!("Referenced APIKeyRequest {name} not found"),
        ),
        Some(request) if request.metadata.deletion_timestamp.is_some() => (
            false,
            ApprovalReason::APIKeyRequestDeleting,
            format!("Referenced APIKeyRequest {name} is being deleted"),
        ),
        Some(_) if weight == Weight::Unreadable => (
            false,
            ApprovalReason::TermsNotReadable,
            format!(
                "Annotation {} must be terms of this key for a product in this namespace, or be left out",
                annotation::TERMS
            ),
        ),
        Some(_) => (
            true,
            ApprovalReason::Valid,
            format!("References existing APIKeyRequest {name}"),
        ),
    };
    let mut status = object.status.clone().unwrap_or_default();
    status.observed_generation = generation;
    let valid = Observation::new(ApprovalAspect::Valid, valid, reason, message);
    condition::set(&mut status.conditions, valid.for_generation(generation), now);
    match weight {
        Weight::ReplacedBy(winner) => {
            let message = format!("Replaced by the later decision {winner}");
            let superseded = Observation::new(
                ApprovalAspect::Superseded,
                true,
                ApprovalReason::LaterDecision,
                message,
            );
            condition::set(&mut status.conditions, superseded.for_generation(generation), now);
        }
        Weight::Full | Weight::Unreadable => {
            condition::remove(&mut status.conditions, ApprovalAspect::Superseded);
        }
    }
    status
}
