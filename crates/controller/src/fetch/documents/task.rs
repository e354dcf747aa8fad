//! Fetches one document, again and again.

use std::{
    hash::Hash,
    sync::{Arc, Weak},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    super::{
        client::{Fetched, Fetcher},
        error::FetchError,
    },
    Kind, Pace, Slots, Wanted,
    turns::Turns,
};
use crate::telemetry::DomainMetrics;

/// What a task needs. It lives as long as its slot.
pub(super) struct Task<K> {
    pub(super) fetcher: Fetcher,
    pub(super) pace: Pace,
    pub(super) turns: Arc<Turns>,
    pub(super) group: fn(&K) -> &str,
    /// Weak: the task lives in its slot, and must not keep the slots alive.
    pub(super) slots: Weak<Slots<K>>,
    pub(super) news: Arc<dyn Fn(K) + Send + Sync>,
    pub(super) metrics: DomainMetrics,
    pub(super) name: (K, Kind),
    /// The very one of its slot.
    pub(super) wanted: Arc<Wanted>,
}

impl<K: Clone + Eq + Hash> Task<K> {
    /// Fetches for the first time after `wait`.
    pub(super) async fn run(self, mut wait: Duration) {
        let mut failures = 0;
        loop {
            tokio::time::sleep(wait).await;
            // Boxed: most tasks sleep most of the time, and a fetch is far larger than a sleep.
            let group = (self.group)(&self.name.0);
            let result = self.turns.wait_for(group, Box::pin(self.fetch())).await;
            self.metrics.fetched(self.name.1.as_str(), outcome(&result));
            let jitter = fastrand::f64();
            let next = match &result {
                Ok(_) => {
                    failures = 0;
                    self.pace.after_success(jitter)
                }
                Err(error) => {
                    failures += 1;
                    Some(self.pace.after_failure(error, failures, jitter))
                }
            };
            self.publish(result);
            match next {
                Some(next) => wait = next,
                None => return,
            }
        }
    }

    async fn fetch(&self) -> Result<Fetched, FetchError> {
        let Wanted {
            purpose,
            url,
            limit,
            generation: _,
        } = &*self.wanted;
        let before = self.slots.upgrade().and_then(|slots| {
            let slots = slots.lock();
            slots.get(&self.name)?.progress.validators().cloned()
        });
        let fetched = self.fetcher.fetch(url, *limit, before.as_ref()).await?;
        if let Fetched::Document { text, .. } = &fetched {
            purpose.check(text)?;
        }
        Ok(fetched)
    }

    fn publish(&self, result: Result<Fetched, FetchError>) {
        let Some(slots) = self.slots.upgrade() else { return };
        let detail = result.as_ref().err().and_then(FetchError::detail);
        let is_news = {
            let mut slots = slots.lock();
            // Another slot of the name has a task of its own; this one is about to end.
            let slot = slots
                .get_mut(&self.name)
                .filter(|slot| Arc::ptr_eq(&slot.wanted, &self.wanted));
            slot.is_some_and(|slot| slot.progress.take(result, Timestamp::now()))
        };
        if is_news {
            if let Some(detail) = detail {
                let (group, kind) = ((self.group)(&self.name.0), self.name.1.as_str());
                // Not the URL: it may hold what is meant for its server alone.
                tracing::warn!("failed to fetch {kind} for {group:?}: {detail}");
            }
            (self.news)(self.name.0.clone());
        }
    }
}

/// How a fetch ended, for who counts.
fn outcome(result: &Result<Fetched, FetchError>) -> &'static str {
    match result {
        Ok(Fetched::Document { .. }) => "fetched",
        Ok(Fetched::Unchanged) => "unchanged",
        Err(error) if error.is_transient() => "failed_for_now",
        Err(_) => "failed",
    }
}
