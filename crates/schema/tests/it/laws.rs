//! What holds for every schema, object and patch.

use keydesk_schema::{Schema, decode, patch};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Map, Value, json};

/// Values with few names and many nulls, so that schemas and objects meet.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000..1000_i32).prop_map(|eighths| json!(f64::from(eighths) / 8.0)),
        "[ab]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[abcd]", inner, 0..4).prop_map(object),
        ]
    })
}

fn object(fields: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(fields.into_iter().collect::<Map<_, _>>())
}

/// Schemas that are structural.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        Just(json!({"type": "string", "default": "b", "maxLength": 2})),
        Just(json!({"type": "integer", "minimum": 0})),
        Just(json!({"type": "boolean", "nullable": true})),
        Just(json!({"x-kubernetes-int-or-string": true})),
        Just(json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})),
        Just(
            json!({"type": "object", "default": {"a": "x"}, "properties": {"a": {"type": "string", "default": "y"}}})
        ),
    ];
    let nested = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|items| json!({"type": "array", "items": items})),
            inner
                .clone()
                .prop_map(|values| json!({"type": "object", "additionalProperties": values})),
            proptest::collection::hash_map("[abcd]", inner, 0..4)
                .prop_map(|properties| json!({"type": "object", "properties": object(properties)})),
        ]
    });
    proptest::collection::hash_map("[abcd]", nested, 0..4)
        .prop_map(|properties| json!({"type": "object", "properties": object(properties)}))
}

/// Keywords with anything as their values.
fn would_be_schemas() -> impl Strategy<Value = Value> {
    let keywords = [
        "type",
        "properties",
        "items",
        "additionalProperties",
        "default",
        "enum",
        "required",
        "allOf",
        "anyOf",
        "not",
        "pattern",
        "format",
        "nullable",
        "maximum",
        "maxLength",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-validations",
        "x-kubernetes-preserve-unknown-fields",
    ];
    let leaf = prop_oneof![
        values(),
        proptest::sample::select(vec![
            "object", "array", "string", "integer", "map", "set", "(", "date", "int32"
        ])
        .prop_map(Value::from),
        "[a-z.()=0-9 +'\\[\\]]{0,12}".prop_map(|rule| json!([{"rule": rule, "message": "m"}])),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        let keyword = proptest::sample::select(keywords.to_vec()).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::hash_map(keyword, inner.clone(), 0..5).prop_map(object),
            proptest::collection::hash_map("[ab]", inner.clone(), 0..3).prop_map(object),
            proptest::collection::vec(inner, 0..3).prop_map(Value::from),
        ]
    })
}

fn structural(schema: &Value) -> Schema {
    Schema::structural(schema, "s").unwrap_or_else(|violations| panic!("{schema}: {violations:?}"))
}

proptest! {
    #[test]
    fn pruning_twice_is_pruning_once(schema in schemas(), mut value in values()) {
        let schema = structural(&schema);
        schema.prune(&mut value);
        let once = value.clone();
        assert_eq!(schema.prune(&mut value), Vec::<String>::new());
        assert_eq!(value, once);
    }

    #[test]
    fn defaulting_twice_is_defaulting_once(schema in schemas(), mut value in values()) {
        let schema = structural(&schema);
        schema.apply_defaults(&mut value);
        let once = value.clone();
        schema.apply_defaults(&mut value);
        assert_eq!(value, once);
    }

    #[test]
    fn pruning_and_defaulting_may_come_in_any_order(schema in schemas(), value in values()) {
        let schema = structural(&schema);
        let (mut pruned_first, mut defaulted_first) = (value.clone(), value);
        schema.prune(&mut pruned_first);
        schema.apply_defaults(&mut pruned_first);
        schema.apply_defaults(&mut defaulted_first);
        schema.prune(&mut defaulted_first);
        assert_eq!(pruned_first, defaulted_first);
    }

    #[test]
    fn an_unchanged_object_is_never_refused_for_its_structure(schema in schemas(), value in values()) {
        let schema = structural(&schema);
        assert_eq!(schema.validate(&value, Some(&value)), []);
    }

    #[test]
    fn no_schema_and_no_object_causes_a_panic(schema in would_be_schemas(), mut value in values(), old in values()) {
        if let Ok(schema) = Schema::structural(&schema, "s") {
            schema.prune(&mut value);
            schema.apply_defaults(&mut value);
            for violation in schema.validate(&value, Some(&old)) {
                assert!(!violation.to_string().is_empty());
            }
        }
        if let Ok(schema) = Schema::from_components(&json!({"A": schema}), "A") {
            schema.prune(&mut value);
            schema.apply_defaults(&mut value);
            let _ = schema.validate(&value, None);
        }
    }

    #[test]
    fn no_patch_causes_a_panic(target in values(), patch in values()) {
        let merged = patch::merge(&target, &patch);
        let _ = patch::json(&merged, &patch);
        let schema = Schema::from_components(
            &json!({"A": {"type": "object", "properties": {"a": {
                "type": "array", "items": {"$ref": "#/components/schemas/A"},
                "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "b"}}}}),
            "A",
        ).unwrap();
        let _ = patch::strategic(&target, &patch, &schema);
    }

    #[test]
    fn no_bytes_cause_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in "[\\[\\]{}:,\"a0&*!|> \n-]{0,40}") {
        let _ = decode::json(&bytes);
        let _ = decode::yaml(&bytes);
        let _ = decode::json(text.as_bytes());
        let _ = decode::yaml(text.as_bytes());
    }

    #[test]
    fn what_is_written_as_json_is_read_back(value in values()) {
        assert_eq!(decode::json(value.to_string().as_bytes()).unwrap().value, value);
    }

    #[test]
    fn an_empty_strategic_patch_changes_nothing(target in values()) {
        if target.is_object() {
            let schema = Schema::from_components(&json!({"A": {"type": "object"}}), "A").unwrap();
            assert_eq!(patch::strategic(&target, &json!({}), &schema).unwrap(), target);
        }
    }
}
