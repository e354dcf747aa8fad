//! The status that this server gives definitions, in one step with every write of them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::admit::{seconds, text};

/// Holds a definition until its objects are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Fills in what a definition may leave out.
pub(crate) fn apply_defaults(crd: &mut Value) {
    let kind = text(crd, "/spec/names/kind").to_owned();
    if kind.is_empty() {
        return;
    }
    let Some(Value::Object(spec)) = crd.get_mut("spec") else {
        return;
    };
    if let Some(Value::Object(names)) = spec.get_mut("names") {
        names
            .entry("singular")
            .or_insert_with(|| json!(kind.to_lowercase()));
        names
            .entry("listKind")
            .or_insert_with(|| json!(format!("{kind}List")));
    }
    spec.entry("conversion")
        .or_insert_with(|| json!({"strategy": "None"}));
}

/// Gives a definition that is written its status: whether its names are free among `others`.
pub(crate) fn establish(crd: &mut Value, others: &[Value], now: Timestamp) {
    let conflict = others.iter().find_map(|other| conflict(crd, other));
    let accepted = crd.pointer("/spec/names").cloned().unwrap_or_default();
    let names_condition = match &conflict {
        Some(why) => ("False", "NameConflict", why.as_str()),
        None => ("True", "NoConflicts", "no conflicts found"),
    };
    set(crd, "NamesAccepted", names_condition, now);
    if conflict.is_none() {
        crd["status"]["acceptedNames"] = accepted;
        set(
            crd,
            "Established",
            (
                "True",
                "InitialNamesAccepted",
                "the initial names have been accepted",
            ),
            now,
        );
    } else if condition(crd, "Established").is_none() {
        crd["status"]["acceptedNames"] = json!({"plural": "", "kind": ""});
        set(
            crd,
            "Established",
            ("False", "NotAccepted", "not all names are accepted"),
            now,
        );
    }
    store_version(crd);
}

/// Marks a definition that waits for its objects to go.
pub(crate) fn terminate(crd: &mut Value, now: Timestamp) {
    let why = (
        "True",
        "InstanceDeletionPending",
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    );
    set(crd, "Terminating", why, now);
    let finalizers = &mut crd["metadata"]["finalizers"];
    match finalizers {
        Value::Array(list) if list.iter().any(|name| name == CLEANUP) => {}
        Value::Array(list) => list.push(json!(CLEANUP)),
        other => *other = json!([CLEANUP]),
    }
}

fn store_version(crd: &mut Value) {
    let versions = crd.pointer("/spec/versions").and_then(Value::as_array);
    let storage = versions
        .into_iter()
        .flatten()
        .find(|version| version["storage"] == Value::Bool(true));
    let name = storage.map_or("", |version| text(version, "/name")).to_owned();
    let stored = &mut crd["status"]["storedVersions"];
    match stored {
        Value::Array(list) if list.iter().any(|version| *version == name) => {}
        Value::Array(list) => list.push(json!(name)),
        other => *other = json!([name]),
    }
}

fn conflict(crd: &Value, other: &Value) -> Option<String> {
    let same = |pointer: &str| text(crd, pointer) == text(other, pointer);
    if same("/metadata/name") || !same("/spec/group") {
        return None;
    }
    let accepted = |name: &str| text(other, &format!("/status/acceptedNames/{name}"));
    for name in ["kind", "singular", "listKind"] {
        let wanted = text(crd, &format!("/spec/names/{name}"));
        if !wanted.is_empty() && wanted == accepted(name) {
            return Some(format!("{wanted:?} is already in use"));
        }
    }
    None
}

fn condition<'a>(crd: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = crd.pointer("/status/conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .find(|condition| text(condition, "/type") == kind)
}

fn set(crd: &mut Value, kind: &str, (status, reason, message): (&str, &str, &str), now: Timestamp) {
    if condition(crd, kind)
        .is_some_and(|old| text(old, "/status") == status && text(old, "/reason") == reason)
    {
        return;
    }
    let condition = json!({
        "type": kind,
        "status": status,
        "lastTransitionTime": seconds(now),
        "reason": reason,
        "message": message,
    });
    if !crd["status"].is_object() {
        crd["status"] = json!({});
    }
    let conditions = &mut crd["status"]["conditions"];
    match conditions {
        Value::Array(list) => {
            list.retain(|old| text(old, "/type") != kind);
            list.push(condition);
        }
        other => *other = json!([condition]),
    }
}
