//! From Rust types to the structural schemas of CRDs, in the dialect that controller-gen writes.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The structural schema of a type, with all that it refers to written out in place.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::openapi3();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let generator = settings
        .with_transform(kube::core::schema::StructuralSchemaRewriter)
        .with_transform(kube::core::schema::OptionalEnum)
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    as_controller_gen(&mut schema);
    schema
}

/// The typed form of a CRD that is written as JSON in this crate.
pub(crate) fn crd_from(json: Value) -> CustomResourceDefinition {
    serde_json::from_value(json).expect("a CRD made of literals and derived schemas decodes")
}

/// A schema of one type and one keyword.
pub(crate) fn typed(type_: &str, keyword: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([
        ("type".to_owned(), type_.into()),
        (keyword.to_owned(), value),
    ]))
}

/// Says of optional fields what Go's tags say: that they may be absent, not that they may be null or have a default.
/// Makes descriptions plain text.
fn as_controller_gen(schema: &mut Value) {
    let Value::Object(keywords) = schema else { return };
    keywords.remove("nullable");
    keywords.remove("title");
    if keywords.get("default").is_some_and(is_empty) {
        keywords.remove("default");
    }
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(fields)) => fields.values_mut().for_each(as_controller_gen),
            ("items" | "additionalProperties", schema) => as_controller_gen(schema),
            // Backticks are rustdoc's.
            ("description", Value::String(text)) => text.retain(|c| c != '`'),
            ("required", Value::Array(names)) => names.sort_by(|a, b| a.as_str().cmp(&b.as_str())),
            _ => {}
        }
    }
}

/// Whether a default says no more than that the field may be absent.
fn is_empty(default: &Value) -> bool {
    match default {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
