//! Schema fragments that the derive cannot express.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::json;

/// A whole number without a format: what controller-gen writes for Go's `int`.
pub(crate) fn integer(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer" })
}

/// Markers of core/v1's `LocalObjectReference`: the name defaults to nothing, and the object is replaced as a whole.
pub(super) fn local_object_reference(schema: &mut Schema) {
    schema.insert("x-kubernetes-map-type".into(), json!("atomic"));
}

/// Upstream's product demands the two modes, although it defaults both.
pub(super) fn modes_required(schema: &mut Schema) {
    if let Some(serde_json::Value::Array(names)) = schema.get_mut("required") {
        names.extend(["approvalMode".into(), "publishStatus".into()]);
    }
}

/// A list of conditions that is replaced as a whole.
pub(super) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "description": "What the controller last observed.",
        "items": condition(),
    })
}

/// A list of conditions that is merged by type.
pub(super) fn conditions_by_type(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = conditions(generator);
    schema.insert("x-kubernetes-list-type".into(), json!("map"));
    schema.insert("x-kubernetes-list-map-keys".into(), json!(["type"]));
    schema
}

/// metav1's `Condition`, with the bounds that controller-gen writes out.
fn condition() -> serde_json::Value {
    json!({
        "type": "object",
        "description": "One aspect of the state of an object.",
        "properties": {
            "lastTransitionTime": {
                "type": "string",
                "format": "date-time",
                "description": "When the status last changed.",
            },
            "message": {
                "type": "string",
                "maxLength": 32768,
                "description": "What happened, for people. May be empty.",
            },
            "observedGeneration": {
                "type": "integer",
                "format": "int64",
                "minimum": 0,
                "description": "The metadata.generation that this was observed for.",
            },
            "reason": {
                "type": "string",
                "minLength": 1,
                "maxLength": 1024,
                "pattern": r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                "description": "What happened, for programs: one CamelCase word.",
            },
            "status": {
                "type": "string",
                "enum": ["True", "False", "Unknown"],
                "description": "Whether it is so.",
            },
            "type": {
                "type": "string",
                "maxLength": 316,
                "pattern": r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
                "description": "Which aspect, in CamelCase.",
            },
        },
        "required": ["lastTransitionTime", "message", "reason", "status", "type"],
    })
}
