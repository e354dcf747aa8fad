//! Carrying out the plan for one key.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::v1alpha1::APIKeyRequestStatus;
use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest};
use keydesk_catalog::SecretMeta;
use keydesk_core::NamespacedName;
use kube::ResourceExt;
use kube::api::Preconditions;

use super::account::{Account, Made};
use super::approvals::{Mark, missing_owner};
use super::automatic::Automatic;
use super::copying;
use super::plan::Plan;
use super::recheck::{all_approvals_seen, request_is_as_seen, stands_for_nothing};
use super::request::Step;
use super::seen::{Live, Seen};
use crate::context::Context;
use crate::telemetry::record::Reconcile;
use crate::write::{self, WriteError};

/// How carrying out ended, if nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// All is written.
    Done,
    /// The cluster is not as it was seen: reconcile again soon.
    Stale,
}

/// Carries out a plan. A write that fails does not keep later ones from being tried, unless they build on it; the first
/// failure is returned.
pub(super) async fn apply(
    context: &Context,
    seen: &Seen,
    plan: &Plan,
    account: Option<&Account>,
    made: &mut Made,
) -> Result<Applied, WriteError> {
    let mut outcome = Outcome::default();
    outcome.note(revoke(context, &seen.id, &plan.revoke).await);
    let discarded = discard(context, seen, &plan.discard, &mut outcome).await;
    if outcome.note(discarded) != Some(Applied::Done) {
        return outcome.stale();
    }
    let Some(live) = &seen.live else {
        return outcome.end();
    };

    let mut mirror = plan.mirror.as_deref();
    let secured = secure(context, live, plan, &mut mirror).await;
    if outcome.note(secured) != Some(Applied::Done) {
        return outcome.stale();
    }
    // What an approval stands for is on record before anything changes, or is granted, because of it.
    let mut marked = BTreeMap::new();
    let marking = mark(context, &plan.mark, &mut marked).await;
    made.marks.extend(marked.keys().cloned());
    // Also where not all could be bound: of what is bound no later reconcile can tell that it was not recorded.
    if let Some(account) = account {
        context.telemetry.decisions(&Reconcile {
            live,
            account,
            marks: &made.marks,
            approvals: &plan.approval_statuses,
        });
    }
    if outcome.note(marking).is_none() {
        return outcome.stale();
    }
    // Before the request shows other terms, the key no longer claims that they are approved.
    if let Some(status) = &plan.status {
        let key = APIKey {
            status: Some(status.clone()),
            ..live.key.as_ref().clone()
        };
        made.status = outcome.note(context.cluster.put_status(&key).await).is_some();
    }
    let request = outcome
        .note(settle_request(context, live, &plan.request).await)
        .flatten();
    if let Some(request) = &request {
        outcome.note(approve(context, request, &plan.automatic).await);
    }
    for (approval, status) in &plan.approval_statuses {
        let approval = marked
            .remove(&write::id(&approval.object))
            .unwrap_or_else(|| approval.object.clone());
        let approval = APIKeyApproval {
            status: Some(status.clone()),
            ..approval
        };
        if outcome
            .note(context.cluster.put_status(&approval).await)
            .is_some()
        {
            made.approval_statuses.insert(write::id(&approval));
        }
    }
    if let (Some(request), Some(conditions)) = (request, mirror) {
        outcome.note(mirror_conditions(context, request, conditions).await);
    }
    match copying::carry_out(context, seen, &plan.copying, made, &mut outcome).await {
        Applied::Done => outcome.end(),
        Applied::Stale => outcome.stale(),
    }
}

/// Deletes enforcement secrets: each of them, whatever became of the others.
pub(super) async fn revoke(
    context: &Context,
    key: &NamespacedName,
    secrets: &[Arc<SecretMeta>],
) -> Result<(), WriteError> {
    let mut outcome = Outcome::default();
    for secret in secrets {
        let deleted = copying::delete(context, key, secret).await;
        if is_stray(context, secret) && deleted.as_ref().is_err_and(WriteError::is_forbidden) {
            // No gateway reads it there, and anybody may have put it: the key is not to suffer.
            tracing::info!(%key, object = %secret.id, "our role does not let us delete Secret {}, which no gateway reads", secret.id);
        } else {
            outcome.note(deleted);
        }
    }
    outcome.0.map_or(Ok(()), Err)
}

/// Deletes requests, but none that somebody has a use for by now.
async fn discard(
    context: &Context,
    seen: &Seen,
    requests: &[Arc<APIKeyRequest>],
    outcome: &mut Outcome,
) -> Result<Applied, WriteError> {
    for request in requests {
        let may_go = match &seen.live {
            Some(live) if is_own(live, request) => all_approvals_seen(context, live).await?,
            _ => stands_for_nothing(context, &seen.id, request).await?,
        };
        if !may_go {
            return Ok(Applied::Stale);
        }
        context.departed.remember(request);
        // Exactly the version that nobody had decided on: a deletion that the cluster carries out late must not take a
        // decision along.
        let preconditions = Preconditions {
            uid: request.metadata.uid.clone(),
            resource_version: request.metadata.resource_version.clone(),
        };
        outcome.note(
            context
                .cluster
                .delete::<APIKeyRequest>(&write::id(request.as_ref()), preconditions)
                .await,
        );
    }
    Ok(Applied::Done)
}

