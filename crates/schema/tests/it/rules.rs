//! CEL rules.

use serde_json::{Value, json};

use crate::check::{create, update, with_properties};

fn ruled(mut schema: Value, rules: Value) -> Value {
    schema["x-kubernetes-validations"] = rules;
    with_properties(json!({"x": schema}))
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
