//! The schemas of one group and version, with everything that they refer to.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::OBJECT_META;
use super::recorded;
use crate::resource::{ResourceType, Serves};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// `#/components/schemas/NAME`.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The name of a kind's component: its group backwards, version, kind.
pub(super) fn name(resource: &ResourceType) -> String {
    if let Some(name) = recorded::component_name(&resource.group, &resource.version, &resource.kind) {
        return name.to_owned();
    }
    let mut parts: Vec<&str> = resource.group.rsplit('.').collect();
    parts.extend([resource.version.as_str(), resource.kind.as_str()]);
    parts.join(".")
}

/// Every component that these kinds need.
pub(super) fn of(resources: &[&Arc<ResourceType>]) -> Map<String, Value> {
    let mut schemas = Map::new();
    let mut wanted: Vec<String> = [
        "DeleteOptions",
        "ListMeta",
        "ObjectMeta",
        "Patch",
        "Status",
        "WatchEvent",
    ]
    .map(|name| format!("{META}.{name}"))
    .into();
    for resource in resources {
        let own = name(resource);
        if resource.crd.is_some() {
            schemas.insert(own.clone(), custom(resource));
            schemas.insert(format!("{own}List"), custom_list(resource));
        } else {
            if resource.serves == Serves::Objects {
                wanted.push(format!("{own}List"));
            }
            wanted.push(own);
        }
    }
    let recorded = recorded::components();
    while let Some(name) = wanted.pop() {
        let Some(schema) = recorded.get(&name).filter(|_| !schemas.contains_key(&name)) else {
            continue;
        };
        references(schema, &mut wanted);
        schemas.insert(name, schema.clone());
    }
    schemas
}

/// The names that a recorded schema refers to. Recorded schemas are shallow: recursion is bounded by the file.
fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value
                    .as_str()
                    .and_then(|target| target.strip_prefix("#/components/schemas/"))
                {
                    Some(name) if key == "$ref" => found.push(name.to_owned()),
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A custom kind as a real server publishes it: its own schema, with what every object has.
fn custom(resource: &ResourceType) -> Value {
    let anything = || json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let mut schema = resource
        .openapi
        .as_deref()
        .filter(|schema| schema.is_object())
        .cloned()
        .unwrap_or_else(anything);
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    let properties = &mut schema["properties"];
    properties["apiVersion"] = recorded_property("apiVersion");
    properties["kind"] = recorded_property("kind");
    properties["metadata"] = json!({
        "description": recorded::description("io.k8s.api.core.v1.Secret", "metadata"),
        "allOf": [reference(OBJECT_META)],
    });
    describe_kind(&mut schema, resource, "");
    schema
}

fn custom_list(resource: &ResourceType) -> Value {
    let mut schema = json!({
        "description": format!("{} is a list of {}", resource.list_kind, resource.kind),
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": recorded_property("apiVersion"),
            "kind": recorded_property("kind"),
            "items": {
                "description": format!("List of {}.", resource.plural),
                "type": "array",
                "items": reference(&name(resource)),
            },
            "metadata": {
                "description": recorded::description("io.k8s.api.core.v1.SecretList", "metadata"),
                "allOf": [reference(&format!("{META}.ListMeta"))],
            },
        },
    });
    describe_kind(&mut schema, resource, "List");
    schema
}

fn describe_kind(schema: &mut Value, resource: &ResourceType, suffix: &str) {
    schema["x-kubernetes-group-version-kind"] = json!([{
        "group": resource.group,
        "kind": format!("{}{suffix}", resource.kind),
        "version": resource.version,
    }]);
    if !resource.selectable_fields.is_empty() {
        let path = |field: &String| json!({"fieldPath": field.trim_start_matches('.')});
        schema["x-kubernetes-selectable-fields"] = resource.selectable_fields.iter().map(path).collect();
    }
}

/// `apiVersion` and `kind` are described alike everywhere.
fn recorded_property(field: &str) -> Value {
    recorded::components()["io.k8s.api.core.v1.Secret"]["properties"][field].clone()
}
