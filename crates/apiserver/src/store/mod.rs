//! Objects, durable: everything in memory for reading, one file for surviving.
//!
//! Writers send commands to one thread, which decides each against committed state, commits all that wait in one
//! transaction, publishes, and only then answers. So readers and watchers never see what could still be lost.
//! Without a file there is nothing to wait for: each writer then does it on the spot.
//! The store knows objects as JSON with metadata; it knows no kind and no HTTP.

mod collection;
mod command;
mod disk;
mod error;
mod object;
#[cfg(test)]
mod tests;
mod view;
mod writer;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use parking_lot::{Mutex, RwLock};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use self::collection::Collection;
pub(crate) use self::collection::{Compacted, Event, Page};
pub(crate) use self::command::{Change, Expect, Key, Rejected, Write};
use self::disk::Disk;
pub use self::error::StoreError;
pub(crate) use self::object::{Object, ObjectName, Owner};
pub(crate) use self::view::View;
use self::writer::{Job, Writer};

/// All objects of one server. Dropping it ends its writer thread and lets go of the file.
pub struct Store {
    state: Arc<RwLock<State>>,
    revision: watch::Receiver<u64>,
    broken: CancellationToken,
    writing: Writing,
}

/// Where the one writer works.
enum Writing {
    /// In the threads of those who ask, one after the other.
    Here(Mutex<Writer>),
    /// In a thread of its own; both are taken when the store is dropped.
    Apart {
        jobs: Option<mpsc::Sender<Job>>,
        thread: Option<JoinHandle<()>>,
    },
}

/// An event, and in which collection.
pub(crate) type Changed = (Arc<str>, Event);

/// What readers see: committed state only.
#[derive(Default)]
struct State {
    revision: u64,
    /// Nothing is known of what was before: the revision that this process started from.
    floor: u64,
    collections: HashMap<Arc<str>, Collection>,
}

impl Store {
    /// A store that forgets everything when dropped.
    ///
    /// # Errors
    /// If the writer thread cannot be started.
    pub fn memory() -> Result<Self, StoreError> {
        Self::start(
            None,
            State {
                revision: 1,
                floor: 1,
                ..State::default()
            },
        )
    }