/// Makes sure of what the plan builds on, before it is carried out. A mirror that is written here is taken.
async fn secure(
    context: &Context,
    live: &Live,
    plan: &Plan,
    mirror: &mut Option<&[Condition]>,
) -> Result<Applied, WriteError> {
    let changes_terms = matches!(
        plan.request,
        Step::Change {
            changes_terms: true,
            ..
        }
    );
    // An owner's word that has not been heard of: it is not to be bound to other terms than its reviewer saw, and not to be
    // overruled. Nobody has had a word on a request that is yet to be made.
    let approves = matches!(plan.automatic, Automatic::Create(_) | Automatic::Renew { .. });
    let may_be_unheard = changes_terms || (approves && live.request.is_some());
    if may_be_unheard && !all_approvals_seen(context, live).await? {
        return Ok(Applied::Stale);
    }
    if plan.mark.is_empty() {
        return Ok(Applied::Done);
    }
    // What an approval is bound to is read from its request, and it goes with its request. So the request must be there as
    // it was seen, and stay: that it can be written to says the one and sees to the other.
    let mirrored = mirror.take_if(|_| plan.request == Step::Leave);
    match (&live.request, mirrored, &plan.keep) {
        (Some(request), Some(conditions), _) => {
            mirror_conditions(context, request.as_ref().clone(), conditions).await?;
        }
        (_, None, Some(patch)) => {
            let request = &live.edges.request;
            context.cluster.merge::<APIKeyRequest>(request, patch).await?;
        }
        _ if request_is_as_seen(context, live).await? => {}
        _ => return Ok(Applied::Stale),
    }
    Ok(Applied::Done)
}

/// Writes what approvals stand for, until one cannot be written.
async fn mark(
    context: &Context,
    marks: &[Mark],
    marked: &mut BTreeMap<NamespacedName, APIKeyApproval>,
) -> Result<(), WriteError> {
    for Mark { id, patch, .. } in marks {
        let approval = context.cluster.mark::<APIKeyApproval>(id, patch).await?;
        marked.insert(id.clone(), approval);
    }
    Ok(())
}

async fn mirror_conditions(
    context: &Context,
    request: APIKeyRequest,
    conditions: &[Condition],
) -> Result<APIKeyRequest, WriteError> {
    let status = APIKeyRequestStatus {
        conditions: conditions.to_vec(),
    };
    context
        .cluster
        .put_status(&APIKeyRequest {
            status: Some(status),
            ..request
        })
        .await
}

/// The first failure of several writes.
#[derive(Default)]
pub(super) struct Outcome(Option<WriteError>);

impl Outcome {
    pub(super) fn note<T>(&mut self, result: Result<T, WriteError>) -> Option<T> {
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

    /// The same where the cluster was not as it was seen.
    fn stale(self) -> Result<Applied, WriteError> {
        self.end().map(|_| Applied::Stale)
    }
}

/// Whether a Secret is where no enforcement secret goes.
fn is_stray(context: &Context, secret: &SecretMeta) -> bool {
    context.catalog.read().enforcement_namespace() != Some(secret.id.namespace.as_str())
}

fn is_own(live: &Live, request: &APIKeyRequest) -> bool {
    let own = live.request.as_ref();
    own.is_some_and(|own| own.metadata.uid == request.metadata.uid)
}

/// The request as it is afterwards, if there is one.
async fn settle_request(
    context: &Context,
    live: &Live,
    step: &Step,
) -> Result<Option<APIKeyRequest>, WriteError> {
    match step {
        Step::Leave => Ok(live.request.as_deref().cloned()),
        Step::Create(request) => context.cluster.create(request.as_ref()).await.map(Some),
        Step::Change {
            patch,
            changes_terms: _,
        } => context.cluster.merge(&live.edges.request, patch).await.map(Some),
    }
}

async fn approve(
    context: &Context,
    request: &APIKeyRequest,
    automatic: &Automatic,
) -> Result<(), WriteError> {
    match automatic {
        Automatic::Leave | Automatic::Await => Ok(()),
        Automatic::Create(approval) => {
            let mut approval = approval.as_ref().clone();
            approval.metadata.owner_references = missing_owner(&[], request).map(|owner| vec![owner]);
            context.cluster.create(&approval).await.map(drop)
        }
        Automatic::Renew { name, patch } => {
            let id =
                keydesk_core::NamespacedName::new(request.namespace().unwrap_or_default(), name.as_str());
            context
                .cluster
                .merge::<APIKeyApproval>(&id, patch)
                .await
                .map(drop)
        }
    }
}
