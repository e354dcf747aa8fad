//! What a client may not decide: identity, times, generation, and whose part of the object is whose.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::metadata::text;
use crate::resource::{Part, ResourceType};

/// Gives a new object its identity.
pub(crate) fn complete(resource: &ResourceType, object: &mut Value, namespace: Option<&str>, now: Timestamp) {
    let is_custom = resource.crd.is_some();
    let Value::Object(fields) = object else {
        return;
    };
    if resource.status_subresource {
        fields.remove("status");
    }
    let Some(Value::Object(metadata)) = fields.get_mut("metadata") else {
        return;
    };
    for set_by_server in [
        "resourceVersion",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
    ] {
        metadata.remove(set_by_server);
    }
    metadata.remove("namespace");
    if let Some(namespace) = namespace {
        metadata.insert("namespace".into(), json!(namespace));
    }
    metadata.insert("uid".into(), json!(uuid::Uuid::new_v4().to_string()));
    metadata.insert("creationTimestamp".into(), json!(seconds(now)));
    if is_custom || resource.generation {
        metadata.insert("generation".into(), json!(1));
    }
}

/// Kubernetes times have no fraction.
pub(crate) fn seconds(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

const KEPT: [&str; 9] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
];

/// What `old` becomes when a client wants `new`: only in that part, and never in what the server sets.
pub(crate) fn settle(resource: &ResourceType, old: &Value, new: Value, part: Part, now: Timestamp) -> Value {
    let mut settled = match part {
        Part::Main => own_part(resource, old, new),
        Part::Status => with_part(old, &new, "/status"),
        Part::Finalize => with_part(old, &new, "/spec"),
    };
    if part == Part::Main && counts_generation(resource) && content_differs(resource, old, &settled) {
        let generation = old
            .pointer("/metadata/generation")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        settled["metadata"]["generation"] = json!(generation + 1);
    }
    if part == Part::Main && resource.crd.is_some() {
        note_what_was_written(resource, old, &mut settled, now);
    }
    settled
}

/// Of all that a Kubernetes server keeps about who wrote what, only when the content of a custom resource was written
/// last, and when which of its annotations were. Controllers need it: what is seen late was not written late.
fn note_what_was_written(resource: &ResourceType, old: &Value, settled: &mut Value, now: Timestamp) {
    let mut written = Map::new();
    if content_differs(resource, old, settled) {
        written.insert("f:spec".to_owned(), json!({}));
    }
    let annotations = changed_annotations(old, settled);
    if !annotations.is_empty() {
        written.insert("f:metadata".to_owned(), json!({ "f:annotations": annotations }));
    }
    if written.is_empty() {
        return;
    }
    let entry = |(field, value): (String, Value)| {
        json!({
            "operation": "Update",
            "apiVersion": resource.api_version(),
            "time": seconds(now),
            "fieldsType": "FieldsV1",
            "fieldsV1": { field: value },
        })
    };
    let before = old.pointer("/metadata/managedFields").and_then(Value::as_array);
    let superseded = |known: &Value| written.keys().any(|field| known["fieldsV1"].get(field).is_some());
    let kept = before
        .into_iter()
        .flatten()
        .filter(|known| !superseded(known))
        .cloned();
    let entries: Vec<Value> = kept.collect();
    settled["metadata"]["managedFields"] = entries
        .into_iter()
        .chain(written.into_iter().map(entry))
        .collect();
}

/// Those that are new or say something else, as managedFields name them.
fn changed_annotations(old: &Value, new: &Value) -> Map<String, Value> {
    let annotations = |object: &Value| {
        object
            .pointer("/metadata/annotations")
            .cloned()
            .unwrap_or_default()
    };
    let (before, after) = (annotations(old), annotations(new));
    let after = after.as_object().into_iter().flatten();
    let changed = after.filter(|(name, value)| before.get(name.as_str()) != Some(value));
    changed
        .map(|(name, _)| (format!("f:{name}"), json!({})))
        .collect()
}

fn counts_generation(resource: &ResourceType) -> bool {
    resource.crd.is_some() || resource.generation
}

fn own_part(resource: &ResourceType, old: &Value, mut new: Value) -> Value {
    let (Value::Object(fields), Value::Object(old)) = (&mut new, old) else {
        return new;
    };
    if resource.status_subresource {
        copy(old, fields, "status");
    }
    if let (Some(Value::Object(metadata)), Some(Value::Object(old))) =
        (fields.get_mut("metadata"), old.get("metadata"))
    {
        for name in KEPT {
            copy(old, metadata, name);
        }
    }
    new
}

fn copy(from: &Map<String, Value>, to: &mut Map<String, Value>, name: &str) {
    match from.get(name) {
        Some(value) => to.insert(name.to_owned(), value.clone()),
        None => to.remove(name),
    };
}

fn with_part(old: &Value, new: &Value, pointer: &str) -> Value {
    let mut settled = old.clone();
    if let Value::Object(fields) = &mut settled {
        let name = pointer.trim_start_matches('/');
        match new.get(name) {
            Some(part) => fields.insert(name.to_owned(), part.clone()),
            None => fields.remove(name),
        };
    }
    settled
}

fn content_differs(resource: &ResourceType, old: &Value, new: &Value) -> bool {
    let content = |object: &Value| -> Map<String, Value> {
        let mut fields = object.as_object().cloned().unwrap_or_default();
        fields.remove("metadata");
        if resource.status_subresource {
            fields.remove("status");
        }
        fields
    };
    content(old) != content(new)
}

/// Whether nothing holds a deleted object back any more.
pub(crate) fn is_free_to_go(object: &Value) -> bool {
    let none = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_array)
            .is_none_or(Vec::is_empty)
    };
    let is_namespace = text(object, "/kind") == "Namespace" && text(object, "/apiVersion") == "v1";
    none("/metadata/finalizers") && (!is_namespace || none("/spec/finalizers"))
}
