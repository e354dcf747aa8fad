//! A namespace that is deleted is emptied first.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Value, json};

use super::Commits;
use super::act::Actor;
use crate::api::{Api, CRDS, NAMESPACES};
use crate::crd;
use crate::resource::{Part, ResourceType};
use crate::store::Object;
use crate::verb::DeleteOptions;

pub(super) async fn run(api: Arc<Api>) {
    let mut commits = Commits::of(&api);
    while commits.next().await {
        for namespace in api.store.all(NAMESPACES) {
            if namespace.deleting {
                empty(&api, &namespace).await;
            }
        }
    }
}

/// Deletes what is in it; when nothing is left, lets go of the namespace itself.
async fn empty(api: &Api, namespace: &Object) {
    let actor = Actor::new(api, "namespace-controller");
    let registry = api.registry();
    // Kinds that no version of is served may have left objects too.
    let definitions: Vec<Value> = api.store.all(CRDS).iter().map(|crd| crd.value()).collect();
    let stored = definitions.iter().filter_map(|crd| crd::stored(crd, &registry));
    let kinds: BTreeMap<Arc<str>, Arc<ResourceType>> = registry
        .iter()
        .cloned()
        .chain(stored)
        .filter(|kind| kind.namespaced)
        .map(|kind| (Arc::clone(&kind.storage), kind))
        .collect();
    let mut left = false;
    for (storage, kind) in kinds {
        let Ok(page) = api
            .store
            .page(&storage, Some(&namespace.at.name), None, None, None)
        else {
            continue;
        };
        left |= !page.objects.is_empty();
        let to_go = page.objects.iter().filter(|object| !object.deleting);
        // Failures are logged; the next commit tries again.
        join_all(to_go.map(|object| actor.delete(&kind, object, DeleteOptions::default()))).await;
    }
    if left {
        // The commits of these deletions bring the task back.
        return;
    }
    if let Some(kind) = registry.find_kind("v1", "Namespace") {
        let without_finalizer = |old: &Value| {
            let mut new = old.clone();
            let finalizers = old.pointer("/spec/finalizers").and_then(Value::as_array).cloned();
            let others: Vec<Value> = finalizers
                .into_iter()
                .flatten()
                .filter(|name| name != "kubernetes")
                .collect();
            new["spec"]["finalizers"] = json!(others);
            Ok(new)
        };
        let _ = actor
            .update(kind, namespace, Part::Finalize, without_finalizer)
            .await;
    }
}
