//! The approvals that the system makes for products in automatic mode, decided from what is there, not from events.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use keydesk_api::APIKeyApproval;
use keydesk_api::meta::{annotation, auto_approval, auto_approval_name};
use keydesk_api::v1alpha1::{APIKeyApprovalSpec, ApiKeyRequestRef};
use keydesk_catalog::Bound;
use keydesk_core::{Decision, Failure, KeyFacts, Ruling, Standing, standing, winner};
use serde_json::{Value, json};

use super::plan::named;
use super::seen::Live;

/// What to do about the system's own approval.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Automatic {
    /// Nothing.
    #[default]
    Leave,
    /// Approve.
    Create(Box<APIKeyApproval>),
    /// Approve as soon as that can be: of changed terms in another second, as times have no fraction and a decision that
    /// says nothing new is none; of others once the approval's name is free.
    Await,
    /// Approve the changed terms as well.
    Renew {
        /// The approval.
        name: String,
        /// A merge patch, valid for the version that was seen.
        patch: Value,
    },
}

/// Nobody's denial is ever overruled, and where anybody approved the present terms nothing is added.
pub(super) fn step(
    live: &Live,
    key: &KeyFacts,
    ruling: &Ruling<'_>,
    bound: &[Bound<'_>],
    now: Timestamp,
) -> Automatic {
    // The last word of all may be a no that was given while the key was for another product.
    let decisions: Vec<_> = bound.iter().map(Bound::decision).collect();
    let is_denied = || winner(&decisions).is_some_and(|last| !last.approved);
    let wanted = match &ruling.standing {
        // An approval that could not be bound is somebody's word all the same.
        Standing::Pending => bound.len() == live.approvals.len() && !is_denied(),
        // What was approved may be offered no more, and what is asked for by now be offered.
        Standing::Approved(_) | Standing::Expired { .. } | Standing::Failed(Failure::TierNotFound { .. }) => {
            ruling.terms_changed
        }
        Standing::Failed(_) | Standing::Denied(_) => false,
    };
    if !live.is_automatic() || !wanted || !would_stand(live, key, now) {
        return Automatic::Leave;
    }
    let asked = &key.asked;
    let request = live.edges.request.name.as_str();
    let name = auto_approval_name(request);
    let reviewed_at = Time(Timestamp::from_second(now.as_second()).unwrap_or(now));
    match named(bound, &name) {
        // One that an owner turned into a denial stays one, also when it was about another product.
        Some(approval)
            if approval.spec.approved && approval.spec.reviewed_by == auto_approval::REVIEWED_BY =>
        {
            if approval.spec.reviewed_at == reviewed_at {
                return Automatic::Await;
            }
            Automatic::Renew {
                patch: json!({
                    "metadata": {
                        "resourceVersion": approval.metadata.resource_version,
                        "annotations": { annotation::TERMS: asked.to_json() },
                    },
                    "spec": { "approved": true, "reviewedAt": reviewed_at },
                }),
                name,
            }
        }
        Some(_) => Automatic::Leave,
        None if live.auto_name_taken => Automatic::Await,
        None => {
            let spec = APIKeyApprovalSpec {
                api_key_request_ref: ApiKeyRequestRef {
                    name: request.to_owned(),
                },
                approved: true,
                reviewed_by: auto_approval::REVIEWED_BY.to_owned(),
                reviewed_at,
                reason: Some(auto_approval::REASON.to_owned()),
                message: Some(auto_approval::MESSAGE.to_owned()),
            };
            let mut approval = APIKeyApproval::new(&name, spec);
            approval.metadata.namespace = Some(live.edges.request.namespace.clone());
            approval.metadata.annotations = Some([(annotation::TERMS.to_owned(), asked.to_json())].into());
            Automatic::Create(Box::new(approval))
        }
    }
}

/// Whether nothing but an approval of what it asks for is missing. An approval of anything else would come true later, with
/// nobody deciding: of a tier, for example, once the product has one of that name.
pub(super) fn would_stand(live: &Live, key: &KeyFacts, now: Timestamp) -> bool {
    let approved = Decision {
        name: String::new(),
        approved: true,
        by: auto_approval::REVIEWED_BY.to_owned(),
        message: String::new(),
        effective_at: now,
        terms: key.asked.clone(),
    };
    match standing(key, &[approved], &live.product_facts(), now).standing {
        Standing::Approved(_) | Standing::Expired { .. } => true,
        Standing::Failed(_) | Standing::Denied(_) | Standing::Pending => false,
    }
}
