//! What belongs to nobody any more goes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use super::Commits;
use super::act::Actor;
use super::definitions::without;
use super::graph::Graph;
use crate::api::Api;
use crate::registry::Registry;
use crate::resource::{Part, ResourceType};
use crate::status::Refusal;
use crate::store::{Key, Object, Owner};
use crate::verb::{DeleteOptions, FOREGROUND, ORPHAN, Propagation};

/// After a write that failed.
const RETRY: Duration = Duration::from_secs(5);
/// Objects looked at together, so that their writes share commits.
const AT_ONCE: usize = 64;

pub(super) async fn run(api: Arc<Api>) {
    let mut commits = Commits::of(&api);
    let mut collector = Collector::new(&api);
    while commits.next().await {
        collector.catch_up();
        while collector.work().await {
            tokio::select! {
                () = api.stopping.cancelled() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
            collector.catch_up();
        }
    }
}

struct Collector<'a> {
    actor: Actor<'a>,
    graph: Graph,
    /// Everything up to this revision is in the graph.
    cursor: u64,
    /// Uids of objects to look at.
    queue: BTreeSet<String>,
    /// Owners that were seen to go since the queue was last empty: known to be gone even if their kind went too.
    gone: BTreeSet<String>,
}

/// What an owner reference leads to.
enum Owned {
    /// An object that is there to stay, or that cannot be known to be gone.
    Solid,
    /// An object that waits for its dependents to go first.
    Waiting,
    /// Nothing.
    Absent,
}

impl<'a> Collector<'a> {
    fn new(api: &'a Api) -> Self {
        let mut collector = Self {
            actor: Actor::new(api, "generic-garbage-collector"),
            graph: Graph::default(),
            cursor: 0,
            queue: BTreeSet::new(),
            gone: BTreeSet::new(),
        };
        collector.rebuild();
        collector
    }

    fn rebuild(&mut self) {
        let store = &self.actor.api.store;
        self.cursor = store.revision();
        self.graph = Graph::default();
        for collection in store.collections() {
            for object in store.all(&collection) {
                self.queue.extend(self.graph.upsert(&collection, &object));
            }
        }
    }

    fn catch_up(&mut self) {
        match self.actor.api.store.changes_since(self.cursor) {
            Ok((changes, revision)) => {
                for (collection, event) in &changes {
                    if event.deleted && self.graph.owns(&event.object.uid) {
                        self.gone.insert(event.object.uid.clone());
                    }
                    self.queue.extend(self.graph.apply(collection, event));
                }
                self.cursor = revision;
            }
            Err(_) => self.rebuild(),
        }
    }

    /// Looks at everything in the queue; true: something failed and is still in it.
    async fn work(&mut self) -> bool {
        let registry = self.actor.api.registry();
        let mut failed = BTreeSet::new();
        while !self.queue.is_empty() {
            let batch: Vec<String> = std::iter::from_fn(|| self.queue.pop_first())
                .take(AT_ONCE)
                .collect();
            let done = join_all(batch.iter().map(|uid| self.look_at(&registry, uid))).await;
            failed.extend(
                batch
                    .into_iter()
                    .zip(done)
                    .filter(|(_, done)| done.is_err())
                    .map(|(uid, _)| uid),
            );
        }
        self.queue = failed;
        if self.queue.is_empty() {
            self.gone.clear();
        }
        !self.queue.is_empty()
    }

    async fn look_at(&self, registry: &Registry, uid: &str) -> Result<(), Refusal> {
        let Some(object) = self
            .graph
            .key(uid)
            .and_then(|key| self.find(key))
            .filter(|found| found.uid == uid)
        else {
            return Ok(());
        };
        let Some(kind) = self.graph.key(uid).and_then(|key| kind_of(registry, key)) else {
            return Ok(());
        };
        if object.deleting {
            if has_finalizer(&object, ORPHAN) {
                return self.orphan(registry, kind, &object).await;
            }
            if has_finalizer(&object, FOREGROUND) {
                return self.delete_dependents(registry, kind, &object).await;
            }
            return Ok(());
        }
        if object.owners.is_empty() {
            Ok(())
        } else {
            self.check_owners(registry, kind, &object).await
        }
    }

    fn find(&self, key: &Key) -> Option<Arc<Object>> {
        self.actor.api.store.get(key)
    }

