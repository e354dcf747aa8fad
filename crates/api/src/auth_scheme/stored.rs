//! A value as an API server stores it under a schema: unknown fields gone, defaults filled in.
//!
//! A status that repeats a policy would otherwise differ from what was stored of it for ever, and be written again and
//! again. This is the small part of structural schemas that needs: fields, maps, lists, defaults.

use serde_json::Value;

/// Prunes and defaults a value.
pub(super) fn stored(schema: &Value, value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true)) {
                return Value::Object(fields);
            }
            if let Some(Value::Object(properties)) = schema.get("properties") {
                let mut fields = fields;
                let known = properties.iter().filter_map(|(name, schema)| {
                    let field = match fields.remove(name) {
                        // The API server takes null, where it is not allowed, for absent.
                        None | Some(Value::Null) => schema.get("default").cloned()?,
                        Some(value) => stored(schema, value),
                    };
                    Some((name.clone(), field))
                });
                Value::Object(known.collect())
            } else if let Some(values) = schema.get("additionalProperties") {
                Value::Object(
                    fields
                        .into_iter()
                        .map(|(key, value)| (key, stored(values, value)))
                        .collect(),
                )
            } else {
                Value::Object(serde_json::Map::new())
            }
        }
        Value::Array(elements) => match schema.get("items") {
            Some(items) => Value::Array(
                elements
                    .into_iter()
                    .map(|element| stored(items, element))
                    .collect(),
            ),
            None => Value::Array(elements),
        },
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}
