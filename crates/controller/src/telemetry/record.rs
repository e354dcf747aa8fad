//! The audit of decisions: one record for each that is honoured, refused, replaced, expired, or that moves a key's value.
//!
//! Who decided is written as the approval claims it: on a cluster the API server's own audit log says who wrote that.
//! Whether something was recorded before is read off the cluster, so that a restart repeats nothing: an approval is bound
//! once in each of its generations, and a status that shows a decision already was recorded when it was written.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::condition::{self, ApprovalAspect, ApprovalReason, KeyAspect};
use keydesk_api::rfc3339;
use keydesk_api::v1alpha1::APIKeyApprovalStatus;
use keydesk_catalog::Approval;
use keydesk_core::{NamespacedName, Terms};
use kube::ResourceExt;

use super::Fact;
use crate::key::{Account, Held, Live};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// What became of the decision.
    pub(crate) fact: Fact,
    /// The key, and its UID, if the decision is about one that exists.
    pub(crate) key: Option<(NamespacedName, String)>,
    /// The product.
    pub(crate) product: Option<NamespacedName>,
    /// The request that was decided on.
    pub(crate) request: NamespacedName,
    /// The approval and its UID.
    pub(crate) approval: Option<(NamespacedName, String)>,
    /// The generation of the approval: what is written into it anew is another decision.
    pub(crate) generation: Option<i64>,
    /// Approved or denied, and by whom, as the approval says.
    pub(crate) decision: Option<(bool, String)>,
    /// What was agreed.
    pub(crate) terms: Option<Terms>,
    /// Where the key stood before.
    pub(crate) before: Option<KeyAspect>,
    /// Why, where it says more: a reason of the API, or the approval that replaced this one.
    pub(crate) because: String,
}

/// Everything about a reconcile of a key that a record can come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reconcile<'a> {
    /// The key as it was.
    pub(crate) live: &'a Live,
    /// What was found.
    pub(crate) account: &'a Account,
    /// The approvals that were bound.
    pub(crate) marks: &'a BTreeSet<NamespacedName>,
    /// The approvals that are to get another status.
    pub(crate) approvals: &'a [(std::sync::Arc<Approval>, APIKeyApprovalStatus)],
}

/// The records of one reconcile, made after approvals were bound and before any status is written.
pub(crate) fn records(reconcile: &Reconcile<'_>) -> Vec<Record> {
    let before = shown(reconcile.live);
    let mut records = Vec::new();
    if let Some(held) = reconcile
        .account
        .held
        .as_ref()
        .filter(|held| is_news(reconcile, held))
    {
        records.push(of_key(reconcile.live, Fact::Honoured, Some(held), ""));
    }
    // Its request is made in this reconcile: what came early is not refused for that.
    let is_early = |record: &Record| {
        reconcile.live.request.is_none() && record.because == ApprovalReason::APIKeyRequestNotFound.as_str()
    };
    for (approval, status) in reconcile.approvals {
        let record = of_approval(approval, status).filter(|record| !is_early(record));
        records.extend(record.map(|record| Record {
            key: Some(key(reconcile.live)),
            product: Some(reconcile.live.edges.product.clone()),
            before: before.map(|(aspect, _)| aspect),
            ..record
        }));
    }
    if has_expired(reconcile.account, before) {
        let held = reconcile.account.held.as_ref();
        records.push(of_key(reconcile.live, Fact::Expired, held, "KeyExpired"));
    }
    records
}

/// The record of a key of which gateways had another value and have the present one now.
pub(crate) fn of_rotation(live: &Live, account: &Account) -> Record {
    of_key(live, Fact::Rotated, account.held.as_ref(), "")
}

/// The record of an approval that is to get this status: that it does not count, or counts no longer.
pub(crate) fn of_approval(approval: &Approval, status: &APIKeyApprovalStatus) -> Option<Record> {
    let before = approval
        .object
        .status
        .as_ref()
        .map(|status| status.conditions.as_slice())
        .unwrap_or_default();
    let turned = |aspect: ApprovalAspect, to: &str| {
        let now = condition::find(&status.conditions, aspect).filter(|now| now.status == to)?;
        let known = condition::find(before, aspect).is_some_and(|then| {
            then.status == now.status && then.observed_generation == now.observed_generation
        });
        (!known).then_some(now)
    };
    // One that counted and whose request goes with its key is nobody's refusal.
    let counted = condition::is_true(before, ApprovalAspect::Valid);
    let unreadable = |invalid: &&Condition| invalid.reason == ApprovalReason::TermsNotReadable.as_str();
    let invalid = turned(ApprovalAspect::Valid, "False").filter(|invalid| !counted || unreadable(invalid));
    let (fact, because) = if let Some(invalid) = invalid {
        (Fact::Refused, invalid.reason.clone())
    } else {
        let replaced = turned(ApprovalAspect::Superseded, "True")?;
        (Fact::Superseded, replaced.message.clone())
    };
    let object = &approval.object;
    let namespace = object.namespace().unwrap_or_default();
    Some(Record {
        fact,
        key: None,
        product: None,
        request: NamespacedName::new(namespace, object.spec.api_key_request_ref.name.as_str()),
        approval: Some((crate::write::id(object), object.uid().unwrap_or_default())),
        generation: object.metadata.generation,
        decision: Some((object.spec.approved, object.spec.reviewed_by.clone())),
        terms: None,
        before: None,
        because,
    })
}

