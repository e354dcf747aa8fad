//! The work queue of the controller: which object to reconcile next, and when.
//!
//! What happened to a key itself comes before what concerns many, so that nobody's revocation stands in line behind a change
//! of plans.
//!
//! A key waits at most once, however often it is asked for; a key that is asked for while it is worked on runs once
//! more afterwards; one key never runs twice at once; a key that fails comes back after its own growing delay, and
//! holds up nobody else. What is due when is decided in `schedule` as a function of the instants it is given; this
//! file only lends it a clock, workers and wake-ups. It does not know what a key names.

mod backoff;
mod schedule;
mod tally;

use std::{future::Future, hash::Hash, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt as _, future::join_all};
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

pub use backoff::Backoff;
use schedule::{Schedule, Turn};
pub use tally::Tally;

/// What a run of one key ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing more to do until something happens.
    Settled,
    /// Look again at this instant: something expires, or a grace period ends.
    At(Instant),
    /// It failed; reconcile again after this key's backoff.
    Retry,
}

/// Why a key is asked for. What is less urgent waits, though not for ever.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Something happened to it, or its moment has come.
    #[default]
    Own,
    /// Something happened that concerns many, and it is one of them.
    Shared,
}

/// A queue of keys, shared by cloning.
#[derive(Debug)]
pub struct Queue<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    schedule: Mutex<Schedule<T>>,
    news: Notify,
    tally: Tally,
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
        Self::new(Backoff::default(), Tally::default())
    }
}

impl<T: Clone + Eq + Hash> Queue<T> {
    /// An empty queue whose failing keys wait as `backoff` says, and which is counted in `tally`.
    #[must_use]
    pub fn new(backoff: Backoff, tally: Tally) -> Self {
        let shared = Shared {
            schedule: Mutex::new(Schedule::new(backoff)),
            news: Notify::new(),
            tally,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Asks for a run of `key` as soon as a worker is free.
    pub fn enqueue(&self, key: T) {
        self.enqueue_as(key, Urgency::Own);
    }

    /// The same for a reason that may be less urgent.
    pub fn enqueue_as(&self, key: T, urgency: Urgency) {
        self.change(|schedule| schedule.ask(key, urgency));
        self.shared.news.notify_one();
    }

    /// Asks for a run of `key` at `at`. The earliest instant asked for wins, and any run of the key answers it:
    /// a run says itself when it wants to be called next ([`Next::At`]).
    pub fn enqueue_at(&self, key: T, at: Instant) {
        self.change(|schedule| schedule.ask_at(key, at, Urgency::Own));
        self.shared.news.notify_one();
    }

    /// How many keys wait for a worker now (those of a later instant not counted).
    #[must_use]
    pub fn depth(&self) -> usize {
        self.shared.schedule.lock().depth()
    }

    /// Works on the queue with `workers` runs at a time until `shutdown`, then lets the runs under way finish.
    ///
    /// A run that panics counts as failed, and costs nobody else anything. When this is dropped, runs under way are cut
    /// off: their keys are due again for whoever works on the queue next.
    pub async fn work<F, Run>(&self, workers: usize, shutdown: &CancellationToken, run: F)
    where
        F: Fn(T) -> Run + Sync,
        Run: Future<Output = Next>,
    {
        let worker = || async {
            while let Some(key) = self.take(shutdown).await {
                let under_way = UnderWay {
                    queue: self,
                    key: Some(key.clone()),
                };
                // `run` only shares what its author shares between runs anyway; a half-done run is done again.
                let next = match AssertUnwindSafe(run(key)).catch_unwind().await {
                    Ok(next) => next,
                    Err(_panic) => Next::Retry,
                };
                under_way.finish(next);
            }
        };
        join_all((0..workers.max(1)).map(|_| worker())).await;
    }

    /// Takes note of how a run ended.
    fn finish(&self, key: &T, next: Next) {
        if next == Next::Retry {
            self.shared.tally.retries.inc();
        }
        self.change(|schedule| schedule.finish(key, next, Instant::now(), fastrand::f64()));
        self.shared.news.notify_one();
    }

    /// Does something to the schedule, and counts what it changed.
    fn change<R>(&self, change: impl FnOnce(&mut Schedule<T>) -> R) -> R {
        let Shared {
            schedule,
            news: _,
            tally,
        } = &*self.shared;
        let mut schedule = schedule.lock();
        let changed = change(&mut schedule);
        tally.adds.inc_by(schedule.count_asked());
        tally
            .depth
            .set(i64::try_from(schedule.depth()).unwrap_or(i64::MAX));
        changed
    }

    /// The next key that is due; waits for one. `None` at shutdown.
    async fn take(&self, shutdown: &CancellationToken) -> Option<T> {
        loop {
            if shutdown.is_cancelled() {
                return None;
            }
            let turn = self.change(|schedule| schedule.next(Instant::now()));
            let wait = async {
                match turn {
                    Turn::Run { key, more } => {
                        if more {
                            // Wake-ups coalesce; each worker that finds more than it takes passes one on.
                            self.shared.news.notify_one();
                        }
                        Some(key)
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
                // A key that was taken is run, whatever happens: it is no longer in the queue.
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

/// A key that a worker has; it is not lost with the worker.
struct UnderWay<'a, T: Clone + Eq + Hash> {
    queue: &'a Queue<T>,
    key: Option<T>,
}

impl<T: Clone + Eq + Hash> UnderWay<'_, T> {
    fn finish(mut self, next: Next) {
        if let Some(key) = self.key.take() {
            self.queue.finish(&key, next);
        }
    }
}

impl<T: Clone + Eq + Hash> Drop for UnderWay<'_, T> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.queue.finish(&key, Next::Settled);
            self.queue.enqueue(key);
        }
    }
}

#[cfg(test)]
mod tests;
