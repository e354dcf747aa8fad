//! What a key claims, and on what ground: from what is on record in the cluster, so that a restart changes no verdict.

use jiff::Timestamp;
use keydesk_api::condition::{self, KeyAspect, KeyReason};
use keydesk_api::meta::is_previous_secret;
use keydesk_catalog::{Bound, asked};
use keydesk_core::{Fingerprint, holding};
use kube::ResourceExt;

use super::request;
use super::rotation::Rotation;
use super::seen::{EnforcementCopy, Live};
use crate::claims::{Bid, Ground};

/// What the key claims: its value, and the one that is being rotated out.
pub(super) fn bids(live: &Live, copies: &[EnforcementCopy], now: Timestamp) -> Vec<Bid> {
    let previous = match live.rotation {
        Rotation::Until { value, .. } => Some(bid(live, copies, value, true, now)),
        Rotation::Settled | Rotation::Refused(_) => None,
    };
    let current = live.value.map(|value| bid(live, copies, value, false, now));
    current.into_iter().chain(previous).collect()
}

/// What gateways have of it.
pub(super) fn bids_for_enforced(live: &Live, copies: &[EnforcementCopy], now: Timestamp) -> Vec<Bid> {
    let bid = |copy: &EnforcementCopy| {
        let previous = is_previous_secret(&copy.meta.id.name);
        Some(bid(live, copies, copy.value?, previous, now))
    };
    copies.iter().filter_map(bid).collect()
}

fn bid(live: &Live, copies: &[EnforcementCopy], value: Fingerprint, previous: bool, now: Timestamp) -> Bid {
    Bid {
        claim: (live.edges.product.clone(), value),
        ground: ground(live, copies, value, previous, now),
        previous,
        created_at: live.key.creation_timestamp().map(|time| time.0),
    }
}

fn ground(
    live: &Live,
    copies: &[EnforcementCopy],
    value: Fingerprint,
    previous: bool,
    now: Timestamp,
) -> Ground {
    // Only where consumers cannot put one themselves.
    let home = live.enforcement_namespace.as_ref();
    let mut here = copies.iter().filter(|copy| home == Some(&copy.meta.id.namespace));
    if here.clone().any(|copy| copy.value == Some(value)) {
        return Ground::Enforced;
    }
    // The key works with another value: what it says now it claims for the first time.
    if here.any(|copy| is_previous_secret(&copy.meta.id.name) == previous) {
        return Ground::Age;
    }
    let status = live.key.status.as_ref();
    let conditions = status.map_or(&[][..], |status| &status.conditions);
    if condition::is_true(conditions, KeyAspect::Approved) {
        return Ground::Approved;
    }
    let failed = condition::find(conditions, KeyAspect::Failed).filter(|failed| failed.status == "True");
    // Another one had it then.
    let fails = failed.is_some_and(|failed| failed.reason != KeyReason::SecretAPIKeyDuplicate.as_str());
    if fails && is_approved(live, now) {
        Ground::Failing
    } else {
        Ground::Age
    }
}

/// Whether the decision that holds is an approval. That its time is over is found when nothing else is missing.
fn is_approved(live: &Live, now: Timestamp) -> bool {
    let asked = asked(&live.key, &live.edges);
    let shown = request::shown(live, &asked, now);
    let bound = shown.bind(&live.approvals, now);
    let decisions: Vec<_> = bound.iter().map(Bound::decision).collect();
    holding(&decisions, &asked).is_some_and(|decision| decision.approved)
}
