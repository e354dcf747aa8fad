//! Documents that reconciling wants, fetched in the background.
//!
//! A reconcile asks with [`Documents::look`] and goes on with what is there. The first look starts a task that fetches,
//! keeps a success, tries again after a failure, and tells the queue whenever a look would now say something else.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Weak},
    time::Duration,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use super::{client::Fetcher, error::FetchError, oidc};
use crate::Metrics;
use crate::queue::Backoff;

/// Fetches under way at once, over all owners.
const CONCURRENT: usize = 8;

/// What a document is for. An owner has at most one document of each purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The specification of a product, kept as it is.
    OpenApi,
    /// The discovery document of this issuer; one without a token endpoint is a failure.
    Oidc {
        /// As the policy names it.
        issuer: String,
    },
}

/// Which document: a fetch is repeated when any part of this changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is.
    pub url: String,
    /// How many bytes it may have.
    pub limit: u64,
    /// The generation that wants it, where each generation wants a fetch of its own; otherwise 0.
    pub generation: i64,
}

/// What came of a fetch.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// When; of several equal failures in a row, the first one's time.
    pub at: Timestamp,
    /// The document, or why there is none.
    pub result: Result<Arc<str>, Arc<FetchError>>,
}

/// When a fetch that failed is tried again.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// After failures that may pass by themselves.
    pub transient: Backoff,
    /// After failures that somebody must repair.
    pub permanent: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let transient = Backoff {
            start: Duration::from_secs(1),
            cap: Duration::from_mins(5),
        };
        Self {
            transient,
            permanent: Duration::from_mins(30),
        }
    }
}

/// The documents of all owners (`K` is what the queue calls them).
pub struct Documents<K> {
    fetcher: Fetcher,
    pace: Pace,
    permits: Arc<Semaphore>,
    slots: Arc<Slots<K>>,
    news: Arc<dyn Fn(K) + Send + Sync>,
    metrics: Metrics,
}

type Slots<K> = Mutex<HashMap<(K, Kind), Slot>>;

/// [`Purpose`] without its contents: the name of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    OpenApi,
    Oidc,
}

struct Slot {
    wanted: Wanted,
    outcome: Option<Outcome>,
    /// Dropping the slot ends its task.
    _task: AbortOnDropHandle<()>,
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Documents<K> {
    /// No documents yet. `news` is told the owner whenever an outcome is new.
    pub fn new(fetcher: Fetcher, pace: Pace, news: impl Fn(K) + Send + Sync + 'static) -> Self {
        Self {
            fetcher,
            pace,
            permits: Arc::new(Semaphore::new(CONCURRENT)),
            slots: Arc::default(),
            news: Arc::new(news),
            metrics: Metrics::default(),
        }
    }

    /// The same, counted here.
    #[must_use]
    pub fn counted(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// What is known of the wanted document: `None` while its first fetch is under way, which this starts if need be.
    /// Must be called within a tokio runtime.
    ///
    /// A caller that finds its document in the object's status already does not ask, so a restart fetches nothing twice.
    pub fn look(&self, owner: &K, wanted: &Wanted) -> Option<Outcome> {
        let name = (owner.clone(), wanted.purpose.kind());
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get(&name).filter(|slot| slot.wanted == *wanted) {
            return slot.outcome.clone();
        }
        let task = Task {
            fetcher: self.fetcher.clone(),
            pace: self.pace,
            permits: self.permits.clone(),
            slots: Arc::downgrade(&self.slots),
            news: self.news.clone(),
            metrics: self.metrics.clone(),
            name: name.clone(),
            wanted: wanted.clone(),
        };
        let task = AbortOnDropHandle::new(tokio::spawn(task.run()));
        slots.insert(
            name,
            Slot {
                wanted: wanted.clone(),
                outcome: None,
                _task: task,
            },
        );
        None
    }

    /// Forgets the owner's OpenAPI document, because none is wanted or because the status holds it now.
    pub fn forget_openapi(&self, owner: &K) {
        self.slots.lock().remove(&(owner.clone(), Kind::OpenApi));
    }

    /// Forgets the owner's discovery document.
    pub fn forget_oidc(&self, owner: &K) {
        self.slots.lock().remove(&(owner.clone(), Kind::Oidc));
    }
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::OpenApi => "openapi",
            Self::Oidc => "oidc",
        }
    }
}

impl Purpose {
    fn kind(&self) -> Kind {
        match self {
            Self::OpenApi => Kind::OpenApi,
            Self::Oidc { .. } => Kind::Oidc,
        }
    }

    fn check(&self, document: &str) -> Result<(), FetchError> {
        match self {
            Self::OpenApi => Ok(()),
            Self::Oidc { issuer } => oidc::token_endpoint(issuer, document)
                .map(drop)
                .map_err(FetchError::Unusable),
        }
    }
}

/// Fetches one document until it has it.
struct Task<K> {
    fetcher: Fetcher,
    pace: Pace,
    permits: Arc<Semaphore>,
    /// Weak: the task lives in its slot, and must not keep the slots alive.
    slots: Weak<Slots<K>>,
    news: Arc<dyn Fn(K) + Send + Sync>,
    metrics: Metrics,
    name: (K, Kind),
    wanted: Wanted,
}

impl<K: Clone + Eq + Hash> Task<K> {
    async fn run(self) {
        let mut failures = 0;
        loop {
            let result = self.fetch().await;
            let outcome = match &result {
                Ok(_) => "fetched",
                Err(error) if error.is_transient() => "failed_for_now",
                Err(_) => "failed",
            };
            self.metrics.fetched(self.name.1.as_str(), outcome);
            let wait = result.as_ref().err().map(|error| {
                failures += 1;
                let Pace { transient, permanent } = self.pace;
                if error.is_transient() {
                    transient.delay(failures, rand::random())
                } else {
                    permanent
                }
            });
            self.publish(result);
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return,
            }
        }
    }

    async fn fetch(&self) -> Result<String, FetchError> {
        // The semaphore is never closed; without a permit the bound would merely be missed.
        let _permit = self.permits.acquire().await;
        let Wanted {
            purpose,
            url,
            limit,
            generation: _,
        } = &self.wanted;
        let document = self.fetcher.fetch(url, *limit).await?;
        purpose.check(&document)?;
        Ok(document)
    }

    fn publish(&self, result: Result<String, FetchError>) {
        let Some(slots) = self.slots.upgrade() else { return };
        let mut slots = slots.lock();
        let Some(slot) = slots
            .get_mut(&self.name)
            .filter(|slot| slot.wanted == self.wanted)
        else {
            return;
        };
        let result = result.map(Arc::from).map_err(Arc::new);
        // Failing as before is no news: at rest nothing is written.
        let same = slot
            .outcome
            .as_ref()
            .is_some_and(|before| match (&before.result, &result) {
                (Err(before), Err(now)) => {
                    keydesk_process::chain(before).to_string() == keydesk_process::chain(now).to_string()
                }
                (Ok(_) | Err(_), _) => false,
            });
        if !same {
            slot.outcome = Some(Outcome {
                at: Timestamp::now(),
                result,
            });
            drop(slots);
            (self.news)(self.name.0.clone());
        }
    }
}

impl<K> std::fmt::Debug for Documents<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Documents")
            .field("slots", &self.slots.lock().len())
            .finish_non_exhaustive()
    }
}
