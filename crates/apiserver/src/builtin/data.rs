//! What Secret and ConfigMap share: keyed data, its size, and being immutable.

use keydesk_schema::Violation;
use serde_json::{Map, Value};

/// Most bytes of all values together.
pub(super) const MAX_BYTES: usize = 1024 * 1024;

/// The entries of a map field; none if there is no such field.
pub(super) fn entries<'a>(object: &'a Value, field: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    object.get(field).and_then(Value::as_object).into_iter().flatten()
}

/// What is wrong with the keys of `field`.
pub(super) fn key_violations(object: &Value, field: &str) -> Vec<Violation> {
    entries(object, field)
        .filter_map(|(key, _)| {
            key_problem(key)
                .map(|problem| Violation::invalid(&format!("{field}[{key}]"), key.as_str(), problem))
        })
        .collect()
}

fn key_problem(key: &str) -> Option<String> {
    const MAX_KEY: usize = 253;
    if key.len() > MAX_KEY {
        return Some(format!("must be no more than {MAX_KEY} bytes"));
    }
    if key.is_empty()
        || !key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    {
        return Some(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
             'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                .into(),
        );
    }
    if key == "." {
        return Some("must not be '.'".into());
    }
    if key == ".." {
        return Some("must not be '..'".into());
    }
    key.starts_with("..").then(|| "must not start with '..'".into())
}

/// What an update may not change once `immutable` is set.
pub(super) fn immutable_violations(object: &Value, old: &Value, fields: &[&str]) -> Vec<Violation> {
    let is_set = |object: &Value| object.get("immutable") == Some(&Value::Bool(true));
    if !is_set(old) {
        return Vec::new();
    }
    let fixed = |field: &str| Violation::forbidden(field, "field is immutable when `immutable` is set");
    let none = Value::Object(Map::new());
    let of = |object: &Value, field: &str| {
        object
            .get(field)
            .filter(|value| !value.is_null())
            .unwrap_or(&none)
            .clone()
    };
    let mut violations = Vec::new();
    if !is_set(object) {
        violations.push(fixed("immutable"));
    }
    violations.extend(
        fields
            .iter()
            .filter(|field| of(object, field) != of(old, field))
            .map(|field| fixed(field)),
    );
    violations
}
