//! Whether keywords have values of the right type, so that the other checks can rely on it.

use serde_json::Value;

use super::Raw;
use crate::decode::MAX_DEPTH;
use crate::violation::Violation;

/// What a keyword's value must be.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Flag,
    Number,
    /// A whole number that is not negative.
    Size,
    Texts,
    List,
    Schema,
    SchemaOrFlag,
    Schemas,
    NamedSchemas,
    Rules,
}

const KEYWORDS: [(&str, Shape); 32] = [
    ("type", Shape::Text),
    ("format", Shape::Text),
    ("pattern", Shape::Text),
    ("x-kubernetes-list-type", Shape::Text),
    ("x-kubernetes-map-type", Shape::Text),
    ("nullable", Shape::Flag),
    ("exclusiveMaximum", Shape::Flag),
    ("exclusiveMinimum", Shape::Flag),
    ("uniqueItems", Shape::Flag),
    ("x-kubernetes-preserve-unknown-fields", Shape::Flag),
    ("x-kubernetes-embedded-resource", Shape::Flag),
    ("x-kubernetes-int-or-string", Shape::Flag),
    ("maximum", Shape::Number),
    ("minimum", Shape::Number),
    ("multipleOf", Shape::Number),
    ("maxLength", Shape::Size),
    ("minLength", Shape::Size),
    ("maxItems", Shape::Size),
    ("minItems", Shape::Size),
    ("maxProperties", Shape::Size),
    ("minProperties", Shape::Size),
    ("required", Shape::Texts),
    ("x-kubernetes-list-map-keys", Shape::Texts),
    ("enum", Shape::List),
    ("items", Shape::Schema),
    ("not", Shape::Schema),
    ("additionalProperties", Shape::SchemaOrFlag),
    ("allOf", Shape::Schemas),
    ("anyOf", Shape::Schemas),
    ("oneOf", Shape::Schemas),
    ("properties", Shape::NamedSchemas),
    ("x-kubernetes-validations", Shape::Rules),
];

/// Keywords with values that they cannot have.
pub(super) fn check(raw: &Raw, path: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    visit(raw, path, 0, &mut violations);
    violations
}

fn visit(raw: &Raw, path: &str, depth: usize, violations: &mut Vec<Violation>) {
    if depth > MAX_DEPTH {
        violations.push(Violation::invalid(
            path,
            "",
            format!("must not be nested deeper than {MAX_DEPTH} levels"),
        ));
        return;
    }
    for (keyword, shape) in KEYWORDS {
        let Some(value) = raw.get(keyword).filter(|value| !value.is_null()) else {
            continue;
        };
        let path = format!("{path}.{keyword}");
        let mut descend = |value: &Value, path: &str| match value.as_object() {
            Some(schema) => {
                visit(schema, path, depth + 1, violations);
                true
            }
            None => false,
        };
        let fits = match shape {
            Shape::Text => value.is_string(),
            Shape::Flag => value.is_boolean(),
            Shape::Number => value.is_number(),
            Shape::Size => value.is_u64(),
            Shape::List => value.is_array(),
            Shape::Texts => value
                .as_array()
                .is_some_and(|items| items.iter().all(Value::is_string)),
            // A list of schemas has its own complaint.
            Shape::Schema => value.is_array() || descend(value, &path),
            Shape::SchemaOrFlag => value.is_boolean() || descend(value, &path),
            Shape::Schemas => value.as_array().is_some_and(|items| {
                items
                    .iter()
                    .enumerate()
                    .all(|(index, item)| descend(item, &format!("{path}[{index}]")))
            }),
            Shape::NamedSchemas => value.as_object().is_some_and(|schemas| {
                schemas
                    .iter()
                    .all(|(name, schema)| descend(schema, &format!("{path}[{name}]")))
            }),
            Shape::Rules => value.as_array().is_some_and(|rules| rules.iter().all(is_rule)),
        };
        if !fits {
            violations.push(Violation::invalid(
                &path,
                value.clone(),
                format!("must be {}", shape.words()),
            ));
        }
    }
}

fn is_rule(rule: &Value) -> bool {
    let Some(rule) = rule.as_object() else {
        return false;
    };
    rule.iter().all(|(name, value)| match name.as_str() {
        "optionalOldSelf" => value.is_boolean() || value.is_null(),
        _ => value.is_string() || value.is_null(),
    })
}

impl Shape {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Flag => "true or false",
            Self::Number => "a number",
            Self::Size => "a whole number that is not negative",
            Self::Texts => "a list of strings",
            Self::List => "a list",
            Self::Schema => "a schema",
            Self::SchemaOrFlag => "a schema, true or false",
            Self::Schemas => "a list of schemas",
            Self::NamedSchemas => "schemas by name",
            Self::Rules => "a list of rules",
        }
    }
}
