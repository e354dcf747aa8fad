//! One target, whatever its kind: what is done about it, and when it is its turn again.

use std::time::Duration;

use jiff::Timestamp;
use keydesk_catalog::Target;
use tokio::time::Instant;

use crate::context::Context;
use crate::metrics::Ended;
use crate::queue::Next;
use crate::write::WriteError;
use crate::{approval, enforcement_secret, key, product};

/// How a reconcile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reconciled {
    /// Nothing to do until something happens.
    Settled,
    /// Nothing to do until this moment.
    Until(Timestamp),
    /// The cluster moved on meanwhile.
    Stale,
}

/// Reconciles a target, tells of failures, and says when to do so again.
pub(crate) async fn reconcile(context: &Context, target: Target) -> Next {
    let reconciling = context.metrics.begin(&target);
    let reconciled = match &target {
        Target::Product(id) => product::reconcile(context, id).await,
        Target::Key(id) => key::reconcile(context, id).await,
        Target::Approval(id) => approval::reconcile(context, id).await,
        Target::EnforcementSecret(id) => enforcement_secret::reconcile(context, id).await,
        // Seen from the products and keys that they concern.
        Target::Route(_) | Target::Kuadrant => Ok(Reconciled::Settled),
    };
    reconciling.end(ended(&reconciled));
    match reconciled {
        Ok(Reconciled::Settled) => Next::Settled,
        Ok(Reconciled::Until(moment)) => Next::At(instant(moment, context.settings.clock.now())),
        Ok(Reconciled::Stale) => Next::Retry,
        Err(error) => {
            tell(&target, &error);
            Next::Retry
        }
    }
}

/// A reconcile as it is counted.
fn ended(reconciled: &Result<Reconciled, WriteError>) -> Ended {
    match reconciled {
        Ok(Reconciled::Settled) => Ended::Settled,
        Ok(Reconciled::Until(_)) => Ended::Until,
        Ok(Reconciled::Stale) => Ended::Stale,
        Err(error) if error.is_stale() => Ended::Stale,
        Err(_) => Ended::Failed,
    }
}

fn tell(target: &Target, error: &WriteError) {
    let error_chain = keydesk_process::chain(error);
    if error.is_stale() {
        tracing::debug!(?target, "it is done again: {error_chain}");
    } else {
        tracing::warn!(?target, "will try again: {error_chain}");
    }
}

/// The instant of a moment of the calendar; a little later, so that the moment has passed when it comes.
pub(crate) fn instant(moment: Timestamp, now: Timestamp) -> Instant {
    Instant::now() + wait(moment, now) + Duration::from_millis(2)
}

/// Timers further ahead are set again on the way: they stand still while the machine sleeps, and do not notice that its
/// clock is set, so that a key would end that much too late.
const FAR: Duration = Duration::from_mins(1);

fn wait(moment: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now))
        .unwrap_or_default()
        .min(FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_waited_for_in_steps() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(wait(at(90), at(60)), Duration::from_secs(30));
        assert_eq!(wait(Timestamp::MAX, at(60)), Duration::from_mins(1));
        assert_eq!(wait(at(59), at(60)), Duration::ZERO);
    }
}
