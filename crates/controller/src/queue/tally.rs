//! What is counted of a queue, under the names of client-go.

use keydesk_process::Registry;
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

/// Counts of one queue, shared by cloning.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Keys that wait for a worker.
    pub depth: Gauge,
    /// How often a key began to wait.
    pub adds: Counter,
    /// How often a run failed, so that its key comes back.
    pub retries: Counter,
}

impl Tally {
    /// Makes it part of what is scraped. The queue's name is a label of `registry`.
    pub fn register(&self, registry: &mut Registry) {
        let Self { depth, adds, retries } = self;
        registry.register(
            "workqueue_depth",
            "Objects that wait to be reconciled",
            depth.clone(),
        );
        registry.register("workqueue_adds", "Objects put into the queue", adds.clone());
        registry.register(
            "workqueue_retries",
            "Looks that have to be repeated",
            retries.clone(),
        );
    }
}