/// Whether the decision that holds was not recorded yet, as far as the cluster tells.
fn is_news(reconcile: &Reconcile<'_>, held: &Held) -> bool {
    let before = shown(reconcile.live);
    let shows = before.is_some_and(|(aspect, condition)| shows(aspect, condition, held));
    if held.fresh {
        let namespace = reconcile.live.edges.request.namespace.as_str();
        let own = NamespacedName::new(namespace, held.decision.name.as_str());
        // Where another controller decided before ours came, the status shows it already.
        let is_older =
            before.is_some_and(|(_, condition)| held.accepted_at <= condition.last_transition_time.0);
        return reconcile.marks.contains(&own) && !(shows && is_older && held.is_unmarked);
    }
    match before {
        // Recorded when it was bound: a decision outlives failures.
        Some((KeyAspect::Failed, _)) => false,
        Some(_) => !shows,
        // The key is new and the approval was bound before its status was written.
        None => true,
    }
}

/// Whether a lifecycle condition was written because of this decision.
fn shows(aspect: KeyAspect, condition: &Condition, held: &Held) -> bool {
    match aspect {
        KeyAspect::Approved | KeyAspect::Denied => condition.message == held.words,
        KeyAspect::Expired => held.decision.approved,
        KeyAspect::Pending
        | KeyAspect::Failed
        | KeyAspect::TermsChanged
        | KeyAspect::EnforcementFailed
        | KeyAspect::Rotating => false,
    }
}

/// Whether the key came to its end with this reconcile, as far as its status tells: one that had ended before it failed was
/// recorded then.
fn has_expired(account: &Account, before: Option<(KeyAspect, &Condition)>) -> bool {
    let Some(at) = account.ended_at else { return false };
    match before {
        Some((KeyAspect::Expired, _)) => false,
        Some((KeyAspect::Failed, failed)) => at > failed.last_transition_time.0,
        Some(_) | None => true,
    }
}

/// The lifecycle condition that the key has.
fn shown(live: &Live) -> Option<(KeyAspect, &Condition)> {
    let conditions = &live.key.status.as_ref()?.conditions;
    KeyAspect::LIFECYCLE.into_iter().find_map(|aspect| {
        let condition = condition::find(conditions, aspect)?;
        (condition.status == "True").then_some((aspect, condition))
    })
}

fn key(live: &Live) -> (NamespacedName, String) {
    (
        crate::write::id(live.key.as_ref()),
        live.key.uid().unwrap_or_default(),
    )
}

fn of_key(live: &Live, fact: Fact, held: Option<&Held>, because: &str) -> Record {
    let request = live.edges.request.clone();
    let approval = held.map(|held| {
        let id = NamespacedName::new(request.namespace.as_str(), held.decision.name.as_str());
        (id, held.uid.clone().unwrap_or_default())
    });
    Record {
        fact,
        key: Some(key(live)),
        product: Some(live.edges.product.clone()),
        request,
        approval,
        generation: held.and_then(|held| held.generation),
        decision: held.map(|held| (held.decision.approved, held.decision.by.clone())),
        terms: held.map(|held| held.decision.terms.clone()),
        before: shown(live).map(|(aspect, _)| aspect),
        because: because.to_owned(),
    }
}

impl Record {
    /// Whether both are about the same: the key may be seen as it stood before the other was written.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        let before = self.before;
        *self
            == Self {
                before,
                ..other.clone()
            }
    }

    /// Writes it to the audit log: the log's target `audit`.
    pub(crate) fn write(&self) {
        let Self {
            fact,
            key,
            product,
            request,
            approval,
            generation: _,
            decision,
            terms,
            before,
            because,
        } = self;
        let name = |named: &Option<(NamespacedName, String)>| named.as_ref().map(|(id, _)| id.to_string());
        let uid = |named: &Option<(NamespacedName, String)>| named.as_ref().map(|(_, uid)| uid.clone());
        let terms = terms.as_ref();
        let scopes = terms.map(|terms| terms.scopes.iter().cloned().collect::<Vec<_>>().join(" "));
        let expires_at = terms.and_then(|terms| terms.expires_at).map(rfc3339);
        let subject = name(key).unwrap_or_else(|| request.to_string());
        tracing::info!(
            target: "audit",
            event = fact.as_str(),
            api_key = name(key),
            api_key_uid = uid(key),
            product = product.as_ref().map(ToString::to_string),
            request = %request,
            approval = name(approval),
            approval_uid = uid(approval),
            approved = decision.as_ref().map(|(approved, _)| *approved),
            reviewed_by = decision.as_ref().map(|(_, by)| by.as_str()),
            tier = terms.map(|terms| terms.tier.as_str()),
            user = terms.map(|terms| terms.user_id.as_str()),
            expires_at,
            scopes,
            before = before.map(KeyAspect::as_str),
            because = (!because.is_empty()).then_some(because.as_str()),
            "decision on {subject} {fact}"
        );
    }
}
