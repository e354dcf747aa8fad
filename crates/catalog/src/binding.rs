//! Which terms an approval stands for. It is bound once for each of its generations, and keeps what it was bound to.
//!
//! In order: the terms that the reviewer's tool recorded; else those that the request showed when the API server
//! accepted the approval, in doubt the older ones; else, where the request is younger, those that it shows first. What
//! the request says about earlier bindings ([`Bindings`]) stands above all: nobody but the controller writes that.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::APIKeyRequest;
use keydesk_core::{Decision, Terms, effective_at};
use serde::{Deserialize, Serialize};

use crate::bindings::Bindings;
use crate::terms::{TermsBefore, shown};
use crate::{Approval, ApprovalRecord, RequestRecord, Reviewed};

/// How far the API server's clock is taken to be ahead of ours at most.
const CLOCKS_DIFFER: Duration = Duration::from_mins(1);

/// What the request of an approval shows, or will show once it exists.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it shows.
    pub terms: Terms,
    /// What it showed before its last change.
    pub before: Option<TermsBefore>,
    /// What its approvals are bound to, as far as what it shows does not say.
    pub bindings: Bindings,
}

impl Shown {
    /// What a request shows; where there is none yet, it will show what the key asks for.
    #[must_use]
    pub fn by(request: Option<&APIKeyRequest>, asked: &Terms) -> Self {
        Self {
            terms: request.map_or_else(|| asked.clone(), shown),
            before: request.and_then(TermsBefore::of),
            bindings: request.map(Bindings::of).unwrap_or_default(),
        }
    }

    /// The same of what is kept of a request.
    #[must_use]
    pub fn of(request: Option<RequestRecord>, asked: &Terms) -> Self {
        match request {
            Some(RequestRecord {
                key: _,
                shown,
                before,
                bindings,
            }) => Self {
                terms: shown,
                before,
                bindings,
            },
            None => Self::by(None, asked),
        }
    }

    /// Whether an approval that is bound like this would be bound so again, whenever that is.
    pub(crate) fn says(&self, binding: &Binding) -> bool {
        binding.terms == self.terms && binding.terms == *self.at(binding.accepted_at)
    }

    /// What was shown at that moment, as far as it is known.
    fn at(&self, moment: Timestamp) -> &Terms {
        match &self.before {
            Some(before) if moment.as_second() <= before.changed_at.as_second() => &before.terms,
            Some(_) | None => &self.terms,
        }
    }

    /// The approvals of the request that can be read, each with what it is bound to.
    #[must_use]
    pub fn bind<'a>(&self, approvals: &'a [Arc<Approval>], now: Timestamp) -> Vec<Bound<'a>> {
        let bind = |approval: &'a Arc<Approval>| {
            let record = ApprovalRecord::of(approval);
            let Bond {
                binding,
                fresh,
                known,
            } = bind(&record, self, now)?;
            Some(Bound {
                approval: approval.as_ref(),
                binding,
                fresh,
                known,
                record,
            })
        };
        approvals.iter().filter_map(bind).collect()
    }

    /// The decisions that the approvals of the request are, but for those that cannot be read.
    #[must_use]
    pub fn decisions(&self, approvals: &[ApprovalRecord], now: Timestamp) -> Vec<Decision> {
        let decide =
            |approval: &ApprovalRecord| Some(decision(approval, &bind(approval, self, now)?.binding));
        approvals.iter().filter_map(decide).collect()
    }
}

/// The record of a binding, kept on the approval as an annotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// When the API server accepted this generation, as far as it is known.
    pub accepted_at: Timestamp,
    /// The generation that was bound.
    pub generation: i64,
    /// What it was bound to.
    pub terms: Terms,
}

impl Binding {
    /// As the annotation has it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers, sets and timestamps always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// An approval with what it is bound to.
#[derive(Clone, Debug)]
pub struct Bound<'a> {
    /// The approval.
    pub approval: &'a Approval,
    /// What it is bound to.
    pub binding: Binding,
    /// The binding is not recorded yet, or not as it should be.
    pub fresh: bool,
    /// It was bound so before, says its request.
    pub known: bool,
    record: ApprovalRecord,
}

/// What an approval is bound to, and what [`Bound`] tells of that.
struct Bond {
    binding: Binding,
    fresh: bool,
    known: bool,
}

/// Binds an approval. `None` if it approves and its reviewer recorded terms that cannot be read, are another key's or are not
/// this namespace's to decide: that counts for nothing.
fn bind(approval: &ApprovalRecord, shown: &Shown, now: Timestamp) -> Option<Bond> {
    let generation = approval.generation;
    let recorded = approval.binding.as_ref();
    if let Some(kept) = shown.bindings.binding(approval) {
        return Some(Bond {
            binding: kept.clone(),
            fresh: recorded != Some(kept),
            known: true,
        });
    }
    let own = |terms: &Terms| {
        terms.product.namespace == approval.id.namespace && terms.namespace == shown.terms.namespace
    };
    let accepted_at = accepted_at(approval, now);
    // Reviewers can write the record too: one that would count from another time than it did is not ours.
    let in_time = |binding: &Binding| {
        if generation > 1 {
            binding.accepted_at <= accepted_at.max(now)
        } else {
            binding.accepted_at == accepted_at
        }
    };
    let holds =
        |binding: &&Binding| binding.generation == generation && own(&binding.terms) && in_time(binding);
    if let Some(binding) = recorded.filter(holds) {
        return Some(Bond {
            binding: binding.clone(),
            fresh: false,
            known: false,
        });
    }
    let terms = match &approval.reviewed {
        Reviewed::Terms(terms) if own(terms) => terms,
        Reviewed::Nothing => shown.at(accepted_at),
        // A no needs no terms.
        Reviewed::Terms(_) | Reviewed::Unreadable if !approval.approved => shown.at(accepted_at),
        Reviewed::Terms(_) | Reviewed::Unreadable => return None,
    };
    Some(Bond {
        binding: Binding {
            accepted_at,
            generation,
            terms: terms.clone(),
        },
        fresh: true,
        known: false,
    })
}

/// The moment, in whole seconds, at which the API server accepted this generation. Of an edit it is what the server
/// recorded, and where it records none, the moment at which the controller sees the edit.
fn accepted_at(approval: &ApprovalRecord, now: Timestamp) -> Timestamp {
    let accepted_at = if approval.generation > 1 {
        // Whoever edits can also write when: it is believed as far as clocks may differ.
        let latest = now.checked_add(CLOCKS_DIFFER).unwrap_or(now);
        approval.edited_at.map(|edited_at| edited_at.min(latest))
    } else {
        approval.created_at
    };
    let accepted_at = accepted_at.unwrap_or(now);
    Timestamp::from_second(accepted_at.as_second()).unwrap_or(accepted_at)
}

impl Bound<'_> {
    /// The decision that the approval is.
    #[must_use]
    pub fn decision(&self) -> Decision {
        decision(&self.record, &self.binding)
    }
}

fn decision(approval: &ApprovalRecord, binding: &Binding) -> Decision {
    Decision {
        name: approval.id.name.clone(),
        approved: approval.approved,
        by: approval.by.clone(),
        message: approval.message.clone(),
        effective_at: effective_at(
            Some(approval.reviewed_at),
            binding.accepted_at,
            binding.generation > 1,
        ),
        terms: binding.terms.clone(),
    }
}
