//! What others hear of the controller's doings: Events on the objects themselves, metrics, and the audit of decisions.
//!
//! ```text
//!  reconcile ──▶ what was decided ─────────────────────▶ record   pure ──▶ the log's target `audit`
//!            ──▶ what was found, what was written ──┬─▶ notice   pure ──▶ post     a bounded channel, its own pace
//!                                                   └─▶ key_counts ────▶ metrics
//! ```
//!
//! It never waits, and never fails a reconcile. Decisions are told before their writes are made, all else after. No value of a
//! key gets here, only [`Flaws`] of it.

mod fact;
mod key_counts;
mod metrics;
mod notice;
mod post;
pub(crate) mod record;
pub(crate) mod told;

use std::collections::BTreeSet;

use keydesk_api::APIProduct;
use keydesk_api::meta::is_previous_secret;
use keydesk_api::v1alpha1::{APIKeyApprovalStatus, APIProductStatus};
use keydesk_catalog::{Approval, Cap, Target};
use keydesk_core::{Flaws, NamespacedName};
use kube::{Client, Resource};
use parking_lot::Mutex;

pub(crate) use fact::Fact;
pub(crate) use metrics::DomainMetrics;
pub(crate) use metrics::Saving;
pub(crate) use notice::Notice;

use crate::Clock;
use crate::key::{Account, Live, Made, Plan, Seen};
use key_counts::{KeyCounts, Last};
use post::EventPoster;
use record::{Reconcile, Record};
use told::Told;

/// Tells, counts and records.
#[derive(Debug)]
pub(crate) struct Telemetry {
    metrics: DomainMetrics,
    events: EventPoster,
    key_counts: Mutex<KeyCounts>,
    told: Mutex<Told>,
    /// Products whose cap cannot be read, which was said.
    misread: Mutex<BTreeSet<NamespacedName>>,
}

impl Telemetry {
    /// Must be called within a tokio runtime.
    pub(crate) fn new(client: Client, metrics: DomainMetrics, clock: Clock) -> Self {
        Self {
            events: EventPoster::new(client, metrics.clone(), clock),
            metrics,
            key_counts: Mutex::default(),
            told: Mutex::default(),
            misread: Mutex::default(),
        }
    }

    /// A key was reconciled: of one that is there to stay, what was found; and which of the planned writes were made.
    pub(crate) fn key(&self, seen: &Seen, plan: &Plan, found: Option<(&Account, Flaws)>, made: &Made) {
        let Some((live, (account, flaws))) = seen.live.as_ref().zip(found) else {
            self.key_counts.lock().note(&seen.id, None, &self.metrics);
            self.forget(&Target::Key(seen.id.clone()));
            return;
        };
        if plan.status.is_none() {
            self.metrics.saved(Saving::Unchanged);
        }
        let now = Last {
            stands: account.stands,
            ends_at: account.ends_at,
            awaits_owner: account.awaits_owner,
            unlimited: account.unlimited.is_some(),
            flaws,
        };
        let before = self.key_counts.lock().note(&seen.id, Some(now), &self.metrics);
        let rotated = made.copy && is_rotation(seen, live);
        let unlimited = account.unlimited.as_deref();
        let notices = notices(live, plan, made, (before, now), (unlimited, rotated));
        for notice in notices {
            self.events.post(live.key.object_ref(&()), notice);
        }
        for mark in plan
            .mark
            .iter()
            .filter(|mark| mark.adopts_beside_another() && made.marks.contains(&mark.id))
        {
            let own = |approval: &&std::sync::Arc<Approval>| crate::write::id(&approval.object) == mark.id;
            if let Some(approval) = live.approvals.iter().find(own) {
                let about = approval.object.object_ref(&());
                self.events.post(about, notice::controlled_by_another());
            }
        }
        for (approval, status) in &plan.approval_statuses {
            if made
                .approval_statuses
                .contains(&crate::write::id(&approval.object))
            {
                self.tell_of_approval(approval, status);
            }
        }
        if rotated {
            self.record(&record::of_rotation(live, account));
        }
    }

