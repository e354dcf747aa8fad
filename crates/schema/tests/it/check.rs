//! The one place that calls the crate.

use keydesk_schema::Schema;
use serde_json::{Value, json};

/// Where the schemas of these tests are said to stand.
pub(crate) const PATH: &str = "spec.versions[0].schema.openAPIV3Schema";

/// A schema whose `spec` has these properties.
pub(crate) fn with_properties(properties: Value) -> Value {
    json!({"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}})
}

#[track_caller]
pub(crate) fn compiled(schema: &Value) -> Schema {
    match Schema::structural(schema, PATH) {
        Ok(schema) => schema,
        Err(violations) => panic!("the schema is refused: {}", lines(&violations).join("\n")),
    }
}

pub(crate) fn lines<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

/// Creates an object with this spec.
#[track_caller]
pub(crate) fn create(schema: &Value, spec: Value, expected: &[&str]) {
    let object = json!({"spec": spec});
    assert_eq!(
        lines(&compiled(schema).validate(&object, None)),
        expected,
        "{object}"
    );
}

/// Updates an object from one spec to another.
#[track_caller]
pub(crate) fn update(schema: &Value, old: Value, new: Value, expected: &[&str]) {
    let (old, new) = (json!({"spec": old}), json!({"spec": new}));
    assert_eq!(
        lines(&compiled(schema).validate(&new, Some(&old))),
        expected,
        "{old} -> {new}"
    );
}

/// Installs a schema; the violations come without the path that they all start with.
#[track_caller]
pub(crate) fn install(schema: &Value, expected: &[&str]) {
    let found = match Schema::structural(schema, PATH) {
        Ok(_) => Vec::new(),
        Err(violations) => lines(&violations),
    };
    let expected: Vec<String> = expected.iter().map(|line| format!("{PATH}{line}")).collect();
    assert_eq!(found, expected, "{schema}");
}
