//! The rules that make a schema structural: every field is declared with its type outside of `allOf`,
//! `anyOf`, `oneOf` and `not`, and those only restrict values.

use serde_json::{Value, json};

use super::{Raw, flag, listed, object, properties, text};
use crate::validate::Pattern;
use crate::violation::Violation;

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Field,
    Item,
}

/// Every break of structure. What stands below `allOf` and the like is compared with the schema that
/// it stands in.
pub(super) fn check(raw: &Raw, path: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    spine(raw, Level::Root, path, &mut violations);
    branches(raw, Some(raw), path, path, &mut violations);
    violations
}

fn spine(raw: &Raw, level: Level, path: &str, violations: &mut Vec<Violation>) {
    let kind = text(raw, "type");
    let embedded = flag(raw, "x-kubernetes-embedded-resource");
    let keeps_unknown = flag(raw, "x-kubernetes-preserve-unknown-fields");
    let int_or_string = flag(raw, "x-kubernetes-int-or-string");
    let additional = raw.get("additionalProperties").filter(|value| !value.is_null());

    match object(raw, "items") {
        Some(items) => spine(items, Level::Item, &format!("{path}.items"), violations),
        None if kind == "array" && raw.get("items").is_none() => {
            violations.push(Violation::required(&format!("{path}.items"), "must be specified"));
        }
        None => {}
    }
    for (_, property, path) in properties(raw, path) {
        spine(property, Level::Field, &path, violations);
    }
    if let Some(additional) = additional {
        let path = format!("{path}.additionalProperties");
        if level == Level::Root {
            violations.push(Violation::forbidden(&path, "must not be used at the root"));
        }
        if let Value::Object(values) = additional {
            spine(values, Level::Field, &path, violations);
        }
        if embedded {
            let detail = "must not be used if x-kubernetes-embedded-resource is set";
            violations.push(Violation::forbidden(&path, detail));
        }
    }
    for (set, keyword) in [
        (keeps_unknown, "x-kubernetes-preserve-unknown-fields"),
        (embedded, "x-kubernetes-embedded-resource"),
    ] {
        if int_or_string && set {
            let detail = "must be false if x-kubernetes-int-or-string is true";
            violations.push(Violation::invalid(&format!("{path}.{keyword}"), true, detail));
        }
    }
    value_validation(raw, path, violations);
    junctors(raw, path, violations);

    let type_path = format!("{path}.type");
    if embedded && kind != "object" {
        let detail = "must be object if x-kubernetes-embedded-resource is true";
        violations.push(if kind.is_empty() {
            Violation::required(&type_path, detail)
        } else {
            Violation::invalid(&type_path, kind, detail)
        });
    } else if kind.is_empty() && !int_or_string && !keeps_unknown {
        let detail = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        violations.push(Violation::required(&type_path, detail));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        violations.push(Violation::invalid(&type_path, kind, "must be object at the root"));
    }
    resource_fields(raw, level, embedded, path, violations);
    if embedded && !keeps_unknown && object(raw, "properties").is_none_or(Raw::is_empty) {
        let detail = "must not be empty if x-kubernetes-embedded-resource is true without \
                      x-kubernetes-preserve-unknown-fields";
        violations.push(Violation::required(&format!("{path}.properties"), detail));
    }
}

/// A resource's own fields may be declared, but not otherwise than they are.
fn resource_fields(raw: &Raw, level: Level, embedded: bool, path: &str, violations: &mut Vec<Violation>) {
    if level != Level::Root && !embedded {
        return;
    }
    for (name, property, path) in properties(raw, path) {
        let kind = text(property, "type");
        let type_path = format!("{path}.type");
        match name {
            "kind" | "apiVersion" if kind != "string" => {
                violations.push(Violation::invalid(&type_path, kind, "must be string"));
            }
            "metadata" => {
                if kind != "object" {
                    violations.push(Violation::invalid(&type_path, kind, "must be object"));
                }
                if level == Level::Root && !restricts_only_names(property) {
                    let detail = "must not specify anything other than name and generateName, but metadata is \
                                  implicitly specified";
                    violations.push(Violation::forbidden(&path, detail));
                }
            }
            _ => {}
        }
    }
}

fn restricts_only_names(metadata: &Raw) -> bool {
    let only_names = object(metadata, "properties").is_none_or(|properties| {
        properties
            .keys()
            .all(|name| name == "name" || name == "generateName")
    });
    only_names
        && metadata
            .keys()
            .all(|keyword| matches!(keyword.as_str(), "type" | "properties" | "default"))
}

