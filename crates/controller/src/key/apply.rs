//! Carrying out the plan for one key.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};
use keydesk_api::meta::API_KEY_ENTRY;
use keydesk_api::v1alpha1::APIKeyRequestStatus;
use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest};
use kube::ResourceExt;
use kube::api::Preconditions;

use super::approvals::missing_owner;
use super::automatic::Automatic;
use super::enforcement::{Copying, Desired};
use super::plan::Plan;
use super::request::Step;
use super::seen::{Live, Seen};
use crate::desk::Desk;
use crate::values::value_of;
use crate::write::{self, WriteError, with_uid};

/// How carrying out ended, if nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// All is written.
    Done,
    /// The cluster is not as it was seen: look again soon.
    Stale,
}

/// Carries out a plan. A write that fails does not keep later ones from being tried, unless they build on it; the first
/// failure is returned.
pub(super) async fn apply(desk: &Desk, seen: &Seen, plan: &Plan) -> Result<Applied, WriteError> {
    let mut outcome = Outcome::default();
    for secret in &plan.revoke {
        outcome.note(
            desk.cluster
                .delete::<Secret>(&secret.id, with_uid(Some(&secret.uid)))
                .await,
        );
    }
    for request in &plan.discard {
        if let Some(live) = &seen.live
            && is_own(live, request)
            && !all_approvals_seen(desk, live).await?
        {
            return Ok(Applied::Stale);
        }
        // Exactly the version that nobody had decided on: a deletion that the cluster carries out late must not take a
        // decision along.
        let preconditions = Preconditions {
            uid: request.metadata.uid.clone(),
            resource_version: request.metadata.resource_version.clone(),
        };
        outcome.note(
            desk.cluster
                .delete::<APIKeyRequest>(&write::id(request.as_ref()), preconditions)
                .await,
        );
    }
    let Some(live) = &seen.live else {
        return outcome.end();
    };

    if matches!(
        plan.request,
        Step::Change {
            changes_terms: true,
            ..
        }
    ) && !all_approvals_seen(desk, live).await?
    {
        return Ok(Applied::Stale);
    }
    // What an approval is bound to is read from its request, and it goes with its request. So the request must be there as it
    // was seen, and stay: that it can be written to says the one and sees to the other.
    let mut mirror = plan.mirror.as_deref();
    if !plan.mark.is_empty() {
        match (&live.request, mirror.take_if(|_| plan.request == Step::Leave)) {
            (Some(request), Some(conditions)) => {
                mirror_conditions(desk, request.as_ref().clone(), conditions).await?;
            }
            _ if request_is_as_seen(desk, live).await? => {}
            _ => return Ok(Applied::Stale),
        }
    }
    let mut marked = BTreeMap::new();
    for mark in &plan.mark {
        // What an approval stands for is on record before anything changes, or is granted, because of it.
        let approval = desk
            .cluster
            .merge::<APIKeyApproval>(&mark.id, &mark.patch)
            .await?;
        marked.insert(mark.id.clone(), approval);
    }
    // Before the request shows other terms, the key no longer claims that they are approved.
    if let Some(status) = &plan.status {
        let key = APIKey {
            status: Some(status.clone()),
            ..live.key.as_ref().clone()
        };
        outcome.note(desk.cluster.put_status(&key).await);
    }
    let request = outcome
        .note(settle_request(desk, live, &plan.request).await)
        .flatten();
    if let Some(request) = &request {
        outcome.note(approve(desk, request, &plan.automatic).await);
    }
    for (approval, status) in &plan.approval_statuses {
        let approval = marked
            .remove(&write::id(&approval.object))
            .unwrap_or_else(|| approval.object.clone());
        let approval = APIKeyApproval {
            status: Some(status.clone()),
            ..approval
        };
        outcome.note(desk.cluster.put_status(&approval).await);
    }
    if let (Some(request), Some(conditions)) = (request, mirror) {
        outcome.note(mirror_conditions(desk, request, conditions).await);
    }
    if let Copying::Write { desired, replaces } = &plan.copying {
        if let Some(replaced) = replaces {
            outcome.note(
                desk.cluster
                    .delete::<Secret>(&replaced.id, with_uid(Some(&replaced.uid)))
                    .await,
            );
        }
        outcome.note(copy(desk, seen, desired).await);
    }
    outcome.end()
}

async fn mirror_conditions(
    desk: &Desk,
    request: APIKeyRequest,
    conditions: &[Condition],
) -> Result<APIKeyRequest, WriteError> {
    let status = APIKeyRequestStatus {
        conditions: conditions.to_vec(),
    };
    desk.cluster
        .put_status(&APIKeyRequest {
            status: Some(status),
            ..request
        })
        .await
}

