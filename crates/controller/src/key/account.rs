//! What was found of a key and what was done about it, for those who count, tell and keep records.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_api::condition::KeyAspect;
use keydesk_api::meta::annotation;
use keydesk_catalog::Bound;
use keydesk_core::{Decision, Failure, NamespacedName, Ruling, Standing};
use kube::ResourceExt;

use super::seen::Live;
use super::status;

/// What was found of a live key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Where it stands.
    pub(crate) stands: KeyAspect,
    /// When it ends, if it is in force and ends by itself.
    pub(crate) ends_at: Option<Timestamp>,
    /// When it ended, if it has.
    pub(crate) ended_at: Option<Timestamp>,
    /// Its owner has something to decide: the key, or the terms that it asks for by now.
    pub(crate) awaits_owner: bool,
    /// The tier that is in force, if it has no limit at all.
    pub(crate) unlimited: Option<String>,
    /// The decision that holds.
    pub(crate) held: Option<Held>,
}

/// The decision that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// UID of its approval.
    pub(crate) uid: Option<String>,
    /// The generation of its approval.
    pub(crate) generation: Option<i64>,
    /// The decision.
    pub(crate) decision: Decision,
    /// How the key's status tells of it.
    pub(crate) words: String,
    /// When the API server accepted it.
    pub(crate) accepted_at: Timestamp,
    /// It was not bound before as it is now.
    pub(crate) fresh: bool,
    /// Nothing says that we ever bound its approval.
    pub(crate) is_unmarked: bool,
}

impl Account {
    pub(super) fn of(live: &Live, ruling: &Ruling<'_>, bound: &[Bound<'_>]) -> Self {
        let (stands, ended_at) = match &ruling.standing {
            Standing::Failed(_) => (KeyAspect::Failed, None),
            Standing::Denied(_) => (KeyAspect::Denied, None),
            Standing::Expired { at } => (KeyAspect::Expired, Some(*at)),
            Standing::Approved(_) => (KeyAspect::Approved, None),
            Standing::Pending => (KeyAspect::Pending, None),
        };
        let in_force = ruling.in_force();
        let unlimited = in_force.as_ref().filter(|terms| {
            let limits = status::limits(live, &terms.tier);
            limits.unwrap_or_default() == keydesk_api::Limits::default()
        });
        let held = ruling.decision.and_then(|decision| {
            let own = bound
                .iter()
                .find(|bound| bound.approval.object.name_any() == decision.name)?;
            Some(Held {
                uid: own.approval.object.uid(),
                generation: own.approval.object.metadata.generation,
                words: status::words(decision),
                decision: decision.clone(),
                accepted_at: own.binding.accepted_at,
                fresh: own.fresh && !own.known,
                is_unmarked: !own
                    .approval
                    .object
                    .annotations()
                    .contains_key(annotation::APPROVED_TERMS),
            })
        });
        // Of a key that fails for something else, its owner's word would change nothing.
        let may_stand = match &ruling.standing {
            Standing::Failed(failure) => matches!(failure, Failure::TierNotFound { .. }),
            _ => true,
        };
        Self {
            awaits_owner: stands == KeyAspect::Pending
                || (ruling.terms_changed && may_stand && !live.is_automatic()),
            unlimited: unlimited.map(|terms| terms.tier.clone()),
            ends_at: in_force.and_then(|terms| terms.expires_at),
            stands,
            ended_at,
            held,
        }
    }
}

/// Which of the planned writes that others hear of were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Made {
    /// Approvals that were marked.
    pub(crate) marks: BTreeSet<NamespacedName>,
    /// Approvals whose status was written.
    pub(crate) approval_statuses: BTreeSet<NamespacedName>,
    /// The key's status was written.
    pub(crate) status: bool,
    /// An enforcement secret was written.
    pub(crate) copy: bool,
}