    /// Lets go of what the object owns, then of the object.
    async fn orphan(&self, registry: &Registry, kind: &ResourceType, object: &Object) -> Result<(), Refusal> {
        for (key, _) in self.graph.dependents(&object.uid) {
            if let (Some(dependent), Some(kind)) = (self.find(&key), kind_of(registry, &key)) {
                self.disown(kind, &dependent, &[object.uid.as_str()]).await?;
            }
        }
        self.actor
            .update(kind, object, Part::Main, |old| Ok(without(old, ORPHAN)))
            .await
    }

    /// Deletes what the object owns; when nothing of it holds the object back, lets go of the object.
    async fn delete_dependents(
        &self,
        registry: &Registry,
        kind: &ResourceType,
        object: &Object,
    ) -> Result<(), Refusal> {
        let mut held = false;
        for (key, blocks) in self.graph.dependents(&object.uid) {
            let (Some(dependent), Some(kind)) = (self.find(&key), kind_of(registry, &key)) else {
                continue;
            };
            held |= blocks;
            if !dependent.deleting {
                self.check_owners(registry, kind, &dependent).await?;
            }
        }
        if held {
            return Ok(());
        }
        self.actor
            .update(kind, object, Part::Main, |old| Ok(without(old, FOREGROUND)))
            .await
    }

    /// Deletes an object that nobody owns any more, or forgets the owners that are gone.
    async fn check_owners(
        &self,
        registry: &Registry,
        kind: &ResourceType,
        object: &Object,
    ) -> Result<(), Refusal> {
        let mut gone = Vec::new();
        let (mut solid, mut waiting) = (false, false);
        for owner in &object.owners {
            match self.resolve(registry, kind, object, owner) {
                Owned::Solid => solid = true,
                Owned::Waiting => {
                    waiting = true;
                    gone.push(owner.uid.as_str());
                }
                Owned::Absent => gone.push(owner.uid.as_str()),
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        if solid {
            return self.disown(kind, object, &gone).await;
        }
        let foreground = waiting && !self.graph.dependents(&object.uid).is_empty();
        let propagation = foreground.then_some(Propagation::Foreground);
        self.actor
            .delete(
                kind,
                object,
                DeleteOptions {
                    propagation,
                    // Whoever gave it another owner in the meantime wants it; the change is looked at next.
                    resource_version: Some(object.revision.to_string()),
                    ..DeleteOptions::default()
                },
            )
            .await
    }

    fn resolve(&self, registry: &Registry, kind: &ResourceType, object: &Object, owner: &Owner) -> Owned {
        let Some(owning) = registry.find_kind(&owner.api_version, &owner.kind) else {
            if self.gone.contains(&owner.uid) {
                return Owned::Absent;
            }
            // Its kind may come back; a real server waits as well.
            return Owned::Solid;
        };
        if owning.namespaced && !kind.namespaced {
            return Owned::Solid;
        }
        let namespace = owning.namespaced.then_some(object.at.namespace.as_str());
        match self.find(&owning.key(namespace, &owner.name)) {
            Some(found) if found.uid == owner.uid => {
                if found.deleting && has_finalizer(&found, FOREGROUND) {
                    Owned::Waiting
                } else {
                    Owned::Solid
                }
            }
            Some(_) | None => Owned::Absent,
        }
    }

    async fn disown(&self, kind: &ResourceType, object: &Object, gone: &[&str]) -> Result<(), Refusal> {
        let without_owners = |old: &Value| {
            let mut new = old.clone();
            if let Some(Value::Array(owners)) = new.pointer_mut("/metadata/ownerReferences") {
                owners.retain(|owner| !gone.iter().any(|uid| owner["uid"] == json!(uid)));
            }
            Ok(new)
        };
        self.actor.update(kind, object, Part::Main, without_owners).await
    }
}

fn kind_of<'a>(registry: &'a Registry, key: &Key) -> Option<&'a ResourceType> {
    registry
        .iter()
        .find(|kind| kind.storage == key.collection)
        .map(|kind| &**kind)
}

fn has_finalizer(object: &Object, finalizer: &str) -> bool {
    let value = object.value();
    let finalizers = value.pointer("/metadata/finalizers").and_then(Value::as_array);
    finalizers.into_iter().flatten().any(|name| name == finalizer)
}
