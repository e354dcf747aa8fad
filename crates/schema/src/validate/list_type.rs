//! Sets have no item twice, maps no key.

use std::collections::HashMap;

use serde_json::Value;

use super::{MAX_VIOLATIONS, for_each_child, key_of};
use crate::node::{ListKind, NodeId, Nodes};
use crate::place::Place;
use crate::violation::Violation;

/// Every second appearance of an item of a set, or of a key of a map, in the whole object.
pub(super) fn check(nodes: &Nodes, root: NodeId, object: &Value, prefix: &str) -> Vec<Violation> {
    let mut check = Check {
        nodes,
        prefix,
        violations: Vec::new(),
    };
    check.visit(root, object, &Place::Root);
    check.violations
}

struct Check<'a> {
    nodes: &'a Nodes,
    prefix: &'a str,
    violations: Vec<Violation>,
}

impl Check<'_> {
    fn visit(&mut self, id: NodeId, value: &Value, place: &Place<'_>) {
        if self.violations.len() >= MAX_VIOLATIONS {
            return;
        }
        let node = self.nodes.get(id);
        if let Value::Array(items) = value {
            match &node.list {
                ListKind::Atomic => {}
                ListKind::Set => self.require_unique(items.iter().cloned(), place),
                ListKind::Map(keys) => self.visit_map(items, keys, place),
            }
        }
        for_each_child(node, value, place, &mut |id, value, place| {
            self.visit(id, value, place);
        });
    }

    fn visit_map(&mut self, items: &[Value], keys: &[String], place: &Place<'_>) {
        if let Some(index) = items.iter().position(|item| !item.is_object() && !item.is_null()) {
            self.violations.push(Violation::invalid(
                &place.item(index).below(self.prefix),
                items[index].clone(),
                "must be an object for an array of list-type map",
            ));
            return;
        }
        self.require_unique(items.iter().map(|item| key_of(item, keys)), place);
    }

    fn require_unique(&mut self, values: impl Iterator<Item = Value>, place: &Place<'_>) {
        // Serialised, values can be hashed: equal values have equal texts, since keys are sorted.
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (index, value) in values.enumerate() {
            let times = seen.entry(value.to_string()).or_default();
            *times += 1;
            if *times == 2 {
                self.violations
                    .push(Violation::duplicate(&place.item(index).below(self.prefix), value));
            }
        }
    }
}
