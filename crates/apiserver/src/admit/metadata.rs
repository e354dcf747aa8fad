//! `metadata`: the same for every kind. That its fields have the right types was found out before.

use serde_json::{Map, Value};

/// The text at a JSON pointer, empty if there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

const FIELDS: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// Known, and not for clients to say.
const DROPPED: [&str; 2] = ["selfLink", "managedFields"];

const OWNER_FIELDS: [&str; 6] = [
    "apiVersion",
    "kind",
    "name",
    "uid",
    "controller",
    "blockOwnerDeletion",
];

/// Drops what is unknown or says nothing in `metadata`, and returns the paths of what was unknown.
pub(super) fn clean(object: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    let Value::Object(fields) = object else {
        return unknown;
    };
    let metadata = fields.entry("metadata").or_insert(Value::Null);
    if metadata.is_null() {
        *metadata = Value::Object(Map::new());
    }
    let Value::Object(metadata) = metadata else {
        return unknown;
    };
    keep_known(metadata, &FIELDS, "metadata", &mut unknown);
    if let Some(Value::Array(owners)) = metadata.get_mut("ownerReferences") {
        for (position, owner) in owners.iter_mut().enumerate() {
            if let Value::Object(owner) = owner {
                let path = format!("metadata.ownerReferences[{position}]");
                keep_known(owner, &OWNER_FIELDS, &path, &mut unknown);
            }
        }
    }
    for name in ["labels", "annotations"] {
        if let Some(Value::Object(texts)) = metadata.get_mut(name) {
            for text in texts.values_mut().filter(|text| text.is_null()) {
                *text = Value::String(String::new());
            }
        }
    }
    metadata.retain(|name, value| !DROPPED.contains(&name.as_str()) && !says_nothing(value));
    unknown
}

fn keep_known(fields: &mut Map<String, Value>, known: &[&str], path: &str, unknown: &mut Vec<String>) {
    fields.retain(|name, _| {
        let is_known = known.contains(&name.as_str());
        if !is_known {
            unknown.push(format!("{path}.{name}"));
        }
        is_known
    });
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
