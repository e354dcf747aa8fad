//! Everything about one key in one reconcile: its status, its request, the approvals of that, its enforcement secret.

mod account;
mod apply;
mod approvals;
mod automatic;
mod bids;
mod converge;
mod copying;
mod enforcement;
mod gather;
mod learning;
mod places;
mod plan;
mod recheck;
mod request;
mod rotation;
mod seen;
mod status;
#[cfg(test)]
mod tests;

use keydesk_catalog::Target;
use keydesk_core::{Flaws, NamespacedName};

pub(crate) use account::{Account, Held, Made};
use apply::Applied;
pub(crate) use approvals::{Weight, status as approval_status};
use gather::known;
pub(crate) use learning::learn_claims;
pub(crate) use places::Places;
pub(crate) use plan::Plan;
use plan::{forfeited, plan};
use seen::EnforcementCopy;
pub(crate) use seen::{Live, Seen};

use crate::context::Context;
use crate::reconcile::{Reconciled, instant};
use crate::write::WriteError;

/// Looks at one key and brings the cluster to where it should be.
pub(crate) async fn reconcile(context: &Context, id: &NamespacedName) -> Result<Reconciled, WriteError> {
    let mut known = known(context, id);
    revoke_forfeited(context, &mut known.seen).await;
    let read = known.read(context).await;
    let now = context.settings.clock.now();
    let (seen, unread) = match read {
        Ok(seen) => (seen, None),
        Err(unread) => {
            let (seen, error) = unread.enough(now)?;
            (seen, Some(error))
        }
    };
    let (plan, account) = plan(&seen, context.settings.product_failure_grace, now);
    let mut made = Made::default();
    let applied = apply::apply(context, &seen, &plan, account.as_ref(), &mut made).await;
    // Also of what was written before a failure.
    let found = account.as_ref().map(|account| (account, flaws(context, &seen)));
    context.telemetry.key(&seen, &plan, found, &made);
    if let Some(status) = plan.status.as_ref().filter(|_| made.status) {
        report(id, status);
    }
    let applied = applied.and_then(|applied| unread.map_or(Ok(applied), Err));
    if let Ok(Applied::Done) = applied {
        context.telemetry.settled(&Target::Key(id.clone()));
        return Ok(plan.wake_at.map_or(Reconciled::Settled, Reconciled::Until));
    }
    // What could not be written may wait for its backoff; the end of a key does not.
    if let Some(moment) = plan.wake_at {
        context
            .queue
            .enqueue_at(Target::Key(id.clone()), instant(moment, now));
    }
    applied.map(|_| Reconciled::Stale)
}

/// Deletes at once what has to go whatever the Secrets of the key hold: a no waits for no reading. What could not be deleted
/// is left to the plan.
async fn revoke_forfeited(context: &Context, seen: &mut Seen) {
    let grace = context.settings.product_failure_grace;
    let forfeited = forfeited(seen, grace, context.settings.clock.now());
    if apply::revoke(context, &seen.id, &forfeited).await.is_ok() {
        let is_gone = |copy: &EnforcementCopy| forfeited.iter().any(|gone| gone.uid == copy.meta.uid);
        seen.copies.retain(|copy| !is_gone(copy));
    }
}

fn flaws(context: &Context, seen: &Seen) -> Flaws {
    let secret = seen.live.as_ref().filter(|live| live.value.is_some());
    let secret = secret.and_then(|live| live.edges.secret.as_ref());
    secret
        .map(|secret| context.values.flaws(secret))
        .unwrap_or_default()
}

fn report(id: &NamespacedName, status: &keydesk_api::v1alpha1::APIKeyStatus) {
    for condition in status
        .conditions
        .iter()
        .filter(|condition| condition.status == "True")
    {
        tracing::info!(key = %id, reason = condition.reason, "APIKey {id} is {}: {:?}", condition.type_, condition.message);
    }
}
