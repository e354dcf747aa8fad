//! Defaults must themselves be valid.

use crate::node::{NodeId, Nodes};
use crate::prune;
use crate::validate::validate;
use crate::violation::Violation;

/// Every default that has unknown fields or is not valid where it stands. `path` is the field of the
/// schema in its definition.
pub(crate) fn check_defaults(nodes: &Nodes, root: NodeId, path: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    visit(nodes, root, path, &mut violations);
    violations
}

fn visit(nodes: &Nodes, id: NodeId, path: &str, violations: &mut Vec<Violation>) {
    let node = nodes.get(id);
    if let Some(default) = &node.default {
        let path = format!("{path}.default");
        let mut pruned = default.clone();
        if !prune::prune(nodes, id, &mut pruned, node.embedded).is_empty() {
            violations.push(Violation::invalid(
                &path,
                default.clone(),
                "must not have unknown fields",
            ));
        }
        violations.extend(validate(nodes, id, default, None, &path));
    }
    // Defaults below additionalProperties are forbidden.
    for (name, &property) in &node.properties {
        visit(nodes, property, &format!("{path}.properties[{name}]"), violations);
    }
    if let Some(items) = node.items {
        visit(nodes, items, &format!("{path}.items"), violations);
    }
}
