//! Types and CRDs are about the same fields: whatever a CRD admits decodes, and nothing of it is lost.

use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest, APIProduct, crds};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

#[test]
fn an_object_with_every_field_survives() {
    check(full);
}

#[test]
fn an_object_with_nothing_but_what_is_required_survives() {
    check(least);
}

fn check(fill: fn(&Value) -> Value) {
    for crd in crds() {
        let schema = serde_json::to_value(&crd.spec.versions[0].schema).unwrap();
        let fields = &schema["openAPIV3Schema"]["properties"];
        let object = json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1",
            "kind": crd.spec.names.kind,
            "metadata": { "name": "x" },
            "spec": fill(&fields["spec"]),
            "status": fill(&fields["status"]),
        });
        match crd.spec.names.kind.as_str() {
            "APIProduct" => survives::<APIProduct>(&object),
            "APIKey" => survives::<APIKey>(&object),
            "APIKeyRequest" => survives::<APIKeyRequest>(&object),
            "APIKeyApproval" => survives::<APIKeyApproval>(&object),
            other => panic!("no type for {other}"),
        }
    }
}

fn survives<T: DeserializeOwned + Serialize>(object: &Value) {
    let decoded: T =
        serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{error}: {object:#}"));
    assert_eq!(&serde_json::to_value(&decoded).unwrap(), object);
}

/// A value with every field that a schema knows.
fn full(schema: &Value) -> Value {
    if let Some(words) = schema["enum"].as_array() {
        return words[0].clone();
    }
    match schema["type"].as_str() {
        Some("string") if schema["format"] == "date-time" => json!("2026-01-01T00:00:00Z"),
        Some("string") => json!("x"),
        Some("integer") => json!(7),
        Some("boolean") => json!(true),
        Some("array") => json!([full(&schema["items"]), full(&schema["items"])]),
        Some("object") => match (&schema["properties"], &schema["additionalProperties"]) {
            (Value::Object(properties), _) => properties
                .iter()
                .map(|(name, schema)| (name.clone(), full(schema)))
                .collect(),
            (_, Value::Object(_)) => json!({ "key": full(&schema["additionalProperties"]) }),
            _ => json!({ "unknown": [1, null, "x"] }),
        },
        _ => json!([{ "anything": null }]),
    }
}

/// A value with the fields that a schema demands or fills in by itself.
fn least(schema: &Value) -> Value {
    let Some(properties) = schema["properties"].as_object() else {
        return full(schema);
    };
    let needs = schema["required"].as_array().cloned().unwrap_or_default();
    let kept = properties.iter().filter_map(|(name, schema)| {
        let value = match schema.get("default") {
            Some(default) => default.clone(),
            None if needs.iter().any(|need| need == name) => least(schema),
            None => return None,
        };
        Some((name.clone(), value))
    });
    Value::Object(kept.collect::<Map<_, _>>())
}
