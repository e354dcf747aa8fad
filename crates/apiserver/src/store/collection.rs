//! The objects of one kind, and what recently happened to them.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use super::object::{Object, ObjectName};

/// How many events are remembered at most.
const MAX_EVENTS: usize = 10_000;
/// How many bytes of objects those may hold.
const MAX_BYTES: usize = 32 << 20;

pub(super) struct Collection {
    objects: BTreeMap<ObjectName, Arc<Object>>,
    log: VecDeque<Event>,
    log_bytes: usize,
    /// Everything after this revision is in `log`.
    compacted: u64,
    last_change: u64,
}

/// One change that was committed.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) revision: u64,
    /// `None`: it was created.
    pub(crate) previous: Option<Arc<Object>>,
    /// As it is now; of a deleted object, its last state with the revision of its deletion.
    pub(crate) object: Arc<Object>,
    pub(crate) deleted: bool,
}

/// The history that was asked for is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compacted {
    /// The oldest revision that can still be asked for.
    pub(crate) oldest: u64,
}

/// Part of a collection at one revision.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) revision: u64,
    pub(crate) objects: Vec<Arc<Object>>,
    /// How many more are behind the last.
    pub(crate) remaining: usize,
}

impl Page {
    pub(super) fn empty(revision: u64) -> Self {
        Self {
            revision,
            objects: Vec::new(),
            remaining: 0,
        }
    }
}

impl Collection {
    /// An empty collection whose history begins at `revision`.
    pub(super) fn since(revision: u64) -> Self {
        Self {
            objects: BTreeMap::new(),
            log: VecDeque::new(),
            log_bytes: 0,
            compacted: revision,
            last_change: revision,
        }
    }

    pub(super) fn get(&self, at: &ObjectName) -> Option<&Arc<Object>> {
        self.objects.get(at)
    }

    pub(super) fn all(&self) -> Vec<Arc<Object>> {
        self.objects.values().cloned().collect()
    }

    pub(super) fn last_change(&self) -> u64 {
        self.last_change
    }

    /// Puts an object there without history: for loading.
    pub(super) fn insert(&mut self, object: Arc<Object>) {
        self.objects.insert(object.at.clone(), object);
    }

    pub(super) fn apply(&mut self, event: Event) {
        if event.deleted {
            self.objects.remove(&event.object.at);
        } else {
            self.objects
                .insert(event.object.at.clone(), Arc::clone(&event.object));
        }
        self.last_change = event.revision;
        self.log_bytes += event.object.json.len();
        self.log.push_back(event);
        while self.log.len() > MAX_EVENTS || self.log_bytes > MAX_BYTES {
            self.forget_oldest();
        }
    }

    /// Forgets events up to and including `revision`.
    pub(super) fn compact(&mut self, revision: u64) {
        while self.log.front().is_some_and(|event| event.revision <= revision) {
            self.forget_oldest();
        }
        if self.log.is_empty() {
            self.log.shrink_to_fit();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(event) = self.log.pop_front() {
            self.log_bytes -= event.object.json.len();
            self.compacted = event.revision;
        }
    }

    fn history_since(&self, revision: u64) -> Result<usize, Compacted> {
        if revision < self.compacted {
            return Err(Compacted {
                oldest: self.compacted,
            });
        }
        Ok(self.log.partition_point(|event| event.revision <= revision))
    }

    pub(super) fn events_since(&self, revision: u64, limit: usize) -> Result<Vec<Event>, Compacted> {
        let first = self.history_since(revision)?;
        Ok(self.log.range(first..).take(limit).cloned().collect())
    }

    /// Objects as they were at `revision`: the present ones with every later event undone.
    pub(super) fn page(
        &self,
        namespace: Option<&str>,
        after: Option<&ObjectName>,
        revision: u64,
        limit: Option<usize>,
    ) -> Result<Page, Compacted> {
        let first = self.history_since(revision)?;
        let mut undone: BTreeMap<&ObjectName, Option<&Arc<Object>>> = BTreeMap::new();
        for event in self.log.range(first..).rev() {
            undone.insert(&event.object.at, event.previous.as_ref());
        }
        let start = match (after, namespace) {
            (Some(after), _) => Bound::Excluded(after.clone()),
            (None, Some(namespace)) => Bound::Included(ObjectName {
                namespace: namespace.to_owned(),
                name: String::new(),
            }),
            (None, None) => Bound::Unbounded,
        };
        let present = self.objects.range((start.clone(), Bound::Unbounded));
        let untouched = present.filter(|(at, _)| !undone.contains_key(at)).peekable();
        let restored = undone
            .range::<ObjectName, _>((start.as_ref(), Bound::Unbounded))
            .filter_map(|(at, object)| object.map(|object| (*at, object)))
            .peekable();
        let mut merged = merge(untouched, restored)
            .take_while(|object| namespace.is_none_or(|namespace| object.at.namespace == namespace));
        let objects = merged
            .by_ref()
            .take(limit.unwrap_or(usize::MAX))
            .cloned()
            .collect();
        Ok(Page {
            revision,
            objects,
            remaining: merged.count(),
        })
    }
}

type Entry<'a> = (&'a ObjectName, &'a Arc<Object>);

/// Two ordered sequences as one.
fn merge<'a>(
    mut left: std::iter::Peekable<impl Iterator<Item = Entry<'a>>>,
    mut right: std::iter::Peekable<impl Iterator<Item = Entry<'a>>>,
) -> impl Iterator<Item = &'a Arc<Object>> {
    std::iter::from_fn(move || {
        let from_left = match (left.peek(), right.peek()) {
            (Some((left, _)), Some((right, _))) => left < right,
            (left, _) => left.is_some(),
        };
        let next = if from_left { left.next() } else { right.next() };
        next.map(|(_, object)| object)
    })
}
