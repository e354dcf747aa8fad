//! Pruning and defaulting, as recorded from a kube-apiserver 1.36.

use serde_json::{Value, json};

use crate::check::{compiled, with_properties};

fn schema() -> Value {
    let text = json!({"type": "string"});
    with_properties(json!({
        "a": {"type": "string", "default": "d"},
        "l": {"type": "array", "items": {"type": "object", "properties": {
            "n": text, "m": {"type": "string", "default": "q"}}}},
        "m": {"type": "object", "additionalProperties": {"type": "object", "properties": {
            "k": {"type": "string", "default": "z"}}}},
        "any": {"type": "object", "additionalProperties": true},
        "p": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
            "i": {"type": "object", "properties": {"y": text}}}},
        "lp": {"type": "array", "x-kubernetes-preserve-unknown-fields": true, "items": {
            "type": "object", "properties": {"n": text}}},
        "e": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {
            "spec": {"type": "object", "properties": {"s": text}}}},
        "nn": {"type": "string", "nullable": true, "default": "nd"},
        "o": {"type": "object", "default": {}, "properties": {"x": {"type": "integer", "default": 3}}},
        "st": text,
    }))
}

#[track_caller]
fn check(spec: Value, expected: Value, unknown: &[&str]) {
    let schema = compiled(&schema());
    let mut object =
        json!({"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "a", "zz": 1}, "spec": spec});
    assert_eq!(schema.prune(&mut object), unknown);
    schema.apply_defaults(&mut object);
    assert_eq!(object["spec"], expected);
    assert_eq!(object["metadata"], json!({"name": "a", "zz": 1}));
}

#[test]
fn what_is_left_out_gets_its_default() {
    let expected = json!({"a": "d", "nn": "nd", "o": {"x": 3}});
    check(json!({}), expected.clone(), &[]);
    check(json!({"o": null}), expected.clone(), &[]);
    check(json!({"o": {"x": null}, "st": null, "a": null}), expected, &[]);
    check(
        json!({"nn": null}),
        json!({"a": "d", "nn": null, "o": {"x": 3}}),
        &[],
    );
}

#[test]
fn what_the_schema_does_not_know_is_removed_and_named() {
    check(
        json!({
            "zz": 1,
            "l": [{"q": 1}, {"n": null, "m": null}],
            "m": {"a.b": {"k": null, "u": 1}, "c": null},
            "any": {"x": {"y": 1}, "l": [{"z": 1}]},
            "p": {"u": {"v": 1}, "i": {"y": "1", "w": 2}},
            "lp": [{"n": "1", "u": 2}],
            "nn": null,
        }),
        json!({
            "a": "d",
            "any": {"l": [{}], "x": {}},
            "l": [{"m": "q"}, {"m": "q"}],
            "lp": [{"n": "1", "u": 2}],
            "m": {"a.b": {"k": "z"}},
            "nn": null,
            "o": {"x": 3},
            "p": {"i": {"y": "1"}, "u": {"v": 1}},
        }),
        &[
            "spec.any.l[0].z",
            "spec.any.x.y",
            "spec.l[0].q",
            "spec.m.a.b.u",
            "spec.p.i.w",
            "spec.zz",
        ],
    );
}

#[test]
fn a_resource_within_a_resource_keeps_its_own_fields() {
    check(
        json!({"e": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "zz": 1, "spec": {"s": "1", "t": 2}}}),
        json!({
            "a": "d",
            "e": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}, "spec": {"s": "1"}},
            "nn": "nd",
            "o": {"x": 3},
        }),
        &["spec.e.spec.t", "spec.e.zz"],
    );
}
