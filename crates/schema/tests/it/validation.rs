//! Structure, formats, bounds and list types.

use serde_json::{Value, json};

use crate::check::{create, update, with_properties};

#[track_caller]
fn field(schema: Value, value: Value, expected: &[&str]) {
    create(
        &with_properties(json!({"x": schema})),
        json!({"x": value}),
        expected,
    );
}

#[test]
fn types_must_fit() {
    let wrong = |expected: &str, found: &str| {
        format!("spec.x: Invalid value: \"{found}\": spec.x in body must be of type {expected}: \"{found}\"")
    };
    for (schema, value, found) in [
        ("boolean", json!("yes"), "string"),
        ("boolean", json!(1), "integer"),
        ("string", json!(1), "integer"),
        ("string", json!(1.5), "number"),
        ("string", json!(true), "boolean"),
        ("object", json!([]), "array"),
        ("integer", json!("1"), "string"),
        ("number", json!("1"), "string"),
        ("string", json!(null), "null"),
    ] {
        field(json!({"type": schema}), value, &[&wrong(schema, found)]);
    }
    field(json!({"type": "integer"}), json!(1.0), &[]);
    field(json!({"type": "number"}), json!(1), &[]);
    field(json!({"type": "string", "nullable": true}), json!(null), &[]);
    field(json!({"x-kubernetes-int-or-string": true}), json!(1), &[]);
    field(json!({"x-kubernetes-int-or-string": true}), json!("1"), &[]);
    field(
        json!({"x-kubernetes-int-or-string": true}),
        json!(true),
        &[&wrong("integer,string", "boolean")],
    );
}

#[test]
fn what_is_required_must_be_there() {
    let schema = json!({"type": "object", "required": ["spec"], "properties": {
        "spec": {"type": "object", "required": ["displayName"], "properties": {"displayName": {"type": "string"}}}}});
    create(&schema, json!({}), &["spec.displayName: Required value"]);
}

#[test]
fn an_enumeration_lists_what_it_supports() {
    field(
        json!({"type": "string", "enum": ["automatic", "manual"]}),
        json!("auto"),
        &[r#"spec.x: Unsupported value: "auto": supported values: "automatic", "manual""#],
    );
}

#[test]
fn texts_keep_to_their_bounds_and_pattern() {
    let email = json!({"type": "string", "pattern": r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$"});
    field(email.clone(), json!("a@example.com"), &[]);
    field(
        email,
        json!("x"),
        &[
            r#"spec.x: Invalid value: "x": spec.x in body should match '^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$'"#,
        ],
    );
    field(json!({"type": "string", "maxLength": 1}), json!("é"), &[]);
    field(
        json!({"type": "string", "maxLength": 1}),
        json!("ab"),
        &["spec.x: Too long: may not be more than 1 byte"],
    );
    field(
        json!({"type": "string", "minLength": 1}),
        json!(""),
        &[r#"spec.x: Invalid value: "": spec.x in body should be at least 1 chars long"#],
    );
}

#[test]
fn formats_are_checked() {
    field(
        json!({"type": "string", "format": "date-time"}),
        json!("tomorrow"),
        &[r#"spec.x: Invalid value: "tomorrow": spec.x in body must be of type date-time: "tomorrow""#],
    );
}

#[test]
fn lists_keep_to_their_sizes_and_kinds() {
    let list = |extra: Value| {
        let mut schema = json!({"type": "array", "items": {"type": "string"}});
        schema
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        schema
    };
    field(
        list(json!({"minItems": 1})),
        json!([]),
        &["spec.x: Invalid value: 0: spec.x in body should have at least 1 items"],
    );
    field(
        list(json!({"maxItems": 1})),
        json!(["a", "b"]),
        &["spec.x: Too many: 2: must have at most 1 item"],
    );
    field(
        list(json!({"x-kubernetes-list-type": "set"})),
        json!(["a", "b", "a", "a"]),
        &[r#"spec.x[2]: Duplicate value: "a""#],
    );
    let map = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
        "items": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}}});
    field(
        map,
        json!([{"type": "A"}, {"type": "A"}]),
        &[r#"spec.x[1]: Duplicate value: {"type":"A"}"#],
    );
}

#[test]
fn numbers_keep_to_their_bounds() {
    field(
        json!({"type": "integer", "minimum": 0}),
        json!(-1),
        &["spec.x: Invalid value: -1: spec.x in body should be greater than or equal to 0"],
    );
    field(
        json!({"type": "number", "maximum": 1, "exclusiveMaximum": true}),
        json!(1),
        &["spec.x: Invalid value: 1: spec.x in body should be less than 1"],
    );
    field(
        json!({"type": "integer", "multipleOf": 5}),
        json!(7),
        &["spec.x: Invalid value: 7: spec.x in body should be a multiple of 5"],
    );
}

#[test]
fn what_was_wrong_before_and_is_unchanged_is_let_pass() {
    let schema = with_properties(json!({"x": {"type": "integer", "minimum": 5}, "y": {"type": "integer"}}));
    update(&schema, json!({"x": 1}), json!({"x": 1, "y": 2}), &[]);
    update(
        &schema,
        json!({"x": 1}),
        json!({"x": 2}),
        &["spec.x: Invalid value: 2: spec.x in body should be greater than or equal to 5"],
    );
}
