//! Namespaces: what holds them, and what they say of themselves.

use serde_json::{Value, json};

use crate::resource::{Part, Rules};

/// The label that lets selectors name a namespace.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Rules of `Namespace`.
#[derive(Debug)]
pub(super) struct NamespaceRules;

impl Rules for NamespaceRules {
    fn prepare_create(&self, object: &mut Value) {
        label(object);
        object["spec"] = json!({"finalizers": ["kubernetes"]});
        object["status"] = json!({"phase": "Active"});
    }

    fn prepare_update(&self, object: &mut Value, old: &Value, part: Part) {
        label(object);
        match part {
            // What holds a namespace is changed through `/finalize` only.
            Part::Main | Part::Status => object["spec"] = old["spec"].clone(),
            Part::Finalize => {}
        }
    }
}

fn label(object: &mut Value) {
    let name = object.pointer("/metadata/name").cloned();
    let Some(Value::Object(metadata)) = object.get_mut("metadata") else {
        return;
    };
    let labels = metadata.entry("labels").or_insert_with(|| json!({}));
    if let (Some(name), Value::Object(labels)) = (name, labels) {
        labels.insert(NAME_LABEL.into(), name);
    }
}
