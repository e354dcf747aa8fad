//! watch: a cursor in the history of a collection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::list::is_selected;
use super::{Call, OURSELVES};
use crate::api::Api;
use crate::caller::User;
use crate::request::ListOptions;
use crate::resource::ResourceType;
use crate::status::Refusal;
use crate::store::{Event, Object};

const BOOKMARK_EVERY: Duration = Duration::from_mins(1);
/// How long a watch lasts if the client does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(45);
/// Events taken from the store at once.
const BATCH: usize = 256;

/// What a watcher is told.
#[derive(Debug)]
pub(crate) enum Change {
    Added(Arc<Object>),
    Modified(Arc<Object>),
    Deleted(Arc<Object>),
    /// Everything up to this revision was told.
    Bookmark(u64),
    /// The watch cannot go on.
    Error(Refusal),
}

/// One watch. It pulls: a slow client holds up nobody, and falls off the history if it is too slow.
pub(crate) struct Watch {
    api: Arc<Api>,
    user: User,
    resource: Arc<ResourceType>,
    namespace: Option<String>,
    options: ListOptions,
    cursor: u64,
    commits: tokio::sync::watch::Receiver<u64>,
    pending: VecDeque<Change>,
    bookmarks: Interval,
    deadline: Instant,
    ended: bool,
}

impl Watch {
    /// Starts behind `options.revision`, or with everything that is there now.
    pub(crate) fn new(
        api: Arc<Api>,
        user: User,
        resource: Arc<ResourceType>,
        namespace: Option<String>,
        mut options: ListOptions,
    ) -> Result<Self, Refusal> {
        let commits = api.store.revisions();
        let mut pending = VecDeque::new();
        // A watch has no pages.
        (options.limit, options.resume) = (None, None);
        let cursor = if let Some(revision) = options.revision {
            revision
        } else {
            let call = Call {
                api: &api,
                user: &user,
                resource: &resource,
                namespace: namespace.as_deref(),
                manager: OURSELVES,
            };
            let listed = super::list(&call, &options)?;
            pending.extend(listed.objects.into_iter().map(Change::Added));
            listed.revision
        };
        let mut bookmarks = tokio::time::interval_at(Instant::now() + BOOKMARK_EVERY, BOOKMARK_EVERY);
        bookmarks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let timeout = options.timeout_seconds.filter(|seconds| *seconds > 0);
        let timeout = timeout.map_or(DEFAULT_TIMEOUT, |seconds| {
            Duration::from_secs(seconds.min(86_400))
        });
        let deadline = Instant::now() + timeout;
        Ok(Self {
            api,
            user,
            resource,
            namespace,
            options,
            cursor,
            commits,
            pending,
            bookmarks,
            deadline,
            ended: false,
        })
    }

    /// The kind that is watched.
    pub(crate) fn resource(&self) -> &ResourceType {
        &self.resource
    }

    /// The time, as its server reads it.
    pub(crate) fn now(&self) -> Timestamp {
        self.api.now()
    }

    /// The next change; `None`: the watch is over.
    pub(crate) async fn next(&mut self) -> Option<Change> {
        loop {
            if let Some(change) = self.pending.pop_front() {
                return Some(change);
            }
            if self.ended {
                return None;
            }
            // There may be news without end: they must not outlive the watch.
            if self.api.stopping.is_cancelled() || Instant::now() >= self.deadline {
                self.ended = true;
                self.bookmark();
                continue;
            }
            self.commits.mark_unchanged();
            self.pull();
            if !self.pending.is_empty() || self.ended {
                continue;
            }
            tokio::select! {
                () = self.api.stopping.cancelled() => {}
                () = tokio::time::sleep_until(self.deadline) => {}
                _ = self.bookmarks.tick() => self.bookmark(),
                changed = self.commits.changed() => self.ended = changed.is_err(),
            }
        }
    }

    fn bookmark(&mut self) {
        if self.options.bookmarks {
            self.pending.push_back(Change::Bookmark(self.cursor));
        }
    }

    fn pull(&mut self) {
        match self
            .api
            .store
            .events_since(&self.resource.storage, self.cursor, BATCH)
        {
            Ok((events, complete)) => {
                let changes: Vec<Change> = events.into_iter().filter_map(|event| self.seen(event)).collect();
                self.pending.extend(changes);
                self.cursor = complete;
            }
            Err(compacted) => {
                let (asked, oldest) = (self.cursor, compacted.oldest);
                let message = format!("too old resource version: {asked} ({oldest})");
                self.pending.push_back(Change::Error(Refusal::expired(message)));
                self.ended = true;
            }
        }
        // A definition that is gone takes its watches along.
        let ResourceType {
            group,
            version,
            plural,
            ..
        } = &*self.resource;
        if self.resource.crd.is_some() && self.api.registry().find(group, version, plural).is_none() {
            self.ended = true;
        }
    }

    /// What an event is to this watcher: objects come and go by what its selectors select.
    fn seen(&self, event: Event) -> Option<Change> {
        let Event {
            revision,
            previous,
            object,
            deleted,
        } = event;
        let call = Call {
            api: &self.api,
            user: &self.user,
            resource: &self.resource,
            namespace: self.namespace.as_deref(),
            manager: OURSELVES,
        };
        let was = previous
            .as_deref()
            .is_some_and(|previous| is_selected(&call, &self.options, previous));
        let is = !deleted && is_selected(&call, &self.options, &object);
        match (was, is) {
            (false, false) => None,
            (false, true) => Some(Change::Added(object)),
            (true, true) => Some(Change::Modified(object)),
            (true, false) if deleted => Some(Change::Deleted(object)),
            // It was committed, so it can be read again.
            (true, false) => previous?.moved_to(revision).ok().map(Change::Deleted),
        }
    }
}
