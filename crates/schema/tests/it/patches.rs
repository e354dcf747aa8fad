//! JSON patches and strategic merge patches.

use keydesk_schema::{Schema, decode, patch};
use serde_json::{Value, json};

#[track_caller]
fn json_patch(target: Value, operations: Value, expected: Value) {
    assert_eq!(
        patch::json(&target, &operations).unwrap(),
        expected,
        "{target} + {operations}"
    );
}

#[track_caller]
fn refused_json_patch(target: Value, operations: Value, expected: &str) {
    assert_eq!(
        patch::json(&target, &operations).unwrap_err().to_string(),
        expected,
        "{target} + {operations}"
    );
}

#[test]
fn json_patches_do_what_rfc_6902_shows() {
    json_patch(
        json!({"foo": "bar"}),
        json!([{"op": "add", "path": "/baz", "value": "qux"}]),
        json!({"baz": "qux", "foo": "bar"}),
    );
    json_patch(
        json!({"foo": ["bar", "baz"]}),
        json!([{"op": "add", "path": "/foo/1", "value": "qux"}]),
        json!({"foo": ["bar", "qux", "baz"]}),
    );
    json_patch(
        json!({"baz": "qux", "foo": "bar"}),
        json!([{"op": "remove", "path": "/baz"}]),
        json!({"foo": "bar"}),
    );
    json_patch(
        json!({"foo": ["bar", "qux", "baz"]}),
        json!([{"op": "remove", "path": "/foo/1"}]),
        json!({"foo": ["bar", "baz"]}),
    );
    json_patch(
        json!({"baz": "qux"}),
        json!([{"op": "replace", "path": "/baz", "value": "boo"}]),
        json!({"baz": "boo"}),
    );
    json_patch(
        json!({"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}),
        json!([{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}]),
        json!({"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}),
    );
    json_patch(
        json!({"foo": ["all", "grass", "cows", "eat"]}),
        json!([{"op": "move", "from": "/foo/1", "path": "/foo/3"}]),
        json!({"foo": ["all", "cows", "eat", "grass"]}),
    );
    json_patch(
        json!({"baz": "qux", "foo": ["a", 2, "c"]}),
        json!([{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}]),
        json!({"baz": "qux", "foo": ["a", 2, "c"]}),
    );
    json_patch(
        json!({"foo": "bar"}),
        json!([{"op": "add", "path": "/child", "value": {"grandchild": {}}}]),
        json!({"foo": "bar", "child": {"grandchild": {}}}),
    );
    json_patch(
        json!({"foo": "bar"}),
        json!([{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}]),
        json!({"foo": "bar", "baz": "qux"}),
    );
    json_patch(
        json!({"/": 9, "~1": 10}),
        json!([{"op": "test", "path": "/~01", "value": 10}]),
        json!({"/": 9, "~1": 10}),
    );
    json_patch(
        json!({"foo": ["bar"]}),
        json!([{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}]),
        json!({"foo": ["bar", ["abc", "def"]]}),
    );
    json_patch(
        json!({"a": {"b": 1}}),
        json!([{"op": "copy", "from": "/a", "path": "/c"}]),
        json!({"a": {"b": 1}, "c": {"b": 1}}),
    );
}

#[test]
fn a_json_patch_that_does_not_fit_says_where() {
    refused_json_patch(
        json!({"baz": "qux"}),
        json!([{"op": "test", "path": "/baz", "value": "bar"}]),
        "testing value /baz failed: test failed",
    );
    refused_json_patch(
        json!({"foo": "bar"}),
        json!([{"op": "add", "path": "/baz/bat", "value": "qux"}]),
        "add operation does not apply: doc is missing path: \"/baz/bat\": missing value",
    );
    refused_json_patch(
        json!({}),
        json!([{"op": "remove", "path": "/a"}]),
        "remove operation does not apply: doc is missing path: \"/a\": missing value",
    );
    refused_json_patch(
        json!({}),
        json!([{"op": "replace", "path": "/a/b", "value": 1}]),
        "replace operation does not apply: doc is missing key: /a/b: missing value",
    );
}

#[test]
fn a_field_that_is_not_there_can_be_replaced() {
    json_patch(
        json!({"a": {}}),
        json!([{"op": "replace", "path": "/a/b", "value": 1}]),
        json!({"a": {"b": 1}}),
    );
    json_patch(
        json!({"a": 1}),
        json!([{"op": "replace", "path": "", "value": 2}]),
        json!(2),
    );
    refused_json_patch(
        json!({"a": []}),
        json!([{"op": "replace", "path": "/a/0", "value": 1}]),
        "replace operation does not apply: doc is missing key: /a/0: missing value",
    );
}

#[test]
fn a_json_patch_cannot_grow_without_bounds() {
    let doubling: Vec<Value> = (0..64)
        .map(|round| json!({"op": "copy", "from": "", "path": format!("/x{round}")}))
        .collect();
    refused_json_patch(
        json!({"a": "x".repeat(1000)}),
        json!(doubling),
        "the result of the patch would be too large",
    );
    let deepening: Vec<Value> = (0..200)
        .map(|_| json!({"op": "copy", "from": "/a", "path": "/a/a"}))
        .collect();
    refused_json_patch(
        json!({"a": {}}),
        json!(deepening),
        "the result of the patch would be nested too deeply",
    );
    let many = vec![json!({"op": "test", "path": "", "value": {}}); 10_001];
    refused_json_patch(
        json!({}),
        json!(many),
        "The allowed maximum operations in a JSON patch is 10000, got 10001",
    );
}

#[test]
fn what_is_not_a_json_patch_is_refused() {
    for patch in [
        json!({}),
        json!("x"),
        json!([1]),
        json!([{"op": "frob", "path": "/a"}]),
        json!([{"op": "add"}]),
    ] {
        assert!(
            matches!(
                patch::json(&json!({}), &patch),
                Err(patch::PatchError::Malformed(_))
            ),
            "{patch}"
        );
    }
}

/// A schema as OpenAPI documents of built-in kinds have them.
fn service() -> Schema {
    let components = json!({
        "Service": {"type": "object", "properties": {
            "metadata": {"allOf": [{"$ref": "#/components/schemas/ObjectMeta"}]},
            "spec": {"type": "object", "properties": {
                "type": {"type": "string"},
                "selector": {"type": "object", "additionalProperties": {"type": "string"}},
                "externalIPs": {"type": "array", "items": {"type": "string"}},
                "ports": {
                    "type": "array", "items": {"$ref": "#/components/schemas/ServicePort"},
                    "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "port"}}}}},
        "ServicePort": {"type": "object", "properties": {
            "port": {"type": "integer"}, "name": {"type": "string"},
            "inner": {"$ref": "#/components/schemas/ServicePort"}}},
        "ObjectMeta": {"type": "object", "properties": {
            "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-patch-strategy": "merge"}}},
    });
    Schema::from_components(&components, "Service").unwrap()
}

#[track_caller]
fn strategic(target: Value, change: Value, expected: Value) {
    assert_eq!(
        patch::strategic(&target, &change, &service()).unwrap(),
        expected,
        "{target} + {change}"
    );
}

#[track_caller]
fn ports(target: Value, change: Value, expected: Value) {
    strategic(
        json!({"spec": {"ports": target}}),
        json!({"spec": {"ports": change}}),
        json!({"spec": {"ports": expected}}),
    );
}

#[test]
fn lists_with_a_merge_key_are_merged_item_by_item() {
    ports(
        json!([{"port": 80, "name": "a"}, {"port": 81}]),
        json!([{"port": 80, "name": "b"}, {"port": 82}]),
        json!([{"port": 80, "name": "b"}, {"port": 82}, {"port": 81}]),
    );
    ports(
        json!([{"port": 80}, {"port": 81}]),
        json!([{"port": 80, "$patch": "delete"}]),
        json!([{"port": 81}]),
    );
    ports(
        json!([{"port": 80}, {"port": 81}]),
        json!([{"port": 9}, {"$patch": "replace"}]),
        json!([{"port": 9}]),
    );
    ports(
        json!([{"port": 1}, {"port": 2}, {"port": 3}]),
        json!([{"port": 4}, {"port": 1}]),
        json!([{"port": 4}, {"port": 1}, {"port": 2}, {"port": 3}]),
    );
    ports(
        json!([{"port": 80, "name": "a"}]),
        json!([{"port": 80, "name": null}]),
        json!([{"port": 80}]),
    );
}

#[test]
fn lists_without_a_strategy_are_replaced() {
    strategic(
        json!({"spec": {"externalIPs": ["a", "b"]}}),
        json!({"spec": {"externalIPs": ["c"]}}),
        json!({"spec": {"externalIPs": ["c"]}}),
    );
}

#[test]
fn what_takes_the_place_of_another_kind_of_value_has_no_nulls() {
    for before in [json!([1]), json!("x"), json!(null)] {
        strategic(
            json!({"spec": {"selector": before}}),
            json!({"spec": {"selector": {"a": "b", "c": null}}}),
            json!({"spec": {"selector": {"a": "b"}}}),
        );
    }
}

#[test]
fn lists_of_scalars_are_merged_by_value() {
    let metadata = |finalizers: Value| json!({"metadata": {"finalizers": finalizers}});
    strategic(
        metadata(json!(["a", "b"])),
        metadata(json!(["b", "c"])),
        metadata(json!(["a", "b", "c"])),
    );
    strategic(
        metadata(json!(["a", "b"])),
        json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}),
        metadata(json!(["b"])),
    );
    strategic(
        metadata(json!(["a", "b"])),
        json!({"metadata": {"finalizers": ["c"], "$setElementOrder/finalizers": ["c", "b", "a"]}}),
        metadata(json!(["c", "b", "a"])),
    );
}

#[test]
fn the_order_asked_for_is_kept_and_the_rest_stays_where_it_was() {
    strategic(
        json!({"spec": {"ports": [{"port": 1}, {"port": 2}, {"port": 3}]}}),
        json!({"spec": {"$setElementOrder/ports": [{"port": 3}, {"port": 1}], "ports": [{"port": 1, "name": "x"}]}}),
        json!({"spec": {"ports": [{"port": 2}, {"port": 3}, {"port": 1, "name": "x"}]}}),
    );
}

#[test]
fn objects_are_merged_replaced_deleted_or_trimmed() {
    let spec = |spec: Value| json!({"spec": spec});
    strategic(
        spec(json!({"type": "A", "selector": {"a": "1"}})),
        spec(json!({"selector": {"b": "2"}})),
        spec(json!({"type": "A", "selector": {"a": "1", "b": "2"}})),
    );
    strategic(
        spec(json!({"selector": {"a": "1"}})),
        spec(json!({"selector": {"b": "2", "$patch": "replace"}})),
        spec(json!({"selector": {"b": "2"}})),
    );
    strategic(
        spec(json!({"selector": {"a": "1"}})),
        spec(json!({"selector": {"$patch": "delete"}})),
        spec(json!({"selector": {}})),
    );
    strategic(
        spec(json!({"type": "A", "selector": {"a": "1"}})),
        spec(json!({"selector": null})),
        spec(json!({"type": "A"})),
    );
    strategic(
        spec(json!({"type": "A", "selector": {}})),
        spec(json!({"$retainKeys": ["type"], "type": "B"})),
        spec(json!({"type": "B"})),
    );
    strategic(
        json!({}),
        spec(json!({"selector": {"a": null, "b": "1"}})),
        spec(json!({"selector": {"b": "1"}})),
    );
}

#[test]
fn directives_that_make_no_sense_are_refused() {
    for (change, expected) in [
        (json!([]), "a strategic merge patch must be an object"),
        (
            json!({"spec": {"$patch": "frob"}}),
            "unknown patch type: \"frob\" in map",
        ),
        (
            json!({"spec": {"$retainKeys": ["a"], "type": "B"}}),
            "invalid patch format of retainKeys",
        ),
        (
            json!({"spec": {"$deleteFromPrimitiveList": ["a"]}}),
            "invalid patch format of primitive list",
        ),
        (
            json!({"spec": {"ports": [{"name": "a"}]}}),
            "map does not contain declared merge key: port",
        ),
        (
            json!({"spec": {"ports": [1]}}),
            "list element types are not identical",
        ),
    ] {
        let target = json!({"spec": {"ports": [{"port": 1}]}});
        assert_eq!(
            patch::strategic(&target, &change, &service())
                .unwrap_err()
                .to_string(),
            expected,
            "{change}"
        );
    }
}

#[test]
fn decoded_patches_report_repeated_keys() {
    let read = decode::yaml(b"spec:\n  a: 1\n  a: 2\n").unwrap();
    assert_eq!(read.value, json!({"spec": {"a": 2}}));
    assert_eq!(read.duplicates, ["spec.a"]);
}