    /// The store in this directory, which is made (for its owner only) if it is not there.
    ///
    /// # Errors
    /// If another process has it open, if the file is not one of ours or is damaged, or if the disk refuses.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::of(Disk::open(directory.as_ref())?)
    }

    /// The store in this directory, which has to be there: for whoever knows that it was.
    ///
    /// # Errors
    /// As [`Self::open`], and if there is none.
    pub fn open_existing(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::of(Disk::open_existing(directory.as_ref())?)
    }

    fn of(disk: Disk) -> Result<Self, StoreError> {
        let revision = disk.revision()?.max(1);
        let mut state = State {
            revision,
            floor: revision,
            ..State::default()
        };
        disk.load(|key, object| state.collection(key.collection).insert(Arc::new(object)))?;
        Self::start(Some(disk), state)
    }

    fn start(disk: Option<Disk>, state: State) -> Result<Self, StoreError> {
        let (announce, revision) = watch::channel(state.revision);
        let state = Arc::new(RwLock::new(state));
        let broken = CancellationToken::new();
        let in_memory = disk.is_none();
        let writer = Writer::new(Arc::clone(&state), disk, announce, broken.clone());
        let writing = if in_memory {
            Writing::Here(Mutex::new(writer))
        } else {
            let (jobs, queue) = mpsc::channel();
            let thread = std::thread::Builder::new()
                .name("store-writer".into())
                .spawn(move || writer.run(&queue))
                .map_err(StoreError::StartWriter)?;
            Writing::Apart {
                jobs: Some(jobs),
                thread: Some(thread),
            }
        };
        Ok(Self {
            state,
            revision,
            broken,
            writing,
        })
    }

    /// Makes one change, atomically and durably, or says why not.
    pub(crate) async fn write(&self, write: Write) -> Result<Arc<Object>, Rejected> {
        let (answer, answered) = oneshot::channel();
        let job = Job { write, answer };
        match &self.writing {
            Writing::Here(writer) => writer.lock().work(std::iter::once(job)),
            Writing::Apart { jobs, .. } => {
                let jobs = jobs.as_ref().ok_or(Rejected::Failed)?;
                jobs.send(job).map_err(|_| Rejected::Failed)?;
            }
        }
        answered.await.unwrap_or(Err(Rejected::Failed))
    }

    /// Cancelled once a commit has failed: from then on every write is refused.
    pub(crate) fn broken(&self) -> &CancellationToken {
        &self.broken
    }

    /// The newest committed revision.
    pub(crate) fn revision(&self) -> u64 {
        self.state.read().revision
    }

    /// Tells of every commit by its revision.
    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.clone()
    }

    /// One object.
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Object>> {
        self.state.read().get(key).cloned()
    }

    /// Every object of a collection, in order.
    pub(crate) fn all(&self, collection: &str) -> Vec<Arc<Object>> {
        self.state
            .read()
            .collections
            .get(collection)
            .map(Collection::all)
            .unwrap_or_default()
    }

    /// Names of the collections that hold, or held, anything.
    pub(crate) fn collections(&self) -> Vec<Arc<str>> {
        self.state.read().collections.keys().cloned().collect()
    }

    /// Objects in `namespace` (`None`: everywhere) behind `after`, as they were at revision `at` (`None`: now),
    /// at most `limit`.
    pub(crate) fn page(
        &self,
        collection: &str,
        namespace: Option<&str>,
        after: Option<&ObjectName>,
        at: Option<u64>,
        limit: Option<usize>,
    ) -> Result<Page, Compacted> {
        let state = self.state.read();
        let revision = at.unwrap_or(state.revision);
        match state.collections.get(collection) {
            Some(collection) => collection.page(namespace, after, revision, limit),
            None => state.check_floor(revision).map(|()| Page::empty(revision)),
        }
    }

    /// What happened to a collection after revision `cursor`, and the revision that this is complete up to.
    pub(crate) fn events_since(
        &self,
        collection: &str,
        cursor: u64,
        limit: usize,
    ) -> Result<(Vec<Event>, u64), Compacted> {
        let state = self.state.read();
        let Some(collection) = state.collections.get(collection) else {
            state.check_floor(cursor)?;
            return Ok((Vec::new(), state.revision.max(cursor)));
        };
        let events = collection.events_since(cursor, limit)?;
        let complete = match events.last() {
            Some(last) if events.len() == limit => last.revision,
            _ => state.revision.max(cursor),
        };
        Ok((events, complete))
    }

    /// What happened anywhere after revision `cursor`, in order, and the revision that this is complete up to.
    pub(crate) fn changes_since(&self, cursor: u64) -> Result<(Vec<Changed>, u64), Compacted> {
        let state = self.state.read();
        let mut changes = Vec::new();
        for (name, collection) in &state.collections {
            if collection.last_change() > cursor {
                let events = collection.events_since(cursor, usize::MAX)?;
                changes.extend(events.into_iter().map(|event| (Arc::clone(name), event)));
            }
        }
        changes.sort_by_key(|(_, event)| event.revision);
        Ok((changes, state.revision))
    }

    /// The revision of the last change in any of these collections.
    pub(crate) fn last_change(&self, collections: &[Arc<str>]) -> u64 {
        let state = self.state.read();
        let last = |name: &Arc<str>| state.collections.get(name).map_or(0, Collection::last_change);
        collections.iter().map(last).max().unwrap_or(0)
    }

    /// Forgets how things were before `revision`.
    pub(crate) fn compact(&self, revision: u64) {
        for collection in self.state.write().collections.values_mut() {
            collection.compact(revision);
        }
    }
}

impl State {
    fn get(&self, key: &Key) -> Option<&Arc<Object>> {
        self.collections.get(&key.collection)?.get(&key.at)
    }

    /// The collection of that name, made if there was none.
    fn collection(&mut self, name: Arc<str>) -> &mut Collection {
        let floor = self.floor;
        self.collections
            .entry(name)
            .or_insert_with(|| Collection::since(floor))
    }

    fn check_floor(&self, revision: u64) -> Result<(), Compacted> {
        if revision < self.floor {
            Err(Compacted { oldest: self.floor })
        } else {
            Ok(())
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Writing::Apart { jobs, thread } = &mut self.writing {
            drop(jobs.take());
            if let Some(thread) = thread.take() {
                // A writer that panicked has been reported by the panic itself; there is nothing left to close.
                let _ = thread.join();
            }
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}
