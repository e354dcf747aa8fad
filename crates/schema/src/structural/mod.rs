//! What a CustomResourceDefinition's schema may say: the rules of structural schemas, and those of the
//! definition's own validation, in the words of a kube-apiserver.

mod defaults;
mod field_path;
mod keywords;
mod lists;
mod rules;
mod shape;
mod walk;

use serde_json::{Map, Value};

pub(crate) use self::defaults::check_defaults;
pub(crate) use self::field_path::normalized as normalized_field_path;
use crate::violation::Violation;

/// A schema as it stands in the definition.
type Raw = Map<String, Value>;

/// Every rule that the schema breaks, but for the defaults and CEL rules that only its compiled form
/// can check.
pub(crate) fn check(schema: &Value, path: &str) -> Vec<Violation> {
    let Value::Object(raw) = schema else {
        return vec![Violation::required(path, "schemas are required")];
    };
    // What is not a schema at all would make every other complaint a riddle.
    let malformed = keywords::check(raw, path);
    if !malformed.is_empty() {
        return malformed;
    }
    let mut violations = shape::check(raw, path);
    violations.sort_by_cached_key(ToString::to_string);
    if flag(raw, "nullable") {
        violations.push(Violation::forbidden(
            &format!("{path}.nullable"),
            "nullable cannot be true at the root",
        ));
    }
    violations.extend(walk::check(raw, path));
    violations
}

fn flag(raw: &Raw, keyword: &str) -> bool {
    raw.get(keyword).and_then(Value::as_bool).unwrap_or(false)
}

fn text<'a>(raw: &'a Raw, keyword: &str) -> &'a str {
    raw.get(keyword).and_then(Value::as_str).unwrap_or_default()
}

fn object<'a>(raw: &'a Raw, keyword: &str) -> Option<&'a Raw> {
    raw.get(keyword).and_then(Value::as_object)
}

/// The schemas that a keyword lists, each with its path.
fn listed<'a>(raw: &'a Raw, keyword: &'a str, path: &'a str) -> impl Iterator<Item = (&'a Raw, String)> {
    let items = raw.get(keyword).and_then(Value::as_array).into_iter().flatten();
    items
        .enumerate()
        .filter_map(move |(index, item)| Some((item.as_object()?, format!("{path}.{keyword}[{index}]"))))
}

/// The schemas of a node's properties, each with its name and path.
fn properties<'a>(raw: &'a Raw, path: &'a str) -> impl Iterator<Item = (&'a str, &'a Raw, String)> {
    let properties = object(raw, "properties").into_iter().flatten();
    properties.filter_map(move |(name, property)| {
        Some((
            name.as_str(),
            property.as_object()?,
            format!("{path}.properties[{name}]"),
        ))
    })
}
