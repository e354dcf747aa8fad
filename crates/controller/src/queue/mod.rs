//! The work queue of the controller: which object to reconcile next, and when.
//!
//! What happened to an item itself comes before what concerns many, so that nobody's revocation stands in line behind a change
//! of plans.
//!
//! An item waits at most once, however often it is asked for; an item that is asked for while it is worked on runs once
//! more afterwards; one item never runs twice at once; an item that fails comes back after its own growing delay, and
//! holds up nobody else. What is due when is decided in `schedule` as a function of the instants it is given; this
//! file only lends it a clock, workers and wake-ups. It does not know what an item names.

mod backoff;
mod metrics;
mod schedule;

use std::{future::Future, hash::Hash, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt as _, future::join_all};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

pub(crate) use backoff::Backoff;
pub(crate) use metrics::QueueMetrics;
use schedule::{Schedule, Turn};

/// What a run of one item ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing more to do until something happens.
    Settled,
    /// Look again at this instant: something expires, or a grace period ends.
    At(Instant),
    /// It failed; reconcile again after this item's backoff.
    Retry,
}

/// Why an item is asked for. What is less urgent waits, though not for ever.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// Something happened to it, or its moment has come.
    #[default]
    Own,
    /// Something happened that concerns many, and it is one of them.
    Shared,
}

/// A queue of items, shared by cloning.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    schedule: Mutex<Schedule<T>>,
    news: Notify,
    metrics: QueueMetrics,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T: Clone + Eq + Hash> Default for Queue<T> {
    fn default() -> Self {
        Self::new(Backoff::default(), QueueMetrics::default())
    }
}

impl<T: Clone + Eq + Hash> Queue<T> {
    /// An empty queue whose failing items wait as `backoff` says, and which is counted in `metrics`.
    #[must_use]
    pub(crate) fn new(backoff: Backoff, metrics: QueueMetrics) -> Self {
        let shared = Shared {
            schedule: Mutex::new(Schedule::new(backoff)),
            news: Notify::new(),
            metrics,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Asks for a run of `item` as soon as a worker is free.
    pub(crate) fn enqueue(&self, item: T) {
        self.enqueue_as(item, Urgency::Own);
    }

    /// The same for a reason that may be less urgent.
    pub(crate) fn enqueue_as(&self, item: T, urgency: Urgency) {
        self.change(|schedule| schedule.ask(item, urgency));
        self.shared.news.notify_one();
    }

    /// Asks for a run of `item` at `at`. The earliest instant asked for wins, and any run of the item answers it:
    /// a run says itself when it wants to be called next ([`Next::At`]).
    pub(crate) fn enqueue_at(&self, item: T, at: Instant) {
        self.change(|schedule| schedule.ask_at(item, at, Urgency::Own));
        self.shared.news.notify_one();
    }

    /// How many items wait for a worker now (those of a later instant not counted).
    #[must_use]
    pub(crate) fn depth(&self) -> usize {
        self.shared.schedule.lock().depth()
    }

    /// Works on the queue with `workers` runs at a time until `shutdown`, then lets the runs under way finish.
    ///
    /// A run that panics counts as failed, and costs nobody else anything. When this is dropped, runs under way are cut
    /// off: their items are due again for whoever works on the queue next.
    pub(crate) async fn work<F, Run>(&self, workers: usize, shutdown: &CancellationToken, run: F)
    where
        F: Fn(T) -> Run + Sync,
        Run: Future<Output = Next>,
    {
        let worker = || async {
            while let Some(item) = self.take(shutdown).await {
                let under_way = UnderWay {
                    queue: self,
                    item: Some(item.clone()),
                };
                // `run` only shares what its author shares between runs anyway; a half-done run is done again.
                let next = match AssertUnwindSafe(run(item)).catch_unwind().await {
                    Ok(next) => next,
                    Err(_panic) => Next::Retry,
                };
                under_way.finish(next);
            }
        };
        join_all((0..workers.max(1)).map(|_| worker())).await;
    }

    /// Takes note of how a run ended.
    fn finish(&self, item: &T, next: Next) {
        if next == Next::Retry {
            self.shared.metrics.retries.inc();
        }
        self.change(|schedule| schedule.finish(item, next, Instant::now(), fastrand::f64()));
        self.shared.news.notify_one();
    }

    /// Does something to the schedule, and counts what it changed.
    fn change<R>(&self, change: impl FnOnce(&mut Schedule<T>) -> R) -> R {
        let Shared {
            schedule,
            news: _,
            metrics,
        } = &*self.shared;
        let mut schedule = schedule.lock();
        let changed = change(&mut schedule);
        metrics.adds.inc_by(schedule.count_asked());
        metrics
            .depth
            .set(i64::try_from(schedule.depth()).unwrap_or(i64::MAX));
        changed
    }

    /// The next item that is due; waits for one. `None` at shutdown.
    async fn take(&self, shutdown: &CancellationToken) -> Option<T> {
        loop {
            if shutdown.is_cancelled() {
                return None;
            }
            let turn = self.change(|schedule| schedule.next(Instant::now()));
            let wait = async {
                match turn {
                    Turn::Run { item, more } => {
                        if more {
                            // Wake-ups coalesce; each worker that finds more than it takes passes one on.
                            self.shared.news.notify_one();
                        }
                        Some(item)
                    }
                    Turn::Wait(due) => {
                        tokio::select! {
                            () = self.shared.news.notified() => {}
                            () = tokio::time::sleep_until(due) => {}
                        }
                        None
                    }
                    Turn::Idle => {
                        self.shared.news.notified().await;
                        None
                    }
                }
            };
            let taken = tokio::select! {
                // An item that was taken is run, whatever happens: it is no longer in the queue.
                biased;
                taken = wait => taken,
                () = shutdown.cancelled() => return None,
            };
            if taken.is_some() {
                return taken;
            }
        }
    }
}

/// An item that a worker has; it is not lost with the worker.
struct UnderWay<'a, T: Clone + Eq + Hash> {
    queue: &'a Queue<T>,
    item: Option<T>,
}

impl<T: Clone + Eq + Hash> UnderWay<'_, T> {
    fn finish(mut self, next: Next) {
        if let Some(item) = self.item.take() {
            self.queue.finish(&item, next);
        }
    }
}

impl<T: Clone + Eq + Hash> Drop for UnderWay<'_, T> {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            self.queue.finish(&item, Next::Settled);
            self.queue.enqueue(item);
        }
    }
}

#[cfg(test)]
mod tests;
