//! Patches: an object in the first line, a patch in the second.

use std::sync::LazyLock;

use keydesk_schema::Schema;
use keydesk_schema::decode::{self, MAX_DEPTH};
use keydesk_schema::patch;
use serde_json::{Value, json};

/// One in which lists are merged by a key, at any depth, and scalars by value.
static MERGED: LazyLock<Schema> = LazyLock::new(|| {
    let list = |items: Value| {
        json!({
            "type": "array", "items": items,
            "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "b",
        })
    };
    let components = json!({"A": {"type": "object", "properties": {
        "a": list(json!({"$ref": "#/components/schemas/A"})),
        "s": list(json!({"type": "string"})),
        "o": {"$ref": "#/components/schemas/A"},
    }}});
    Schema::from_components(&components, "A").expect("the component is there")
});

/// One that says nothing.
static PLAIN: LazyLock<Schema> = LazyLock::new(|| {
    Schema::from_components(&json!({"A": {"type": "object"}}), "A").expect("the component is there")
});

pub(crate) fn apply(data: &[u8]) {
    let Some(at) = data.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    let (Ok(target), Ok(patch)) = (decode::json(&data[..at]), decode::json(&data[at + 1..])) else {
        return;
    };
    let (target, patch) = (target.value, patch.value);
    merge(&target, &patch);
    if let Ok(patched) = patch::json(&target, &patch) {
        sound(&patched);
    }
    // As a server has them: objects.
    if target.is_object() {
        strategic(&target, &patch);
    }
}

fn merge(target: &Value, patch: &Value) {
    let merged = patch::merge(target, patch);
    sound(&merged);
    assert_eq!(patch::merge(&merged, patch), merged, "twice is once");
    let mut elsewhere = target.clone();
    json_patch::merge(&mut elsewhere, patch);
    assert_eq!(merged, elsewhere, "json-patch makes another object of it");
}

fn strategic(target: &Value, patch: &Value) {
    if let Ok(patched) = patch::strategic(target, patch, &MERGED) {
        sound(&patched);
        // What was put where nothing was need not have the key that a later patch finds it by, and a null is no key.
        if !has_directive(patch)
            && !has_null_in_list(patch)
            && let Ok(again) = patch::strategic(&patched, patch, &MERGED)
        {
            let once_more = patch::strategic(&again, patch, &MERGED);
            assert_eq!(once_more.ok(), Some(again), "it comes to rest");
        }
    }
    if patch.is_object() && !has_directive(patch) && !has_null_in_list(patch) {
        let patched = patch::strategic(target, patch, &PLAIN).expect("it is a merge patch");
        assert_eq!(
            patched,
            patch::merge(target, patch),
            "without lists to merge it is a merge patch"
        );
    }
}

/// Whether it can be kept, sent and read again.
fn sound(patched: &Value) {
    assert!(decode::depth(patched) <= MAX_DEPTH, "deeper than what came in");
    let read = decode::json(patched.to_string().as_bytes()).expect("an object is JSON");
    assert_eq!(read.value, *patched);
}

fn has_directive(patch: &Value) -> bool {
    match patch {
        Value::Object(fields) => fields
            .iter()
            .any(|(name, field)| name.starts_with('$') || has_directive(field)),
        Value::Array(items) => items.iter().any(has_directive),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Of a list that replaces another, a strategic merge patch takes nulls out, and a merge patch does not.
fn has_null_in_list(patch: &Value) -> bool {
    fn has_null(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Object(fields) => fields.values().any(has_null),
            Value::Array(items) => items.iter().any(has_null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    match patch {
        Value::Object(fields) => fields.values().any(has_null_in_list),
        Value::Array(items) => items.iter().any(has_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
