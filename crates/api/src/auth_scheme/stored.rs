//! A value as an API server stores it under a schema: unknown fields gone, defaults filled in.
//!
//! A status that repeats a policy would otherwise differ from what was stored of it for ever, and be written again and
//! again. This is the small part of structural schemas that needs.

use serde_json::{Map, Value};

use super::schema::exclusive_fields;

/// Prunes and defaults a value; nothing when an API server would refuse it for a type, an enum, a range, a missing field
/// or two that exclude each other.
pub(super) fn stored(schema: &Value, value: Value) -> Option<Value> {
    match (schema["type"].as_str(), value) {
        (_, Value::Null) => None,
        (Some("object"), Value::Object(fields)) => object(schema, fields).map(Value::Object),
        (Some("array"), Value::Array(elements)) => elements
            .into_iter()
            .map(|element| stored(&schema["items"], element))
            .collect(),
        (Some("string"), value @ Value::String(_)) => schema["enum"]
            .as_array()
            .is_none_or(|words| words.contains(&value))
            .then_some(value),
        (Some("integer"), Value::Number(number)) => number
            .as_i64()
            .filter(|number| is_within(schema, *number))
            .map(Value::from),
        (Some("boolean"), value @ Value::Bool(_)) | (None, value) => Some(value),
        (Some(_), _) => None,
    }
}

fn object(schema: &Value, mut fields: Map<String, Value>) -> Option<Map<String, Value>> {
    if schema["x-kubernetes-preserve-unknown-fields"] == true {
        return Some(fields);
    }
    if let values @ Value::Object(_) = &schema["additionalProperties"] {
        return fields
            .into_iter()
            .map(|(key, value)| Some((key, stored(values, value)?)))
            .collect();
    }
    let mut known = Map::new();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let field = match fields.remove(name) {
            // Null, where it is not allowed, counts as absent.
            None | Some(Value::Null) => schema.get("default").cloned(),
            Some(value) => Some(stored(schema, value)?),
        };
        known.extend(field.map(|field| (name.clone(), field)));
    }
    let mut needs = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let is_set = |name: &str| known.get(name).is_some_and(|field| field != "");
    let excludes = exclusive_fields(schema).is_some_and(|[one, other]| is_set(one) && is_set(other));
    (!excludes && needs.all(|need| known.contains_key(need))).then_some(known)
}

fn is_within(schema: &Value, number: i64) -> bool {
    let bound = |name: &str| schema[name].as_i64();
    bound("minimum").is_none_or(|least| least <= number) && bound("maximum").is_none_or(|most| number <= most)
}
