//! Which terms an approval stands for. It is bound once for each of its generations, and keeps what it was bound to.
//!
//! In order: the terms that the reviewer's tool recorded; else those that the request showed when the API server
//! accepted the approval, in doubt the older ones; else, where the request is younger, those that it shows first. What
//! the request says about earlier bindings ([`Bindings`]) stands above all: nobody but the controller writes that.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::APIKeyRequest;
use keydesk_api::meta::annotation;
use keydesk_core::{Decision, Terms, effective_at};
use kube::ResourceExt;
use serde::{Deserialize, Serialize};

use crate::Approval;
use crate::bindings::Bindings;
use crate::terms::{TermsBefore, shown};

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
        approvals
            .iter()
            .filter_map(|approval| bind(approval, self, now))
            .collect()
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
}

/// Binds an approval. `None` if its reviewer recorded terms that cannot be read or are not this namespace's to decide:
/// such an approval counts for nothing.
fn bind<'a>(approval: &'a Approval, shown: &Shown, now: Timestamp) -> Option<Bound<'a>> {
    let object = &approval.object;
    let generation = object.metadata.generation.unwrap_or(1);
    let recorded = object.annotations().get(annotation::APPROVED_TERMS);
    let recorded = recorded.and_then(|json| serde_json::from_str::<Binding>(json).ok());
    let own = |terms: &Terms| terms.product.namespace == object.namespace().unwrap_or_default();
    let accepted_at = accepted_at(approval, generation, now);
    // Reviewers can write the record too: one that would count from another time than it did is not ours.
    let in_time = |binding: &Binding| {
        if generation > 1 {
            binding.accepted_at <= accepted_at.max(now)
        } else {
            binding.accepted_at == accepted_at
        }
    };
    if let Some(kept) = shown.bindings.binding(object, generation) {
        return Some(Bound {
            approval,
            fresh: recorded.as_ref() != Some(kept),
            binding: kept.clone(),
            known: true,
        });
    }
    let holds =
        |binding: &Binding| binding.generation == generation && own(&binding.terms) && in_time(binding);
    if let Some(binding) = recorded.filter(holds) {
        return Some(Bound {
            approval,
            binding,
            fresh: false,
            known: false,
        });
    }
    let terms = match object.annotations().get(annotation::TERMS) {
        Some(json) => Terms::parse(json).ok().filter(own)?,
        None => shown.at(accepted_at).clone(),
    };
    Some(Bound {
        approval,
        binding: Binding {
            accepted_at,
            generation,
            terms,
        },
        fresh: true,
        known: false,
    })
}

/// The moment, in whole seconds, at which the API server accepted this generation. Of an edit it is what the server
/// recorded, and where it records none, the moment at which the controller sees the edit.
fn accepted_at(approval: &Approval, generation: i64, now: Timestamp) -> Timestamp {
    let created_at = approval.object.creation_timestamp().map(|time| time.0);
    let accepted_at = if generation > 1 {
        // Whoever edits can also write when: it is believed as far as clocks may differ.
        let latest = now.checked_add(CLOCKS_DIFFER).unwrap_or(now);
        approval.edited_at.map(|edited_at| edited_at.min(latest))
    } else {
        created_at
    };
    let accepted_at = accepted_at.unwrap_or(now);
    Timestamp::from_second(accepted_at.as_second()).unwrap_or(accepted_at)
}

impl Bound<'_> {
    /// The decision that the approval is.
    #[must_use]
    pub fn decision(&self) -> Decision {
        let spec = &self.approval.object.spec;
        Decision {
            name: self.approval.object.name_any(),
            approved: spec.approved,
            by: spec.reviewed_by.clone(),
            message: spec.message.clone().unwrap_or_default(),
            effective_at: effective_at(
                Some(spec.reviewed_at.0),
                self.binding.accepted_at,
                self.binding.generation > 1,
            ),
            terms: self.binding.terms.clone(),
        }
    }
}
