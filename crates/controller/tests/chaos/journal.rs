//! What every request showed, and when: what an owner could have seen.

use std::sync::Arc;

use futures::StreamExt as _;
use jiff::Timestamp;
use keydesk_testkit::{Person, clock};
use kube::Api;
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::runtime::watcher::{self, Event, watcher};
use parking_lot::Mutex;
use serde_json::json;

use crate::places::{OWNERS, key_of};
use crate::terms::Terms;

/// From then on a request showed this, or was gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) key: usize,
    pub(crate) owner: usize,
    pub(crate) shows: Option<Terms>,
}

/// Kept by a task of the runtime, shared by cloning.
#[derive(Clone, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<Entry>>>);

impl Journal {
    /// Begins to write.
    pub(crate) fn keep(&self, admin: &Person) {
        let gvk = GroupVersionKind::gvk("devportal.kuadrant.io", "v1alpha1", "APIKeyRequest");
        let requests: Api<DynamicObject> = Api::all_with(
            admin.client(),
            &ApiResource::from_gvk_with_plural(&gvk, "apikeyrequests"),
        );
        let journal = self.clone();
        tokio::spawn(async move {
            let mut events = Box::pin(watcher(requests, watcher::Config::default()));
            while let Some(event) = events.next().await {
                match event.unwrap() {
                    Event::Init | Event::InitDone => {}
                    Event::InitApply(request) | Event::Apply(request) => journal.note(&request, true),
                    Event::Delete(request) => journal.note(&request, false),
                }
            }
        });
    }

    fn note(&self, request: &DynamicObject, exists: bool) {
        let request = json!(request);
        let owner = OWNERS
            .iter()
            .position(|owner| request["metadata"]["namespace"] == *owner);
        let key = request["metadata"]["name"].as_str().and_then(key_of);
        if let (Some(key), Some(owner)) = (key, owner) {
            let shows = exists.then(|| Terms::shown(&request)).flatten();
            self.0.lock().push(Entry {
                at: clock::now(),
                key,
                owner,
                shows,
            });
        }
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }

    /// All about one key.
    pub(crate) fn of(&self, key: usize) -> Vec<Entry> {
        let entries = self.0.lock();
        entries.iter().filter(|entry| entry.key == key).cloned().collect()
    }

    /// What the request of a key showed last before a moment.
    pub(crate) fn last_before(&self, key: usize, owner: usize, moment: Timestamp) -> Option<Terms> {
        let entries = self.0.lock();
        let mut earlier = entries
            .iter()
            .rev()
            .filter(|entry| entry.key == key && entry.owner == owner && entry.at < moment);
        earlier.find_map(|entry| entry.shows.clone())
    }

    /// What the request of a key showed first after a moment at which there was none.
    pub(crate) fn first_after(&self, key: usize, owner: usize, moment: Timestamp) -> Option<Terms> {
        let entries = self.0.lock();
        let mut later = entries
            .iter()
            .filter(|entry| entry.key == key && entry.owner == owner && entry.at > moment);
        later.find_map(|entry| entry.shows.clone())
    }

    /// What the request of a key showed at any moment from `from` to `to`, both included; `None` among it: nothing.
    pub(crate) fn between(
        &self,
        key: usize,
        owner: usize,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Option<Terms>> {
        let entries = self.0.lock();
        let own = entries
            .iter()
            .filter(|entry| entry.key == key && entry.owner == owner);
        let mut shown = vec![None];
        for entry in own {
            if entry.at > to {
                break;
            }
            if entry.at < from {
                shown.clear();
            }
            shown.push(entry.shows.clone());
        }
        shown
    }
}