/// The first failure of several writes.
#[derive(Default)]
struct Outcome(Option<WriteError>);

impl Outcome {
    fn note<T>(&mut self, result: Result<T, WriteError>) -> Option<T> {
        match result {
            Ok(written) => Some(written),
            Err(error) => {
                // A version that is outdated explains itself; anything else must be heard of.
                if self.0.as_ref().is_none_or(WriteError::is_stale) {
                    self.0 = Some(error);
                }
                None
            }
        }
    }

    fn end(self) -> Result<Applied, WriteError> {
        self.0.map_or(Ok(Applied::Done), Err)
    }
}

fn is_own(live: &Live, request: &APIKeyRequest) -> bool {
    let own = live.request.as_ref();
    own.is_some_and(|own| own.metadata.uid == request.metadata.uid)
}

/// Whether the approvals of the key's request in the cluster are those that were seen. Asked before the terms that the
/// request shows change, or it goes, so that none is left to be bound to terms that its reviewer did not see.
async fn all_approvals_seen(desk: &Desk, live: &Live) -> Result<bool, WriteError> {
    let id = &live.edges.request;
    let listed = desk.cluster.list_beside::<APIKeyApproval>(id).await?;
    let version = |approval: &APIKeyApproval| (approval.uid(), approval.metadata.generation);
    let own = |approval: &&APIKeyApproval| {
        approval.spec.api_key_request_ref.name == id.name && approval.metadata.deletion_timestamp.is_none()
    };
    let there: BTreeSet<_> = listed.iter().filter(own).map(version).collect();
    let seen: BTreeSet<_> = live
        .approvals
        .iter()
        .map(|approval| version(&approval.object))
        .collect();
    Ok(there == seen)
}

/// Whether the key's request in the cluster is the one that was seen.
async fn request_is_as_seen(desk: &Desk, live: &Live) -> Result<bool, WriteError> {
    let there = desk.cluster.read::<APIKeyRequest>(&live.edges.request).await?;
    let seen = live.request.as_ref();
    Ok(there.and_then(|request| request.resource_version())
        == seen.and_then(|request| request.resource_version()))
}

/// The request as it is afterwards, if there is one.
async fn settle_request(desk: &Desk, live: &Live, step: &Step) -> Result<Option<APIKeyRequest>, WriteError> {
    match step {
        Step::Leave => Ok(live.request.as_deref().cloned()),
        Step::Create(request) => desk.cluster.create(request.as_ref()).await.map(Some),
        Step::Change {
            patch,
            changes_terms: _,
        } => desk.cluster.merge(&live.edges.request, patch).await.map(Some),
    }
}

async fn approve(desk: &Desk, request: &APIKeyRequest, automatic: &Automatic) -> Result<(), WriteError> {
    match automatic {
        Automatic::Leave => Ok(()),
        Automatic::Create(approval) => {
            let mut approval = approval.as_ref().clone();
            approval.metadata.owner_references = missing_owner(&[], request).map(|owner| vec![owner]);
            desk.cluster.create(&approval).await.map(drop)
        }
        Automatic::Renew { name, patch } => {
            let id =
                keydesk_core::NamespacedName::new(request.namespace().unwrap_or_default(), name.as_str());
            desk.cluster.merge::<APIKeyApproval>(&id, patch).await.map(drop)
        }
    }
}

/// Copies the value from the consumer's Secret, if it still is the one that was planned for.
async fn copy(desk: &Desk, seen: &Seen, desired: &Desired) -> Result<(), WriteError> {
    let Some(source) = desk.cluster.read::<Secret>(&desired.source).await? else {
        return Ok(());
    };
    let Some(mut value) = value_of(source) else {
        return Ok(());
    };
    if desk.values.fingerprint(&value) != desired.value {
        // The event of that change is on its way.
        return Ok(());
    }
    let metadata = ObjectMeta {
        name: Some(desired.id.name.clone()),
        namespace: Some(desired.id.namespace.clone()),
        labels: Some(desired.labels.clone()),
        annotations: Some(desired.annotations.clone()),
        ..ObjectMeta::default()
    };
    let secret = Secret {
        metadata,
        type_: Some("Opaque".to_owned()),
        data: Some([(API_KEY_ENTRY.to_owned(), ByteString(std::mem::take(&mut *value)))].into()),
        ..Secret::default()
    };
    let created = desk.cluster.create(&secret).await;
    // Wipes the value.
    drop(value_of(secret));
    let rejection = created.as_ref().err().and_then(WriteError::rejection);
    match rejection {
        Some(reason) => desk.rejections.lock().insert(seen.id.clone(), reason),
        None => desk.rejections.lock().remove(&seen.id),
    };
    desk.values.learn(created?);
    Ok(())
}
