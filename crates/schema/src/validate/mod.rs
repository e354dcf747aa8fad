//! What is wrong with an object, in the order in which a kube-apiserver looks: structure, embedded
//! resources, list types, CEL rules.

mod embedded;
mod format;
mod list_type;
mod number;
mod pattern;
mod structure;

use std::collections::HashMap;

use serde_json::{Map, Value};

pub(crate) use self::format::Format;
pub(crate) use self::number::same;
pub(crate) use self::pattern::Pattern;
use crate::node::{ListKind, Node, NodeId, Nodes};
use crate::place::Place;
use crate::violation::{Violation, ViolationKind};
use crate::{cel, stack};

/// Violations reported at most: enough for a person, bounded for a hostile object.
pub(crate) const MAX_VIOLATIONS: usize = 1_000;

/// Checks `object` against the node `root`; every field is reported below the path `prefix`.
pub(crate) fn validate(
    nodes: &Nodes,
    root: NodeId,
    object: &Value,
    old: Option<&Value>,
    prefix: &str,
) -> Vec<Violation> {
    let mut violations = structure::check(nodes, root, object, old, prefix);
    violations.extend(embedded::check(nodes, root, object, prefix));
    let was_broken = old.is_some_and(|old| !list_type::check(nodes, root, old, prefix).is_empty());
    if !was_broken {
        violations.extend(list_type::check(nodes, root, object, prefix));
    }
    if nodes.get(root).has_rules {
        if violations.iter().any(hides_rules) {
            violations.push(Violation::invalid(
                "",
                Value::Null,
                "some validation rules were not checked because the object was invalid; correct the existing \
                 errors to complete validation",
            ));
        } else {
            violations.extend(run_rules(nodes, root, object, old, prefix));
        }
    }
    violations.truncate(MAX_VIOLATIONS);
    violations
}

/// Runs the CEL rules where there is room for them: their evaluator takes much stack for each level of
/// an expression.
fn run_rules(
    nodes: &Nodes,
    root: NodeId,
    object: &Value,
    old: Option<&Value>,
    prefix: &str,
) -> Vec<Violation> {
    stack::with_room(|| cel::check(nodes, root, object, old, prefix))
        .unwrap_or_else(|error| vec![Violation::internal(prefix, error.to_string())])
}

/// Whether a violation makes the object too wrong for CEL rules, which rely on types and presence.
fn hides_rules(violation: &Violation) -> bool {
    match violation.kind {
        ViolationKind::NotSupported
        | ViolationKind::Required
        | ViolationKind::TooLong
        | ViolationKind::TooMany
        | ViolationKind::TypeInvalid => true,
        ViolationKind::Invalid
        | ViolationKind::Duplicate
        | ViolationKind::TooFew
        | ViolationKind::TooShort
        | ViolationKind::Forbidden
        | ViolationKind::NotFound
        | ViolationKind::Internal => false,
    }
}

/// Calls `visit` for every value below `value` that the structural spine of `node` describes.
pub(crate) fn for_each_child<'v>(
    node: &Node,
    value: &'v Value,
    place: &Place<'_>,
    visit: &mut dyn FnMut(NodeId, &'v Value, &Place<'_>),
) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if let Some(&property) = node.properties.get(name) {
                    visit(property, field, &place.field(name));
                } else if let Some(values) = node.additional.schema() {
                    visit(values, field, &place.key(name));
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = node.items {
                for (index, item) in list.iter().enumerate() {
                    visit(items, item, &place.item(index));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The items that a list had before an update, as far as its kind lets items be told apart.
pub(crate) struct OldItems<'v> {
    keys: &'v [String],
    items: HashMap<String, &'v Value>,
}

impl<'v> OldItems<'v> {
    pub(crate) fn new(node: &'v Node, old: Option<&'v Value>) -> Self {
        let keys: &[String] = match &node.list {
            ListKind::Map(keys) => keys,
            ListKind::Atomic | ListKind::Set => &[],
        };
        let mut items = HashMap::new();
        if let (Some(Value::Array(old)), [_, ..]) = (old, keys) {
            for item in old.iter().filter(|item| item.is_object()) {
                items.entry(key_of(item, keys).to_string()).or_insert(item);
            }
        }
        Self { keys, items }
    }

    /// What this item was.
    pub(crate) fn get(&self, item: &Value) -> Option<&'v Value> {
        if self.items.is_empty() {
            return None;
        }
        self.items.get(&key_of(item, self.keys).to_string()).copied()
    }
}

/// The fields that tell an item of a map apart, as far as it has them.
fn key_of(item: &Value, keys: &[String]) -> Value {
    let fields: Map<String, Value> = keys
        .iter()
        .filter_map(|key| Some((key.clone(), item.get(key)?.clone())))
        .collect();
    Value::Object(fields)
}
