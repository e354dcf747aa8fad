//! What a client may not decide: identity, times, generation, and whose part of the object is whose.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::managed::{self, Writer};
use super::metadata::text;
use crate::resource::{Part, ResourceType};

/// Gives a new object its identity.
pub(crate) fn complete(
    resource: &ResourceType,
    object: &mut Value,
    namespace: Option<&str>,
    uid: Uuid,
    writer: &Writer<'_>,
) {
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
    metadata.insert("uid".into(), json!(uid.to_string()));
    metadata.insert("creationTimestamp".into(), json!(seconds(writer.now)));
    if is_custom || resource.generation {
        metadata.insert("generation".into(), json!(1));
    }
    if is_custom {
        managed::note_creation(resource, object, writer);
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
pub(crate) fn settle(
    resource: &ResourceType,
    old: &Value,
    new: Value,
    part: Part,
    writer: &Writer<'_>,
) -> Value {
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
        managed::note_update(resource, old, &mut settled, writer);
    }
    settled
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

pub(super) fn content_differs(resource: &ResourceType, old: &Value, new: &Value) -> bool {
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
