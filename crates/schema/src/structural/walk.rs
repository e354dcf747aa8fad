//! The rules of a CustomResourceDefinition's own validation, node by node.

use serde_json::Value;

use super::{Raw, flag, listed, lists, object, properties, rules, text};
use crate::violation::Violation;

/// Keywords of JSON schema that structural schemas do not have.
const UNSUPPORTED: [&str; 6] = [
    "id",
    "additionalItems",
    "patternProperties",
    "definitions",
    "dependencies",
    "$ref",
];

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// What a node inherits from where it stands.
#[derive(Clone, Copy, Default)]
struct Context<'a> {
    /// Why there may be no default here.
    no_default: Option<&'a str>,
    in_metadata: bool,
    /// The list or map within which values before and after an update cannot be told to be the same.
    uncorrelated: Option<&'a str>,
}

pub(super) fn check(raw: &Raw, path: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    visit(raw, path, true, Context::default(), &mut violations);
    violations
}

fn visit(raw: &Raw, path: &str, is_root: bool, context: Context<'_>, violations: &mut Vec<Violation>) {
    keywords(raw, path, context, violations);
    if let Some(additional) = raw.get("additionalProperties").filter(|value| !value.is_null()) {
        let path = format!("{path}.additionalProperties");
        if object(raw, "properties").is_some_and(|properties| !properties.is_empty())
            && *additional != Value::Bool(true)
        {
            let detail = "additionalProperties and properties are mutual exclusive";
            violations.push(Violation::forbidden(&path, detail));
        }
        if let Value::Object(values) = additional {
            let no_default = if context.in_metadata {
                Some("inside additionalProperties applying to object metadata")
            } else {
                context.no_default
            };
            visit(
                values,
                &path,
                false,
                Context {
                    no_default,
                    ..context
                },
                violations,
            );
        }
    }
    for (name, property, path) in properties(raw, path) {
        let mut context = context;
        let reason = format!("in top-level {name}");
        if (is_root || flag(raw, "x-kubernetes-embedded-resource"))
            && matches!(name, "apiVersion" | "kind" | "metadata")
        {
            context.in_metadata = true;
            if is_root {
                context.no_default = Some(&reason);
            }
        }
        visit(property, &path, false, context, violations);
    }
    if let Some(not) = object(raw, "not") {
        visit(not, &format!("{path}.not"), false, context, violations);
    }
    for keyword in ["allOf", "oneOf", "anyOf"] {
        for (branch, path) in listed(raw, keyword, path) {
            visit(branch, &path, false, context, violations);
        }
    }
    if let Some(items) = object(raw, "items") {
        let uncorrelated = if text(raw, "x-kubernetes-list-type") == "map" {
            context.uncorrelated
        } else {
            context.uncorrelated.or(Some(path))
        };
        visit(
            items,
            &format!("{path}.items"),
            false,
            Context {
                uncorrelated,
                ..context
            },
            violations,
        );
    }
    lists::check(raw, path, violations);
    rules::check(raw, path, context.uncorrelated, violations);
}

fn keywords(raw: &Raw, path: &str, context: Context<'_>, violations: &mut Vec<Violation>) {
    let mut forbid = |keyword: &str, detail: &str| {
        violations.push(Violation::forbidden(&format!("{path}.{keyword}"), detail));
    };
    if let (Some(reason), true) = (
        context.no_default,
        raw.get("default").is_some_and(|value| !value.is_null()),
    ) {
        forbid("default", &format!("must not be set {reason}"));
    }
    for keyword in UNSUPPORTED
        .into_iter()
        .filter(|keyword| raw.contains_key(*keyword))
    {
        forbid(keyword, &format!("{keyword} is not supported"));
    }
    let kind = text(raw, "type");
    if kind == "null" {
        forbid(
            "type",
            "type cannot be set to null, use nullable as an alternative",
        );
    }
    if raw.get("items").is_some_and(Value::is_array) {
        forbid("items", "items must be a schema object and not an array");
    }
    if flag(raw, "uniqueItems") {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        forbid("uniqueItems", detail);
    }
    if context.in_metadata && flag(raw, "x-kubernetes-embedded-resource") {
        forbid(
            "x-kubernetes-embedded-resource",
            "must not be used inside of resource meta",
        );
    }
    if !kind.is_empty() && !TYPES.contains(&kind) {
        violations.push(Violation::not_supported(&format!("{path}.type"), kind, &TYPES));
    }
    if raw.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        let path = format!("{path}.x-kubernetes-preserve-unknown-fields");
        violations.push(Violation::invalid(&path, false, "must be true or undefined"));
    }
}