    /// The decisions about a key are bound, as far as they had to be, and its status is about to be written. They are
    /// recorded before that: a process that is killed in between has told of them, perhaps twice, but never not at all.
    pub(crate) fn decisions(&self, reconcile: &Reconcile<'_>) {
        let key = Target::Key(crate::write::id(reconcile.live.key.as_ref()));
        self.record_once(&key, record::records(reconcile));
    }

    /// The same of an approval that is no key's, and is to have this status.
    pub(crate) fn decision(&self, approval: &Approval, status: &APIKeyApprovalStatus) {
        let approved = Target::Approval(crate::write::id(&approval.object));
        self.record_once(&approved, record::of_approval(approval, status));
    }

    /// All that was planned was written.
    pub(crate) fn settled(&self, target: &Target) {
        self.told.lock().settled(target);
    }

    /// What is told of it was all that there will be.
    pub(crate) fn forget(&self, target: &Target) {
        self.told.lock().forget(target);
    }

    /// The status of an approval was written that is no key's.
    pub(crate) fn approval(&self, approval: &Approval, status: &APIKeyApprovalStatus) {
        self.tell_of_approval(approval, status);
        self.settled(&Target::Approval(crate::write::id(&approval.object)));
    }

    /// The status of a product was written.
    pub(crate) fn product(&self, before: &APIProduct, after: &APIProductStatus) {
        let then = before.status.as_ref();
        let then = then
            .map(|status| status.conditions.as_slice())
            .unwrap_or_default();
        for notice in notice::of_product(then, &after.conditions) {
            self.events.post(before.object_ref(&()), notice);
        }
    }

    /// A product was reconciled, or found gone: is what its owner wrote about its keys readable?
    pub(crate) fn cap(&self, id: &NamespacedName, product: Option<&APIProduct>) {
        let misread = product.filter(|product| Cap::of(product) == Some(Cap::Unreadable));
        let Some(product) = misread else {
            self.misread.lock().remove(id);
            return;
        };
        if self.misread.lock().insert(id.clone()) {
            self.events
                .post(product.object_ref(&()), notice::unreadable_cap());
        }
    }

    fn tell_of_approval(&self, approval: &Approval, status: &APIKeyApprovalStatus) {
        let then = approval.object.status.as_ref();
        let then = then
            .map(|status| status.conditions.as_slice())
            .unwrap_or_default();
        for notice in notice::of_approval(then, &status.conditions) {
            self.events.post(approval.object.object_ref(&()), notice);
        }
    }

    fn record_once(&self, target: &Target, records: impl IntoIterator<Item = Record>) {
        for record in self.told.lock().news(target, records) {
            self.record(&record);
        }
    }

    fn record(&self, record: &Record) {
        self.metrics.recorded(record.fact);
        record.write();
    }
}

/// What to say of a key, given how it stood at the last reconcile and now.
fn notices(
    live: &Live,
    plan: &Plan,
    made: &Made,
    (before, now): (Option<Last>, Last),
    (unlimited, rotated): (Option<&str>, bool),
) -> Vec<Notice> {
    let mut notices = Vec::new();
    let written = plan.status.as_ref().filter(|_| made.status);
    if let Some(status) = written {
        let then = live.key.status.as_ref();
        let then = then
            .map(|status| status.conditions.as_slice())
            .unwrap_or_default();
        notices = notice::of_key(then, &status.conditions);
    }
    // After a restart nothing is known of the last reconcile. Then only what moves is worth a word.
    let said = before.or_else(|| notices.is_empty().then_some(now));
    let flaws = now.flaws.beyond(said.map(|last| last.flaws).unwrap_or_default());
    notices.extend(notice::of_flaws(flaws));
    let unlimited = unlimited.filter(|_| !said.is_some_and(|last| last.unlimited));
    notices.extend(unlimited.map(notice::unlimited));
    notices.extend(rotated.then(notice::rotated));
    notices
}

/// Whether gateways had another value in use of the key until now: one that is being rotated out may come back.
fn is_rotation(seen: &Seen, live: &Live) -> bool {
    let in_use = seen
        .copies
        .iter()
        .filter(|copy| !is_previous_secret(&copy.meta.id.name));
    let mut copies = in_use.filter_map(|copy| copy.value).peekable();
    copies.peek().is_some() && !copies.any(|value| Some(value) == live.value)
}