/// What any schema may say about values, wherever it stands.
fn value_validation(raw: &Raw, path: &str, violations: &mut Vec<Violation>) {
    let pattern = text(raw, "pattern");
    if pattern.is_empty() {
        return;
    }
    if let Some(fault) = Pattern::new(pattern).fault() {
        let detail = format!("must be a valid regular expression, but isn't: {fault}");
        violations.push(Violation::invalid(&format!("{path}.pattern"), pattern, detail));
    }
}

/// Checks what stands below `allOf`, `anyOf`, `oneOf` and `not`. An int-or-string may be spelled with
/// types there, in `anyOf` or in the first `allOf`.
fn junctors(raw: &Raw, path: &str, violations: &mut Vec<Violation>) {
    if !is_int_or_string(raw) {
        listed(raw, "anyOf", path).for_each(|(branch, path)| nested(branch, &path, violations));
    }
    for (index, (branch, path)) in listed(raw, "allOf", path).enumerate() {
        if index == 0 && is_int_or_string(branch) {
            let mut rest = branch.clone();
            rest.remove("anyOf");
            nested(&rest, &path, violations);
        } else {
            nested(branch, &path, violations);
        }
    }
    listed(raw, "oneOf", path).for_each(|(branch, path)| nested(branch, &path, violations));
    if let Some(not) = object(raw, "not") {
        nested(not, &format!("{path}.not"), violations);
    }
}

fn is_int_or_string(raw: &Raw) -> bool {
    raw.get("anyOf") == Some(&json!([{"type": "integer"}, {"type": "string"}]))
}

/// A schema that may only restrict values.
fn nested(raw: &Raw, path: &str, violations: &mut Vec<Violation>) {
    const FORBIDDEN: [(&str, &str); 12] = [
        ("type", "must be empty to be structural"),
        ("additionalProperties", "must be undefined to be structural"),
        ("default", "must be undefined to be structural"),
        ("title", "must be empty to be structural"),
        ("description", "must be empty to be structural"),
        ("nullable", "must be false to be structural"),
        (
            "x-kubernetes-preserve-unknown-fields",
            "must be false to be structural",
        ),
        ("x-kubernetes-embedded-resource", "must be false to be structural"),
        ("x-kubernetes-int-or-string", "must be false to be structural"),
        ("x-kubernetes-list-map-keys", "must be empty to be structural"),
        ("x-kubernetes-list-type", "must be undefined to be structural"),
        ("x-kubernetes-map-type", "must be undefined to be structural"),
    ];
    value_validation(raw, path, violations);
    junctors(raw, path, violations);
    if let Some(items) = object(raw, "items") {
        nested(items, &format!("{path}.items"), violations);
    }
    for (name, property, path) in properties(raw, path) {
        nested(property, &path, violations);
        if name == "metadata" {
            violations.push(Violation::forbidden(
                &path,
                "must not be specified in a nested context",
            ));
        }
    }
    for (keyword, detail) in FORBIDDEN {
        if raw.get(keyword).is_some_and(says_something) {
            violations.push(Violation::forbidden(&format!("{path}.{keyword}"), detail));
        }
    }
    if raw.get("x-kubernetes-validations").is_some_and(says_something) {
        let path = format!("{path}.x-kubernetes-validations");
        violations.push(Violation::forbidden(&path, "must be empty to be structural"));
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::Object(_) => true,
    }
}

/// Everything that a branch of `from` speaks about must be declared in `declared`.
fn branches(from: &Raw, declared: Option<&Raw>, spine: &str, path: &str, violations: &mut Vec<Violation>) {
    if let Some(not) = object(from, "not") {
        completeness(not, declared, spine, &format!("{path}.not"), violations);
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for (branch, path) in listed(from, keyword, path) {
            completeness(branch, declared, spine, &path, violations);
        }
    }
}

fn completeness(
    branch: &Raw,
    declared: Option<&Raw>,
    spine: &str,
    path: &str,
    violations: &mut Vec<Violation>,
) {
    let Some(declared) = declared else {
        violations.push(Violation::required(
            spine,
            format!("because it is defined in {path}"),
        ));
        return;
    };
    branches(branch, Some(declared), spine, path, violations);
    if let Some(items) = object(branch, "items") {
        let spine = format!("{spine}.items");
        completeness(
            items,
            object(declared, "items"),
            &spine,
            &format!("{path}.items"),
            violations,
        );
    }
    for (name, property, path) in properties(branch, path) {
        let counterpart = object(declared, "properties").and_then(|properties| object(properties, name));
        completeness(
            property,
            counterpart,
            &format!("{spine}.properties[{name}]"),
            &path,
            violations,
        );
    }
}
