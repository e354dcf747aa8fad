//! Types, bounds and shape of every value, node by node.

mod junctors;
mod scalars;

use serde_json::Value;

use super::number::Numeric;
use super::{MAX_VIOLATIONS, OldItems, same};
use crate::node::{Additional, Limits, Node, NodeId, Nodes, Type};
use crate::place::Place;
use crate::quote::quoted;
use crate::violation::{Violation, ViolationKind};

/// Every structural rule that `object` breaks. What is unchanged since `old` is let pass.
pub(super) fn check(
    nodes: &Nodes,
    root: NodeId,
    object: &Value,
    old: Option<&Value>,
    prefix: &str,
) -> Vec<Violation> {
    Check { nodes, prefix }
        .unless_unchanged(root, object, old, &Place::Root)
        .violations
}

struct Check<'a> {
    nodes: &'a Nodes,
    prefix: &'a str,
}

/// What a check found, and how many of its parts passed: of several alternatives that all fail, the
/// one that passed most is reported.
#[derive(Default)]
struct Outcome {
    violations: Vec<Violation>,
    passed: usize,
}

impl Outcome {
    fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        let room = MAX_VIOLATIONS.saturating_sub(self.violations.len());
        self.violations.extend(other.violations.into_iter().take(room));
    }

    /// As `merge`, without what is already there: alternatives tend to find the same fault.
    fn merge_new(&mut self, mut other: Self) {
        other
            .violations
            .retain(|violation| !self.violations.contains(violation));
        self.merge(other);
    }

    fn add(&mut self, violation: Option<Violation>) {
        self.violations.extend(violation);
    }
}

