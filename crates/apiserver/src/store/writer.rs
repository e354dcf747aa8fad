//! The one that changes anything.

use std::collections::HashMap;
use std::sync::{Arc, mpsc};

use parking_lot::RwLock;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::State;
use super::collection::Event;
use super::command::{Change, Expect, Key, Rejected, Write};
use super::disk::Disk;
use super::object::Object;

/// How many changes share one commit at most.
const MAX_BATCH: usize = 512;

pub(super) struct Job {
    pub(super) write: Write,
    pub(super) answer: oneshot::Sender<Result<Arc<Object>, Rejected>>,
}

pub(super) struct Writer {
    state: Arc<RwLock<State>>,
    disk: Option<Disk>,
    announce: watch::Sender<u64>,
    /// Said once a commit has failed. The file takes no more after that, and what it holds is known only to the next
    /// process that opens it.
    broken: CancellationToken,
}

/// Changes decided upon and not yet committed.
struct Batch {
    revision: u64,
    events: Vec<(Key, Event)>,
    /// What the batch has made of each object it touched.
    latest: HashMap<Key, Option<Arc<Object>>>,
}

impl Writer {
    pub(super) fn new(
        state: Arc<RwLock<State>>,
        disk: Option<Disk>,
        announce: watch::Sender<u64>,
        broken: CancellationToken,
    ) -> Self {
        Self {
            state,
            disk,
            announce,
            broken,
        }
    }

    /// Works until nobody can send any more.
    pub(super) fn run(self, queue: &mpsc::Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let waiting = std::iter::from_fn(|| queue.try_recv().ok());
            self.work(std::iter::once(first).chain(waiting.take(MAX_BATCH - 1)));
        }
    }

    /// Decides and commits these.
    pub(super) fn work(&self, jobs: impl Iterator<Item = Job>) {
        let mut batch = Batch {
            revision: self.state.read().revision,
            events: Vec::new(),
            latest: HashMap::new(),
        };
        let mut answers = Vec::new();
        for Job { write, answer } in jobs {
            answers.push((answer, batch.decide(&self.state.read(), write)));
        }
        let committed = batch.events.is_empty() || (!self.broken.is_cancelled() && self.commit(batch));
        for (answer, decided) in answers {
            let decided = if committed { decided } else { Err(Rejected::Failed) };
            // Whoever asked may have gone away; what was done stays done.
            let _ = answer.send(decided);
        }
    }

    fn commit(&self, batch: Batch) -> bool {
        if let Some(disk) = &self.disk {
            let changes = batch.events.iter().map(|(key, event)| (key, event));
            if let Err(error) = disk.commit(changes, batch.revision) {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(source, "{error}");
                self.broken.cancel();
                return false;
            }
        }
        let mut state = self.state.write();
        for (key, event) in batch.events {
            state.collection(key.collection).apply(event);
        }
        state.revision = batch.revision;
        drop(state);
        self.announce.send_replace(batch.revision);
        true
    }
}

impl Batch {
    fn decide(&mut self, state: &State, write: Write) -> Result<Arc<Object>, Rejected> {
        let Write {
            key,
            expect,
            within,
            change,
        } = write;
        for container in within {
            match self.current(state, &container) {
                None => return Err(Rejected::WithinMissing(container)),
                Some(object) if object.deleting => return Err(Rejected::WithinDeleting(container)),
                Some(_) => {}
            }
        }
        let previous = self.current(state, &key);
        let as_expected = match (expect, &previous) {
            (Expect::Absent, None) => true,
            (Expect::Revision(revision), Some(object)) => object.revision == revision,
            (Expect::Absent, Some(_)) | (Expect::Revision(_), None) => false,
        };
        if !as_expected {
            return Err(Rejected::Differs(previous));
        }
        let revision = self.revision + 1;
        let (object, deleted) = match (change, &previous) {
            (Change::Put(value), _) => (Object::at_revision(value, revision), false),
            (Change::Delete, Some(previous)) => (previous.moved_to(revision), true),
            (Change::Delete, None) => return Err(Rejected::Differs(None)),
        };
        let object = object.map_err(|error| {
            tracing::error!(collection = %key.collection, name = key.at.name, "refused to keep an object without metadata: {error}");
            Rejected::Failed
        })?;
        self.revision = revision;
        self.latest
            .insert(key.clone(), (!deleted).then(|| Arc::clone(&object)));
        self.events.push((
            key,
            Event {
                revision,
                previous,
                object: Arc::clone(&object),
                deleted,
            },
        ));
        Ok(object)
    }

    fn current(&self, state: &State, key: &Key) -> Option<Arc<Object>> {
        match self.latest.get(key) {
            Some(latest) => latest.clone(),
            None => state.get(key).cloned(),
        }
    }
}
