//! The watch of one kind.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::{Stream, StreamExt as _};
use keydesk_catalog::{Affected, Catalog, Listing, Ref};
use kube::{
    Api, Client, ResourceExt as _,
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event},
    },
};
use parking_lot::RwLock;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    events::events,
    interruption::Interruptions,
    odd,
    pulse::Pulse,
    ready::{Readiness, State},
    seen::Seen,
    watched::Watched,
};

/// How long to wait before looking again for a CRD that was not installed: at first, and at most.
const PROBE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Objects of a list that are told of together.
const BATCH: usize = 1024;

/// Where the events of a kind go.
pub(crate) struct Watch {
    pub(crate) catalog: Arc<RwLock<Catalog>>,
    pub(crate) affected: UnboundedSender<Affected>,
    pub(crate) readiness: Readiness,
    pub(crate) pulse: Pulse,
}

impl Watch {
    /// Follows a kind for ever.
    pub(crate) async fn follow<K: Watched>(self, client: Client) {
        let client = self.pulse.listen(K::KIND.as_str(), &client, K::OPTIONAL);
        let api: Api<Seen<K>> = Api::all(client);
        let mut pause = PROBE.0;
        loop {
            let events = events(api.clone(), watcher::Config::default()).default_backoff();
            if self.follow_until_gone::<K>(events).await {
                pause = PROBE.0;
            }
            if K::OPTIONAL {
                // There is no such kind, hence no object of it.
                self.tell(self.catalog.write().resync(K::KIND, Vec::new()));
                self.readiness.set(K::KIND, State::Absent);
            } else {
                // Without our kinds there is nothing to do; and a server that has them again in a moment must not find
                // that everything was taken for deleted.
                self.readiness.set(K::KIND, State::Missing);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PROBE.1);
        }
    }

    /// Follows a kind until the cluster says that it has none of that name; says whether it had.
    async fn follow_until_gone<K: Watched>(
        &self,
        events: impl Stream<Item = watcher::Result<Event<Seen<K>>>>,
    ) -> bool {
        let mut listing = Listing::of(K::KIND);
        let mut told = Batch::default();
        let mut interruptions = Interruptions::of(K::KIND.as_str());
        let mut events = pin!(events);
        let mut had = false;
        // The stream ends at the first answer that there is no such kind, and otherwise never.
        while let Some(event) = events.next().await {
            interruptions.note(&event);
            match event {
                Ok(Event::Init) => listing = Listing::of(K::KIND),
                Ok(Event::InitApply(object)) => {
                    if let Some(object) = odd::read(object) {
                        let affected = listing.apply(&mut self.catalog.write(), object);
                        self.tell(told.add(affected));
                    }
                }
                Ok(Event::InitDone) => {
                    tracing::debug!(kind = %K::KIND, objects = listing.len(), "listed {}", K::KIND);
                    let listed = std::mem::replace(&mut listing, Listing::of(K::KIND));
                    self.tell(told.take());
                    self.tell(listed.finish(&mut self.catalog.write()));
                    self.readiness.set(K::KIND, State::Listed);
                    had = true;
                }
                Ok(Event::Apply(object)) => {
                    let reference = reference(&object);
                    let affected = match odd::read(object) {
                        Some(object) => self.catalog.write().apply(object),
                        // Nothing may pass on account of what cannot be read.
                        None => self.catalog.write().delete(&reference),
                    };
                    self.tell(affected);
                }
                Ok(Event::Delete(object)) => {
                    self.tell(self.catalog.write().delete(&reference(&object)));
                }
                Err(error) if says_no_such_kind(&error) => break,
                Err(error) => self.readiness.set(K::KIND, State::Failing(error.to_string())),
            }
        }
        had
    }

    fn tell(&self, affected: Affected) {
        if !affected.is_empty() {
            // Nobody listens only while the process ends.
            let _ = self.affected.send(affected);
        }
    }
}

/// What many objects of a list affect, told together.
#[derive(Default)]
struct Batch {
    affected: Affected,
    objects: usize,
}

impl Batch {
    /// Adds to it. Gives all of it back when it is large, and otherwise nothing.
    fn add(&mut self, affected: Affected) -> Affected {
        self.affected.merge(affected);
        self.objects += 1;
        if self.objects < BATCH {
            Affected::default()
        } else {
            self.take()
        }
    }

    fn take(&mut self) -> Affected {
        self.objects = 0;
        std::mem::take(&mut self.affected)
    }
}

fn reference<K: Watched>(object: &Seen<K>) -> Ref {
    Ref {
        kind: K::KIND,
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
    }
}

/// Whether the cluster says that it has no kind of this name. Anything else that can go wrong may pass.
fn says_no_such_kind(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => status.code == 404,
        watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchStartFailed(_)
        | watcher::Error::WatchError(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => false,
    }
}
