//! Definitions that break the rules of structural schemas, as recorded from a kube-apiserver 1.36.

use serde_json::{Value, json};

use crate::check::{install, with_properties};

/// Installs a definition whose `spec.x` has this schema.
#[track_caller]
fn field(schema: Value, expected: &[&str]) {
    let expected: Vec<String> = expected
        .iter()
        .map(|line| format!(".properties[spec].properties[x]{line}"))
        .collect();
    install(
        &with_properties(json!({"x": schema})),
        &expected.iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

#[test]
fn every_field_has_a_type() {
    field(
        json!({}),
        &[".type: Required value: must not be empty for specified object fields"],
    );
    field(
        json!({"type": "array", "items": {}}),
        &[".items.type: Required value: must not be empty for specified array items"],
    );
    field(
        json!({"type": "array"}),
        &[".items: Required value: must be specified"],
    );
    field(
        json!({"type": "foo"}),
        &[
            r#".type: Unsupported value: "foo": supported values: "array", "boolean", "integer", "number", "object", "string""#,
        ],
    );
    install(
        &json!({"properties": {}}),
        &[".type: Required value: must not be empty at the root"],
    );
    install(
        &json!({"type": "string"}),
        &[r#".type: Invalid value: "string": must be object at the root"#],
    );
}

#[test]
fn alternatives_only_restrict_values() {
    field(
        json!({"type": "object", "anyOf": [{"properties": {"a": {"type": "string"}}}]}),
        &[".anyOf[0].properties[a].type: Forbidden: must be empty to be structural"],
    );
    field(
        json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}),
        &[],
    );
}

#[test]
fn keyed_lists_have_keys_that_every_item_has() {
    let list = |keys: Value, items: Value| json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys, "items": items});
    let item = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    field(
        list(json!([]), json!({"type": "object"})),
        &[".x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"],
    );
    field(
        list(json!(["a"]), item.clone()),
        &[
            ".items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must \
           have a default or be a required property",
        ],
    );
    field(
        list(json!(["z"]), item),
        &[
            r#".x-kubernetes-list-map-keys: Invalid value: ["z"]: entries must all be names of item properties"#,
        ],
    );
}

#[test]
fn what_json_schema_has_and_structural_schemas_have_not_is_refused() {
    for (keyword, value) in [
        ("id", json!("x")),
        ("$ref", json!("#/x")),
        ("definitions", json!({"a": {"type": "string"}})),
        ("patternProperties", json!({"a": {"type": "string"}})),
    ] {
        field(
            json!({"type": "object", keyword: value}),
            &[&format!(".{keyword}: Forbidden: {keyword} is not supported")],
        );
    }
    field(
        json!({"type": "array", "items": {"type": "string"}, "uniqueItems": true}),
        &[
            ".uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
        ],
    );
}

#[test]
fn keywords_have_values_of_their_type() {
    field(json!({"type": 5}), &[".type: Invalid value: 5: must be a string"]);
    field(
        json!({"type": "object", "required": "a"}),
        &[r#".required: Invalid value: "a": must be a list of strings"#],
    );
    field(
        json!({"type": "string", "pattern": "("}),
        &[r#".pattern: Invalid value: "(": must be a valid regular expression, but isn't: unclosed group"#],
    );
}

#[test]
fn a_default_is_valid_where_it_stands() {
    field(
        json!({"type": "string", "default": 1}),
        &[r#".default: Invalid value: "integer":  in body must be of type string: "integer""#],
    );
    field(
        json!({"type": "object", "default": {"a": 1}, "properties": {"b": {"type": "string"}}}),
        &[r#".default: Invalid value: {"a":1}: must not have unknown fields"#],
    );
    field(
        json!({"type": "string", "enum": ["a"], "default": "b"}),
        &[r#".default: Unsupported value: "b": supported values: "a""#],
    );
}

#[test]
fn metadata_may_only_be_restricted_in_its_names() {
    let root = |metadata: Value| json!({"type": "object", "properties": {"metadata": metadata}});
    install(
        &root(json!({"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}})),
        &[],
    );
    install(
        &root(json!({"type": "object", "properties": {"labels": {"type": "object"}}})),
        &[
            ".properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata \
           is implicitly specified",
        ],
    );
}

#[test]
fn a_rule_that_cannot_work_is_refused() {
    let rule = |schema: Value, rule: &str, expected: &str| {
        let mut schema = schema;
        schema["x-kubernetes-validations"] = json!([{"rule": rule}]);
        let value = json!({"rule": rule});
        field(
            schema,
            &[&format!(
                ".x-kubernetes-validations[0].rule: Invalid value: {value}: {expected}"
            )],
        );
    };
    let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    rule(
        json!({"type": "string"}),
        "foo == 'a'",
        "compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo == 'a'\n | ^",
    );
    rule(
        json!({"type": "string"}),
        "self.foo() == 'a'",
        "compilation failed: ERROR: <input>:1:9: undeclared reference to 'foo' (in container '')\n | self.foo() == 'a'\n \
         | ........^",
    );
    rule(
        object.clone(),
        "self.b == 'a'",
        "compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b == 'a'\n | ....^",
    );
    rule(
        object,
        "self.a == 1",
        "compilation failed: ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(string, int)'\n | \
         self.a == 1\n | .......^",
    );
    rule(
        json!({"type": "string"}),
        "self",
        "cel expression must evaluate to a bool",
    );
}

#[test]
fn a_rule_says_no_more_than_it_can() {
    let rule = |rule: Value, expected: &str| {
        field(
            json!({"type": "string", "x-kubernetes-validations": [rule]}),
            &[&format!(".x-kubernetes-validations[0]{expected}")],
        );
    };
    rule(
        json!({"rule": ""}),
        ".rule: Required value: rule is not specified",
    );
    rule(
        json!({"rule": "true", "message": " "}),
        r#".message: Invalid value: " ": must be non-empty if specified"#,
    );
    rule(
        json!({"rule": "true", "fieldPath": ".a"}),
        r#".fieldPath: Invalid value: ".a": must be a valid path"#,
    );
    rule(
        json!({"rule": "true", "optionalOldSelf": true}),
        ".optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
    );
    field(
        json!({"type": "array", "items": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}}),
        &[
            ".items.x-kubernetes-validations[0].rule: Invalid value: \"self == oldSelf\": oldSelf cannot be used on the \
           uncorrelatable portion of the schema within spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[x]",
        ],
    );
}
