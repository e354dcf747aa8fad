//! The controller at work: watches fill the catalog, what they affect fills the queue, workers reconcile.

use std::sync::Arc;

use keydesk_catalog::Catalog;
use keydesk_feed::{Pulse, Readiness};
use keydesk_process::Registry;
use keydesk_process::lease::Lead;
use kube::Client;
use parking_lot::RwLock;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Settings;
use crate::context::Context;
use crate::key::learn_claims;
use crate::kinds;
use crate::metrics::Metrics;
use crate::queue::Urgency;
use crate::reconcile::reconcile;

/// Why the controller ended although nobody asked for it.
#[derive(Debug, Error)]
pub enum RunError {
    /// All watches ended.
    #[error("failed to follow the cluster: every watch has ended")]
    WatchesEnded,
}

/// A controller that has not begun.
pub struct Controller {
    client: Client,
    settings: Settings,
    readiness: Readiness,
    metrics: Metrics,
    lead: Lead,
}

impl Controller {
    /// One that writes with the rights of `client`. `readiness`, of [`KINDS`](crate::KINDS), says when it knows the
    /// cluster: nothing is written before.
    #[must_use]
    pub fn new(client: Client, settings: Settings, readiness: Readiness) -> Self {
        Self {
            client,
            settings,
            readiness,
            metrics: Metrics::default(),
            lead: Lead::always(),
        }
    }

    /// One of several replicas: it follows the cluster all the time, and writes while it leads.
    #[must_use]
    pub fn in_turn(self, lead: Lead) -> Self {
        Self {
            client: lead.guard(self.client),
            lead,
            ..self
        }
    }

    /// Makes what it counts part of what is scraped.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.metrics.register(registry);
    }

    /// Runs until `shutdown`; writes under way are finished.
    ///
    /// # Errors
    /// If it cannot go on.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), RunError> {
        let Self {
            client,
            settings,
            readiness,
            metrics,
            lead,
        } = self;
        let catalog = Arc::new(RwLock::new(Catalog::default()));
        let (tell, mut told) = mpsc::unbounded_channel();
        keydesk_feed::drive(&client, &catalog, &tell, &readiness, &Pulse::default(), &shutdown);
        drop(tell);
        let workers = settings.workers;
        let installed = metrics.installed.clone();
        let context = Context::new(client, catalog, settings, metrics);
        let queue = context.queue.clone();
        let listen = async {
            let mut is_known = false;
            while let Some(affected) = told.recv().await {
                is_known = is_known || readiness.check().is_ok();
                let urgency = urgency(affected.iter().len(), is_known);
                for target in affected {
                    queue.enqueue_as(target, urgency);
                }
            }
            if shutdown.is_cancelled() {
                Ok(())
            } else {
                Err(RunError::WatchesEnded)
            }
        };
        let work = async {
            // An orphan is only known to be one when every kind is known.
            if shutdown.run_until_cancelled(readiness.ready()).await.is_none() {
                return;
            }
            tracing::info!(
                waiting = queue.depth(),
                "the cluster is known; so many objects wait to be reconciled: {}",
                queue.depth()
            );
            let context = &context;
            while shutdown.run_until_cancelled(lead.begun()).await.is_some() {
                let turn = async {
                    shutdown.run_until_cancelled(learn_claims(context)).await;
                    let reconcile = |target| async move { reconcile(context, target).await };
                    queue.work(workers, &shutdown, reconcile).await;
                };
                tokio::select! {
                    () = turn => return,
                    // Not even what is under way may be finished: it is another's now.
                    () = lead.over() => {}
                }
            }
        };
        let watch = shutdown.run_until_cancelled(kinds::watch(&readiness, &installed));
        let (listened, (), _) = tokio::join!(listen, work, watch);
        listened
    }
}

/// One event that concerns more objects than this is a change of what they have in common.
const FEW: usize = 16;

/// How urgent it is to reconcile each of so many objects that one event affects. Until the cluster is known, events are of
/// what is there already.
fn urgency(affected: usize, cluster_is_known: bool) -> Urgency {
    if cluster_is_known && affected <= FEW {
        Urgency::Own
    } else {
        Urgency::Shared
    }
}

/// Runs a [`Controller`] whose metrics nobody asks for, until `shutdown`.
///
/// # Errors
/// If it cannot go on.
pub async fn run(
    client: Client,
    settings: Settings,
    readiness: Readiness,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    Controller::new(client, settings, readiness).run(shutdown).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_event_does_to_many_and_what_was_there_before_can_wait() {
        assert_eq!(urgency(2, true), Urgency::Own);
        assert_eq!(urgency(5_000, true), Urgency::Shared);
        assert_eq!(urgency(2, false), Urgency::Shared);
    }
}
