//! What is counted of a queue, under the names of client-go.

use keydesk_process::Registry;
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

/// Counts of one queue, shared by cloning.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueueMetrics {
    /// Items that wait for a worker.
    pub(crate) depth: Gauge,
    /// How often an item began to wait.
    pub(crate) adds: Counter,
    /// How often a run failed, so that its item comes back.
    pub(crate) retries: Counter,
}

impl QueueMetrics {
    /// Makes it part of what is scraped. The queue's name is a label of `registry`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Self { depth, adds, retries } = self;
        registry.register(
            "workqueue_depth",
            "Objects that wait to be reconciled",
            depth.clone(),
        );
        registry.register("workqueue_adds", "Objects put into the queue", adds.clone());
        registry.register(
            "workqueue_retries",
            "Objects that have to be reconciled again",
            retries.clone(),
        );
    }
}