impl Check<'_> {
    /// Checks a value that an update may have left as it was: then its faults are let pass.
    fn unless_unchanged(&self, id: NodeId, value: &Value, old: Option<&Value>, place: &Place<'_>) -> Outcome {
        let mut outcome = self.check(id, value, old, place);
        if !outcome.violations.is_empty() && old.is_some_and(|old| same(old, value)) {
            outcome.violations.clear();
        }
        outcome
    }

    fn check(&self, id: NodeId, value: &Value, old: Option<&Value>, place: &Place<'_>) -> Outcome {
        let node = self.nodes.get(id);
        let mut outcome = Outcome::default();
        let type_fault = self.check_type(node, value, place);
        outcome.passed += usize::from(type_fault.is_none());
        outcome.add(type_fault);
        if value.is_null() {
            outcome.add(self.check_allowed(&node.limits, value, place));
            return outcome;
        }
        outcome.merge(self.check_junctors(node, value, old, place));
        match value {
            Value::String(text) => {
                outcome.add(self.check_text(&node.limits, text, place));
                outcome.add(self.check_format(&node.limits, text, place));
            }
            Value::Number(number) => outcome.violations.extend(self.check_number(node, number, place)),
            Value::Array(items) => outcome.merge(self.check_items(node, items, old, place)),
            Value::Null | Value::Bool(_) | Value::Object(_) => {}
        }
        outcome.add(self.check_allowed(&node.limits, value, place));
        if value.is_object() {
            outcome.merge(self.check_fields(node, value, old, place));
        }
        outcome.passed += 1;
        outcome
    }

    fn field(&self, place: &Place<'_>) -> String {
        place.below(self.prefix)
    }

    /// A violation whose detail starts with the place, as those of OpenAPI validation do.
    fn violation(&self, kind: ViolationKind, place: &Place<'_>, value: Value, rest: &str) -> Violation {
        Violation::new(
            kind,
            &self.field(place),
            Some(value),
            format!("{place} in body {rest}"),
        )
    }

    fn check_type(&self, node: &Node, value: &Value, place: &Place<'_>) -> Option<Violation> {
        if node.types.is_empty() {
            return None;
        }
        let found = match value {
            Value::Null if node.nullable => return None,
            Value::Null => "null",
            Value::Bool(_) => Type::Boolean.name(),
            Value::String(_) => Type::String.name(),
            Value::Array(_) => Type::Array.name(),
            Value::Object(_) => Type::Object.name(),
            Value::Number(number) => {
                let number = Numeric::of(number);
                if node.types.contains(&Type::Number)
                    || (node.types.contains(&Type::Integer) && number.is_whole())
                {
                    return None;
                }
                match number {
                    Numeric::Whole(_) => Type::Integer.name(),
                    Numeric::Float(_) => Type::Number.name(),
                }
            }
        };
        if Type::parse(found).is_some_and(|found| node.types.contains(&found)) {
            return None;
        }
        let (expected, found) = match (&node.limits.format, value) {
            // Of a value that a format cannot apply to, the type is named by format too.
            (Some(format), Value::Number(number)) => match Numeric::of(number) {
                Numeric::Whole(_) => (format.name().to_owned(), "int64"),
                Numeric::Float(_) => (format.name().to_owned(), "float64"),
            },
            (Some(format), Value::Bool(_) | Value::Object(_)) => (format.name().to_owned(), ""),
            (None, _) | (_, Value::Null | Value::String(_) | Value::Array(_)) => {
                let expected: Vec<&str> = node.types.iter().map(|expected| expected.name()).collect();
                (expected.join(","), found)
            }
        };
        let rest = format!("must be of type {expected}: {}", quoted(found));
        Some(self.violation(ViolationKind::TypeInvalid, place, found.into(), &rest))
    }

    fn check_allowed(&self, limits: &Limits, value: &Value, place: &Place<'_>) -> Option<Violation> {
        if limits.allowed.is_empty()
            || limits
                .allowed
                .iter()
                .any(|allowed| !allowed.is_null() && same(allowed, value))
        {
            return None;
        }
        let supported: Vec<String> = limits
            .allowed
            .iter()
            .map(|allowed| {
                allowed
                    .as_str()
                    .map_or_else(|| allowed.to_string(), str::to_owned)
            })
            .collect();
        Some(Violation::not_supported(
            &self.field(place),
            value.clone(),
            &supported,
        ))
    }

    fn check_items(&self, node: &Node, items: &[Value], old: Option<&Value>, place: &Place<'_>) -> Outcome {
        let mut outcome = Outcome {
            passed: 1,
            ..Outcome::default()
        };
        if let Some(schema) = node.items {
            let old_items = OldItems::new(node, old);
            for (index, item) in items.iter().enumerate() {
                let old = old_items.get(item);
                outcome.merge(self.unless_unchanged(schema, item, old, &place.item(index)));
            }
        }
        let limits = &node.limits;
        let size = items.len() as u64;
        if let Some(min) = limits.min_items
            && size < min
        {
            let rest = format!("should have at least {min} items");
            outcome.add(Some(self.violation(
                ViolationKind::Invalid,
                place,
                size.into(),
                &rest,
            )));
        }
        if let Some(max) = limits.max_items
            && size > max
        {
            outcome.add(Some(Violation::too_many(&self.field(place), size, max)));
        }
        if limits.unique_items && has_twins(items) {
            let rest = "shouldn't contain duplicates";
            outcome.add(Some(self.violation(
                ViolationKind::Invalid,
                place,
                "".into(),
                rest,
            )));
        }
        outcome
    }

    fn check_fields(&self, node: &Node, value: &Value, old: Option<&Value>, place: &Place<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let Some(fields) = value.as_object() else {
            return outcome;
        };
        let limits = &node.limits;
        let size = fields.len() as u64;
        if let Some(min) = limits.min_properties
            && size < min
        {
            let rest = format!("should have at least {min} properties");
            outcome.add(Some(self.violation(
                ViolationKind::Invalid,
                place,
                size.into(),
                &rest,
            )));
        }
        if let Some(max) = limits.max_properties
            && size > max
        {
            outcome.add(Some(Violation::too_many(&self.field(place), size, max)));
        }
        let old_field = |name: &str| old.and_then(|old| old.get(name));
        for (name, field) in fields
            .iter()
            .filter(|(name, _)| !node.properties.contains_key(*name))
        {
            match node.additional {
                Additional::Unsaid | Additional::Any => {}
                Additional::Forbidden => {
                    let path = place.field(name);
                    let detail = format!("{path} in body is a forbidden property");
                    outcome.add(Some(Violation::invalid(
                        &self.field(place),
                        name.as_str(),
                        detail,
                    )));
                }
                Additional::Schema(schema) => {
                    outcome.merge(self.unless_unchanged(schema, field, old_field(name), &place.field(name)));
                }
            }
        }
        for (name, &schema) in &node.properties {
            if let Some(field) = fields.get(name) {
                outcome.merge(self.unless_unchanged(schema, field, old_field(name), &place.field(name)));
            }
        }
        for name in node.required.iter().filter(|name| !fields.contains_key(*name)) {
            outcome.add(Some(Violation::required(&self.field(&place.field(name)), "")));
        }
        outcome
    }
}

fn has_twins(items: &[Value]) -> bool {
    let mut seen = std::collections::HashSet::new();
    items.iter().any(|item| !seen.insert(item.to_string()))
}
