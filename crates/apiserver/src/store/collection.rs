//! The objects of one kind, and what recently happened to them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use super::object::{Object, ObjectName};

/// How many events are remembered at most.
const MAX_EVENTS: usize = 10_000;
/// How many bytes of objects those may hold.
const MAX_BYTES: usize = 32 << 20;

pub(super) struct Collection {
    objects: BTreeMap<ObjectName, Arc<Object>>,
    /// How many of them are in each namespace.
    sizes: HashMap<String, usize>,
    log: VecDeque<Event>,
    /// The revisions of the events in `log`, by whose they are.
    touched: BTreeMap<ObjectName, VecDeque<u64>>,
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
    /// Whether there are more behind the last.
    pub(crate) more: bool,
    /// How many there are on all pages, where this is the first one and of the present.
    pub(crate) total: Option<usize>,
}

impl Page {
    pub(super) fn empty(revision: u64) -> Self {
        Self {
            revision,
            objects: Vec::new(),
            more: false,
            total: None,
        }
    }
}

impl Collection {
    /// An empty collection whose history begins at `revision`.
    pub(super) fn since(revision: u64) -> Self {
        Self {
            objects: BTreeMap::new(),
            sizes: HashMap::new(),
            log: VecDeque::new(),
            touched: BTreeMap::new(),
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

    /// Puts an object there without history.
    pub(super) fn insert(&mut self, object: Arc<Object>) {
        let at = object.at.clone();
        if self.objects.insert(at.clone(), object).is_none() {
            *self.sizes.entry(at.namespace).or_default() += 1;
        }
    }

    fn remove(&mut self, at: &ObjectName) {
        if self.objects.remove(at).is_none() {
            return;
        }
        if let Some(size) = self.sizes.get_mut(&at.namespace) {
            *size -= 1;
            if *size == 0 {
                self.sizes.remove(&at.namespace);
            }
        }
    }

    pub(super) fn apply(&mut self, event: Event) {
        if event.deleted {
            self.remove(&event.object.at);
        } else {
            self.insert(Arc::clone(&event.object));
        }
        self.last_change = event.revision;
        let changes = self.touched.entry(event.object.at.clone()).or_default();
        changes.push_back(event.revision);
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
            if let Some(changes) = self.touched.get_mut(&event.object.at) {
                changes.pop_front();
                if changes.is_empty() {
                    self.touched.remove(&event.object.at);
                }
            }
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

    /// At most `limit` objects behind `after`, as they were at `revision`.
    pub(super) fn page(
        &self,
        namespace: Option<&str>,
        after: Option<&ObjectName>,
        revision: u64,
        limit: Option<usize>,
    ) -> Result<Page, Compacted> {
        let walk = self.walk(namespace, after, revision)?;
        let (objects, more) = taken(walk, limit.unwrap_or(usize::MAX));
        let is_present = revision >= self.last_change;
        Ok(Page {
            revision,
            objects,
            more,
            total: (after.is_none() && is_present).then(|| self.count(namespace)),
        })
    }

    /// The names behind `after`, each with the object that had it at `revision`, if one had. Each costs no more than the
    /// logarithm of how many there are, and only what is taken is looked at: a page costs what is on it, and what came or
    /// went there meanwhile.
    pub(super) fn walk<'a>(
        &'a self,
        namespace: Option<&'a str>,
        after: Option<&ObjectName>,
        revision: u64,
    ) -> Result<impl Iterator<Item = Option<&'a Arc<Object>>>, Compacted> {
        self.history_since(revision)?;
        let start = match (after, namespace) {
            (Some(after), _) => Bound::Excluded(after.clone()),
            (None, Some(namespace)) => Bound::Included(ObjectName {
                namespace: namespace.to_owned(),
                name: String::new(),
            }),
            (None, None) => Bound::Unbounded,
        };
        let behind = (start, Bound::Unbounded);
        // At the present nothing has to be undone.
        let touched = (revision < self.last_change).then(|| self.touched.range(behind.clone()));
        let mut touched = touched.into_iter().flatten().peekable();
        let mut present = self.objects.range(behind).peekable();
        let names = std::iter::from_fn(move || {
            let order = match (present.peek(), touched.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((present, _)), Some((touched, _))) => present.cmp(touched),
            };
            let now = if order.is_le() { present.next() } else { None };
            let changes = if order.is_ge() { touched.next() } else { None };
            let at = now.map(|(at, _)| at).or(changes.map(|(at, _)| at))?;
            let undone = changes.and_then(|(_, changes)| self.first_after(changes, revision));
            let object = match undone {
                Some(event) => event.previous.as_ref(),
                None => now.map(|(_, object)| object),
            };
            Some((at, object))
        });
        Ok(names
            .take_while(move |(at, _)| namespace.is_none_or(|namespace| at.namespace == namespace))
            .map(|(_, object)| object))
    }

    /// The first of an object's changes after `revision`.
    fn first_after(&self, changes: &VecDeque<u64>, revision: u64) -> Option<&Event> {
        let first = changes.get(changes.partition_point(|change| *change <= revision))?;
        let at = self
            .log
            .binary_search_by_key(first, |event| event.revision)
            .ok()?;
        self.log.get(at)
    }

    /// How many objects there are now.
    fn count(&self, namespace: Option<&str>) -> usize {
        match namespace {
            Some(namespace) => self.sizes.get(namespace).copied().unwrap_or_default(),
            None => self.objects.len(),
        }
    }
}

/// The first `limit` objects of a walk, and whether there is another one.
pub(super) fn taken<'a>(
    walk: impl Iterator<Item = Option<&'a Arc<Object>>>,
    limit: usize,
) -> (Vec<Arc<Object>>, bool) {
    let mut objects = Vec::new();
    for object in walk.flatten() {
        if objects.len() == limit {
            return (objects, true);
        }
        objects.push(Arc::clone(object));
    }
    (objects, false)
}
