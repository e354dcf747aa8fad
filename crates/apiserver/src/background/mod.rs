//! What the server does by itself: a real cluster's controller manager, as far as it is needed.
//!
//! Every task works from committed state, can be stopped at any moment and takes up where it was.

mod act;
mod aggregation;
mod definitions;
mod events;
mod garbage;
mod graph;
mod history;
mod namespaces;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::Api;

/// Starts every task; they end when the server stops.
pub(crate) fn start(api: &Arc<Api>, tasks: &TaskTracker) {
    tasks.spawn(aggregation::run(Arc::clone(api)));
    tasks.spawn(definitions::run(Arc::clone(api)));
    tasks.spawn(events::run(Arc::clone(api)));
    tasks.spawn(garbage::run(Arc::clone(api)));
    tasks.spawn(history::run(Arc::clone(api)));
    tasks.spawn(namespaces::run(Arc::clone(api)));
}

/// Wakes a task after commits.
struct Commits {
    revisions: watch::Receiver<u64>,
    stopping: CancellationToken,
}

impl Commits {
    fn of(api: &Api) -> Self {
        let mut revisions = api.store.revisions();
        // The first look is at what is there already.
        revisions.mark_changed();
        Self {
            revisions,
            stopping: api.stopping.clone(),
        }
    }

    /// Waits for a commit that was not looked at yet; false: the server stops.
    async fn next(&mut self) -> bool {
        tokio::select! {
            () = self.stopping.cancelled() => false,
            changed = self.revisions.changed() => changed.is_ok(),
        }
    }
}
