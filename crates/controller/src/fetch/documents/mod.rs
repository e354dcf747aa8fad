//! Documents that reconciling wants, fetched in the background.
//!
//! A reconcile asks with [`Documents::look`] for a document that it does not have, and with [`Documents::keep`] about one
//! that it has, and goes on with what is there. The first question starts a task that fetches when it is time, tries again
//! after a failure, refreshes after a success, and tells the queue whenever the answer would now be another one.

mod object_size;
mod pace;
mod progress;
mod task;
mod turns;

use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use self::pace::Pace;
use self::progress::Progress;
pub(crate) use self::progress::{Kept, Outcome};
use self::task::Task;
use self::turns::Turns;
use super::{client::Fetcher, error::FetchError, oidc};
use crate::telemetry::DomainMetrics;

/// What a document is for. An owner has at most one document of each purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
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
pub(crate) struct Wanted {
    /// What it is for.
    pub(crate) purpose: Purpose,
    /// Where it is.
    pub(crate) url: String,
    /// How many bytes it may have.
    pub(crate) limit: u64,
    /// The generation that wants it, where each generation wants a fetch of its own; otherwise 0.
    pub(crate) generation: i64,
}

/// What the status says of a document that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Since when.
    pub(crate) since: Timestamp,
    /// Whether the last attempt to refresh it failed.
    pub(crate) is_stale: bool,
}

/// The documents of all owners (`K` is what the queue calls them).
pub(crate) struct Documents<K> {
    fetcher: Fetcher,
    pace: Pace,
    turns: Arc<Turns>,
    group: fn(&K) -> &str,
    slots: Arc<Slots<K>>,
    news: Arc<dyn Fn(K) + Send + Sync>,
    metrics: DomainMetrics,
}

type Slots<K> = Mutex<HashMap<(K, Kind), Slot>>;

/// [`Purpose`] without its contents: the name of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    OpenApi,
    Oidc,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::OpenApi => "openapi",
            Self::Oidc => "oidc",
        }
    }
}

struct Slot {
    wanted: Arc<Wanted>,
    progress: Progress,
    /// Dropping the slot ends its task.
    _task: AbortOnDropHandle<()>,
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Documents<K> {
    /// No documents yet. Owners of one `group` share the servers that they name, and wait for each other's. `news` is told
    /// the owner whenever an outcome is new.
    pub(crate) fn new(
        fetcher: Fetcher,
        pace: Pace,
        group: fn(&K) -> &str,
        news: impl Fn(K) + Send + Sync + 'static,
    ) -> Self {
        Self {
            fetcher,
            pace,
            turns: Arc::default(),
            group,
            slots: Arc::default(),
            news: Arc::new(news),
            metrics: DomainMetrics::default(),
        }
    }

    /// The same, counted here.
    pub(crate) fn counted(self, metrics: DomainMetrics) -> Self {
        Self { metrics, ..self }
    }

    /// What is known of a document that the owner does not have: `None` while its first fetch is under way, which this
    /// starts if need be. Must be called within a tokio runtime.
    pub(crate) fn look(&self, owner: &K, wanted: &Wanted) -> Option<Outcome> {
        let name = (owner.clone(), wanted.purpose.kind());
        let mut slots = self.slots.lock();
        // One that the status held, and lost, is fetched anew.
        if let Some(slot) = slots
            .get(&name)
            .filter(|slot| *slot.wanted == *wanted && !slot.progress.is_held())
        {
            return slot.progress.outcome();
        }
        let slot = self.start(&name, wanted, Progress::PENDING, Duration::ZERO);
        slots.insert(name, slot);
        None
    }

    /// What is known of a document that the owner has; `holds` says whether it is this one, from this time. The first
    /// question starts its refreshing, if it is to be refreshed at all; so a restart fetches nothing twice. Must be called
    /// within a tokio runtime.
    pub(crate) fn keep(
        &self,
        owner: &K,
        wanted: &Wanted,
        holding: Holding,
        holds: impl FnOnce(&str, Timestamp) -> bool,
    ) -> Kept {
        let name = (owner.clone(), wanted.purpose.kind());
        let Holding { since, is_stale } = holding;
        let mut slots = self.slots.lock();
        let Some(wait) = self
            .pace
            .after_start(since, is_stale, Timestamp::now(), fastrand::f64())
        else {
            slots.remove(&name);
            return Kept::Unknown;
        };
        if let Some(slot) = slots.get_mut(&name).filter(|slot| *slot.wanted == *wanted) {
            return slot.progress.keep(holds);
        }
        let slot = self.start(&name, wanted, Progress::held(since), wait);
        slots.insert(name, slot);
        Kept::Unknown
    }

    /// Whether this document is known to be the one that the owner has.
    pub(crate) fn holds(&self, owner: &K, wanted: &Wanted) -> bool {
        let slots = self.slots.lock();
        let slot = slots.get(&(owner.clone(), wanted.purpose.kind()));
        slot.is_some_and(|slot| *slot.wanted == *wanted && slot.progress.is_held())
    }

    fn start(&self, name: &(K, Kind), wanted: &Wanted, progress: Progress, wait: Duration) -> Slot {
        let wanted = Arc::new(wanted.clone());
        let task = Task {
            fetcher: self.fetcher.clone(),
            pace: self.pace,
            turns: self.turns.clone(),
            group: self.group,
            slots: Arc::downgrade(&self.slots),
            news: self.news.clone(),
            metrics: self.metrics.clone(),
            name: name.clone(),
            wanted: wanted.clone(),
        };
        Slot {
            wanted,
            progress,
            _task: AbortOnDropHandle::new(tokio::spawn(task.run(wait))),
        }
    }

    /// The owner's OpenAPI document turned out to be the one that the owner has.
    pub(crate) fn hold_openapi(&self, owner: &K) {
        if let Some(slot) = self.slots.lock().get_mut(&(owner.clone(), Kind::OpenApi)) {
            slot.progress.hold();
        }
    }

    /// The owner's OpenAPI document turned out to be more than the owner's object can hold.
    pub(crate) fn refuse_openapi(&self, owner: &K) {
        if let Some(slot) = self.slots.lock().get_mut(&(owner.clone(), Kind::OpenApi)) {
            slot.progress
                .refuse(FetchError::TooLargeForObject, Timestamp::now());
        }
    }

    /// Forgets the owner's OpenAPI document, because none is wanted.
    pub(crate) fn forget_openapi(&self, owner: &K) {
        self.slots.lock().remove(&(owner.clone(), Kind::OpenApi));
    }

    /// Forgets the owner's discovery document.
    pub(crate) fn forget_oidc(&self, owner: &K) {
        self.slots.lock().remove(&(owner.clone(), Kind::Oidc));
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
            Self::OpenApi if object_size::fits(document) => Ok(()),
            Self::OpenApi => Err(FetchError::TooLargeForObject),
            Self::Oidc { issuer } => oidc::token_endpoint(issuer, document)
                .map(drop)
                .map_err(FetchError::Unusable),
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
