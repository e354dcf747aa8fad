//! A definition that is deleted takes its objects along, and goes last.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::Value;

use super::Commits;
use super::act::Actor;
use crate::api::{Api, CRDS};
use crate::crd::{self, CLEANUP};
use crate::resource::Part;
use crate::store::Object;
use crate::verb::DeleteOptions;

pub(super) async fn run(api: Arc<Api>) {
    let mut commits = Commits::of(&api);
    while commits.next().await {
        for definition in api.store.all(CRDS) {
            if definition.deleting {
                clean_up(&api, &definition).await;
            }
        }
    }
}

async fn clean_up(api: &Api, definition: &Object) {
    let actor = Actor::new(api, "customresourcedefinition-cleanup");
    let registry = api.registry();
    let value = definition.value();
    // Objects of versions that are served no more must go as well.
    if let Some(kind) = crd::stored(&value, &registry) {
        let objects = api.store.all(&kind.storage);
        if !objects.is_empty() {
            let to_go = objects.iter().filter(|object| !object.deleting);
            // Failures are logged; the next commit tries again.
            join_all(to_go.map(|object| actor.delete(&kind, object, DeleteOptions::default()))).await;
            return;
        }
    }
    if let Some(kind) = registry.find_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition") {
        let without_finalizer = |old: &Value| Ok(without(old, CLEANUP));
        let _ = actor
            .update(kind, definition, Part::Main, without_finalizer)
            .await;
    }
}

/// The object without that finalizer.
pub(super) fn without(object: &Value, finalizer: &str) -> Value {
    let mut object = object.clone();
    if let Some(Value::Array(finalizers)) = object.pointer_mut("/metadata/finalizers") {
        finalizers.retain(|name| name != finalizer);
    }
    object
}
