//! List and map types (`x-kubernetes-list-type`, `-list-map-keys`, `-map-type`).

use serde_json::Value;

use super::{Raw, flag, object, text};
use crate::violation::Violation;

pub(super) fn check(raw: &Raw, path: &str, violations: &mut Vec<Violation>) {
    let map_type = text(raw, "x-kubernetes-map-type");
    if !map_type.is_empty() {
        require_type(raw, "object", "x-kubernetes-map-type", path, violations);
        if !matches!(map_type, "atomic" | "granular") {
            let path = format!("{path}.x-kubernetes-map-type");
            violations.push(Violation::not_supported(&path, map_type, &["atomic", "granular"]));
        }
    }
    let list_type = text(raw, "x-kubernetes-list-type");
    let items = object(raw, "items");
    if !list_type.is_empty() {
        if text(raw, "type") != "array" {
            require_type(raw, "array", "x-kubernetes-list-type", path, violations);
        } else if let (Some(items), "set") = (items, list_type) {
            require_atomic(items, path, violations);
        }
        if !matches!(list_type, "atomic" | "set" | "map") {
            let path = format!("{path}.x-kubernetes-list-type");
            violations.push(Violation::not_supported(
                &path,
                list_type,
                &["atomic", "set", "map"],
            ));
        }
    }
    let keys: Vec<&str> = raw
        .get("x-kubernetes-list-map-keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !keys.is_empty() && list_type != "map" {
        let path = format!("{path}.x-kubernetes-list-type");
        let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
        violations.push(match list_type {
            "" => Violation::required(&path, detail),
            other => Violation::invalid(&path, other, detail),
        });
    }
    if list_type == "map" {
        check_map(items, &keys, path, violations);
    }
    if let (Some(items), "set" | "map") = (items, list_type)
        && flag(items, "nullable")
    {
        let detail = format!("cannot be nullable when x-kubernetes-list-type is {list_type}");
        violations.push(Violation::forbidden(&format!("{path}.items.nullable"), detail));
    }
}

fn require_type(raw: &Raw, expected: &str, keyword: &str, path: &str, violations: &mut Vec<Violation>) {
    let path = format!("{path}.type");
    let detail = format!("must be {expected} if {keyword} is specified");
    match text(raw, "type") {
        kind if kind == expected => {}
        "" => violations.push(Violation::required(&path, detail)),
        other => violations.push(Violation::invalid(&path, other, detail)),
    }
}

/// Items of a set are compared as a whole, so that nothing may merge into them.
fn require_atomic(items: &Raw, path: &str, violations: &mut Vec<Violation>) {
    let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
    let (keyword, is_atomic) = match text(items, "type") {
        "array" => {
            let list_type = text(items, "x-kubernetes-list-type");
            (
                "x-kubernetes-list-type",
                list_type.is_empty() || list_type == "atomic",
            )
        }
        "object" => (
            "x-kubernetes-map-type",
            text(items, "x-kubernetes-map-type") == "atomic",
        ),
        _ => return,
    };
    if !is_atomic {
        let list_type = items
            .get("x-kubernetes-list-type")
            .cloned()
            .unwrap_or(Value::Null);
        violations.push(Violation::invalid(
            &format!("{path}.items.{keyword}"),
            list_type,
            detail,
        ));
    }
}

fn check_map(items: Option<&Raw>, keys: &[&str], path: &str, violations: &mut Vec<Violation>) {
    let keys_path = format!("{path}.x-kubernetes-list-map-keys");
    if keys.is_empty() {
        let detail = "must not be empty if x-kubernetes-list-type is map";
        violations.push(Violation::required(&keys_path, detail));
    }
    let Some(items) = items else {
        let detail = "must have a schema if x-kubernetes-list-type is map";
        violations.push(Violation::required(&format!("{path}.items"), detail));
        return;
    };
    let item_type = text(items, "type");
    if item_type != "object" {
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        violations.push(Violation::invalid(
            &format!("{path}.items.type"),
            item_type,
            detail,
        ));
        return;
    }
    let is_required = |key: &str| {
        items
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| names.iter().any(|name| name == key))
    };
    for (index, key) in keys.iter().enumerate() {
        let property_path = format!("{path}.items.properties[{key}]");
        let property = object(items, "properties").and_then(|properties| object(properties, key));
        if let Some(property) = property {
            if matches!(text(property, "type"), "array" | "object") {
                let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                violations.push(Violation::invalid(
                    &format!("{property_path}.type"),
                    item_type,
                    detail,
                ));
            }
            if !is_required(key) && property.get("default").is_none_or(Value::is_null) {
                let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be \
                              a required property";
                violations.push(Violation::required(&format!("{property_path}.default"), detail));
            }
            if flag(property, "nullable") {
                let detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
                violations.push(Violation::forbidden(&format!("{property_path}.nullable"), detail));
            }
        } else {
            let detail = "entries must all be names of item properties";
            violations.push(Violation::invalid(&keys_path, keys.to_vec(), detail));
        }
        if keys[..index].contains(key) {
            violations.push(Violation::invalid(
                &keys_path,
                keys.to_vec(),
                "must not contain duplicate entries",
            ));
        }
    }
}
