//! CEL rules on objects, as recorded from a kube-apiserver 1.36.

use serde_json::{Value, json};

use crate::check::{create, update, with_properties};

fn ruled(mut schema: Value, rules: Value) -> Value {
    schema["x-kubernetes-validations"] = rules;
    with_properties(json!({"x": schema}))
}

#[track_caller]
fn field(schema: Value, rule: &str, value: Value, expected: &[&str]) {
    create(
        &ruled(schema, json!([{"rule": rule}])),
        json!({"x": value}),
        expected,
    );
}

#[test]
fn a_broken_rule_on_an_object_says_its_message_without_the_value() {
    let schema = ruled(
        json!({"type": "object", "properties": {"kind": {"type": "string"}}}),
        json!([{"rule": "self.kind == 'HTTPRoute'",
                "message": "Invalid targetRef.kind. The only supported value is 'HTTPRoute'"}]),
    );
    create(&schema, json!({"x": {"kind": "HTTPRoute"}}), &[]);
    create(
        &schema,
        json!({"x": {"kind": "Pod"}}),
        &["spec.x: Invalid value: Invalid targetRef.kind. The only supported value is 'HTTPRoute'"],
    );
}

#[test]
fn a_transition_rule_runs_on_updates_only() {
    let schema = ruled(
        json!({"type": "string"}),
        json!([{"rule": "self == oldSelf", "message": "is immutable"}]),
    );
    create(&schema, json!({"x": "a"}), &[]);
    update(&schema, json!({"x": "a"}), json!({"x": "a"}), &[]);
    update(
        &schema,
        json!({"x": "a"}),
        json!({"x": "b"}),
        &[r#"spec.x: Invalid value: "b": is immutable"#],
    );
    update(&schema, json!({}), json!({"x": "b"}), &[]);
}

#[test]
fn a_rule_with_an_optional_old_value_runs_always() {
    let schema = ruled(
        json!({"type": "string"}),
        json!([{"rule": "!oldSelf.hasValue() || oldSelf.value() == self", "optionalOldSelf": true, "message": "kept"}]),
    );
    create(&schema, json!({"x": "a"}), &[]);
    update(
        &schema,
        json!({"x": "a"}),
        json!({"x": "b"}),
        &[r#"spec.x: Invalid value: "b": kept"#],
    );
}

#[test]
fn items_of_a_keyed_list_are_compared_with_what_they_were() {
    let schema = with_properties(json!({"x": {
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
        "items": {"type": "object", "required": ["k"], "properties": {
            "k": {"type": "string"},
            "v": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed"}]}}}}}));
    update(
        &schema,
        json!({"x": [{"k": "a", "v": "1"}, {"k": "b", "v": "2"}]}),
        json!({"x": [{"k": "b", "v": "3"}, {"k": "a", "v": "1"}, {"k": "c", "v": "9"}]}),
        &[r#"spec.x[0].v: Invalid value: "3": fixed"#],
    );
}

#[test]
fn a_rule_without_a_message_is_its_own() {
    field(
        json!({"type": "string"}),
        "self.size() > 3",
        json!("a"),
        &[r#"spec.x: Invalid value: "a": failed rule: self.size() > 3"#],
    );
}

#[test]
fn a_rule_chooses_its_words_its_reason_and_its_field() {
    let text = || json!({"type": "string"});
    let broken = |rule: Value, expected: &str| {
        create(&ruled(text(), json!([rule])), json!({"x": "b"}), &[expected]);
    };
    let rule = "self == 'a'";
    broken(
        json!({"rule": rule, "messageExpression": "'got ' + self"}),
        r#"spec.x: Invalid value: "b": got b"#,
    );
    broken(
        json!({"rule": rule, "message": "m", "messageExpression": "''"}),
        r#"spec.x: Invalid value: "b": m"#,
    );
    broken(
        json!({"rule": rule, "message": "no", "reason": "FieldValueForbidden"}),
        "spec.x: Forbidden: no",
    );
    broken(
        json!({"rule": rule, "message": "no", "reason": "FieldValueRequired"}),
        "spec.x: Required value: no",
    );
    broken(
        json!({"rule": rule, "message": "no", "reason": "FieldValueDuplicate"}),
        r#"spec.x: Duplicate value: "b""#,
    );
    create(
        &ruled(
            json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
            json!([{"rule": "self.a > 1", "fieldPath": ".a", "message": "m"}]),
        ),
        json!({"x": {"a": 1}}),
        &["spec.x.a: Invalid value: m"],
    );
}

#[test]
fn a_rule_that_cannot_be_evaluated_is_broken() {
    field(
        json!({"type": "integer"}),
        "10 / self > 1",
        json!(0),
        &[r#"spec.x: Invalid value: "integer": division by zero evaluating rule: 10 / self > 1"#],
    );
    field(
        json!({"type": "object", "properties": {"kind": {"type": "string"}}}),
        "self.kind == 'a'",
        json!({}),
        &[r#"spec.x: Invalid value: "object": no such key: kind evaluating rule: self.kind == 'a'"#],
    );
    field(
        json!({"type": "array", "items": {"type": "string"}}),
        "self[3] == 'a'",
        json!([]),
        &[r#"spec.x: Invalid value: "array": index out of bounds: 3 evaluating rule: self[3] == 'a'"#],
    );
    field(
        json!({"x-kubernetes-int-or-string": true}),
        "self > 5",
        json!("a"),
        &[
            "spec.x: Invalid value: \"\": 'no such overload': call arguments did not match a supported operator, \
           function or macro signature for rule: self > 5",
        ],
    );
}

#[test]
fn values_are_what_their_schema_makes_of_them() {
    let holds = |schema: Value, rule: &str, value: Value| field(schema, rule, value, &[]);
    holds(
        json!({"type": "string", "format": "date-time"}),
        "self > timestamp('2025-01-01T00:00:00Z')",
        json!("2026-01-01T00:00:00Z"),
    );
    holds(
        json!({"type": "string", "format": "duration"}),
        "self > duration('1h')",
        json!("2h"),
    );
    holds(json!({"type": "number"}), "self > 0.5", json!(1));
    holds(
        json!({"x-kubernetes-int-or-string": true}),
        "type(self) == int ? self > 5 : self.endsWith('%')",
        json!("5%"),
    );
    holds(
        json!({"type": "object", "additionalProperties": {"type": "string"}}),
        "self['a.b'] == 'c'",
        json!({"a.b": "c"}),
    );
    holds(
        json!({"type": "object", "properties": {
            "namespace": {"type": "string"}, "a-b": {"type": "string"}, "s_n": {"type": "string"}}}),
        "self.__namespace__ == 'x' && self.a__dash__b == 'y' && self.s_n == 'z' && has(self.s_n)",
        json!({"namespace": "x", "a-b": "y", "s_n": "z"}),
    );
}

#[test]
fn what_the_engine_gets_wrong_is_set_right() {
    let holds = |schema: Value, rule: &str, value: Value| field(schema, rule, value, &[]);
    let object = json!({"type": "object", "properties": {
        "a": {"type": "string"}, "n": {"type": "integer", "nullable": true}}});
    holds(
        json!({"type": "string"}),
        "self.size() == 2 && size(self) == 2",
        json!("é!"),
    );
    holds(object.clone(), "self.?a.orValue('none') == 'none'", json!({}));
    holds(
        object.clone(),
        "self.?a.orValue('none') == 'x'",
        json!({"a": "x"}),
    );
    holds(object, "!has(self.n)", json!({"n": null}));
    holds(
        json!({"type": "string"}),
        "dyn(self) == self && type(self) == string",
        json!("a"),
    );
}

#[test]
fn rules_wait_until_the_structure_is_right() {
    create(
        &ruled(
            json!({"type": "object", "properties": {"kind": {"type": "string"}}}),
            json!([{"rule": "self.kind == 'a'"}]),
        ),
        json!({"x": {"kind": 1}}),
        &[
            r#"spec.x.kind: Invalid value: "integer": spec.x.kind in body must be of type string: "integer""#,
            "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct \
             the existing errors to complete validation",
        ],
    );
}

#[test]
fn a_rule_that_was_broken_before_and_is_unchanged_is_let_pass() {
    let schema = with_properties(json!({"y": {"type": "string"}, "x": {
        "type": "string", "x-kubernetes-validations": [{"rule": "self == 'a'", "message": "m"}]}}));
    update(&schema, json!({"x": "b"}), json!({"x": "b", "y": "new"}), &[]);
    update(
        &schema,
        json!({"x": "b"}),
        json!({"x": "c"}),
        &[r#"spec.x: Invalid value: "c": m"#],
    );
}
