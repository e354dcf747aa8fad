//! Who wrote what of an object, and when: of `metadata.managedFields` as much as controllers ask for. What is seen late was not
//! written late, and who edits one part of an object has not written the others.
//!
//! Kept of custom resources alone: their annotations, each by its name, and all else of their content as one. Of an object that
//! is created without annotations nothing is kept: it was written when it was created.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::settle::{content_differs, seconds};
use crate::resource::ResourceType;

/// Who writes, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer<'a> {
    /// The program, as it calls itself: `fieldManager` of the request, else the first word of its `User-Agent`.
    pub(crate) manager: &'a str,
    pub(crate) now: Timestamp,
}

/// Parts of an object.
#[derive(Default)]
struct Fields {
    annotations: Vec<String>,
    content: bool,
}

/// Of a new object.
pub(super) fn note_creation(resource: &ResourceType, object: &mut Value, writer: &Writer<'_>) {
    let annotations = annotations(object).keys().cloned().collect::<Vec<_>>();
    if !annotations.is_empty() {
        let all = Fields {
            annotations,
            content: true,
        };
        object["metadata"]["managedFields"] = json!([all.entry(resource, writer)]);
    }
}

/// Of an object that is about to become `settled`. What changes is the writer's from now on, and its time is that of all that
/// the writer ever wrote.
pub(super) fn note_update(resource: &ResourceType, old: &Value, settled: &mut Value, writer: &Writer<'_>) {
    let (before, after) = (annotations(old), annotations(settled));
    let changes = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value));
    let written = Fields {
        annotations: changes.map(|(name, _)| name.clone()).collect(),
        content: content_differs(resource, old, settled),
    };
    if written.annotations.is_empty() && !written.content {
        return;
    }
    let entries = old.pointer("/metadata/managedFields").and_then(Value::as_array);
    let (mut own, mut all) = (Fields::default(), Vec::new());
    for entry in entries.into_iter().flatten() {
        let mut fields = Fields::of(entry);
        if entry["manager"] == writer.manager {
            own = fields;
            continue;
        }
        fields.content &= !written.content;
        fields
            .annotations
            .retain(|name| after.contains_key(name) && !written.annotations.contains(name));
        if fields.content || !fields.annotations.is_empty() {
            let mut entry = entry.clone();
            entry["fieldsV1"] = fields.json();
            all.push(entry);
        }
    }
    own.content |= written.content;
    own.annotations
        .retain(|name| after.contains_key(name) && !written.annotations.contains(name));
    own.annotations.extend(written.annotations);
    all.push(own.entry(resource, writer));
    settled["metadata"]["managedFields"] = all.into();
}

impl Fields {
    fn of(entry: &Value) -> Self {
        let names = entry
            .pointer("/fieldsV1/f:metadata/f:annotations")
            .and_then(Value::as_object);
        let names = names.into_iter().flat_map(Map::keys);
        Self {
            annotations: names
                .filter_map(|name| Some(name.strip_prefix("f:")?.to_owned()))
                .collect(),
            content: entry["fieldsV1"].get("f:spec").is_some(),
        }
    }

    fn json(&self) -> Value {
        let mut fields = Map::new();
        if !self.annotations.is_empty() {
            let names: Map<_, _> = self
                .annotations
                .iter()
                .map(|name| (format!("f:{name}"), json!({})))
                .collect();
            fields.insert("f:metadata".to_owned(), json!({ "f:annotations": names }));
        }
        if self.content {
            fields.insert("f:spec".to_owned(), json!({}));
        }
        fields.into()
    }

    fn entry(&self, resource: &ResourceType, writer: &Writer<'_>) -> Value {
        json!({
            "manager": writer.manager,
            "operation": "Update",
            "apiVersion": resource.api_version(),
            "time": seconds(writer.now),
            "fieldsType": "FieldsV1",
            "fieldsV1": self.json(),
        })
    }
}

fn annotations(object: &Value) -> Map<String, Value> {
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    annotations.cloned().unwrap_or_default()
}
