//! Removing what the schema does not know.

use serde_json::Value;

use crate::node::{Additional, NodeId, Nodes};
use crate::place::Place;

/// Fields that every resource has; the root's and embedded resources' are not this schema's matter.
const RESOURCE_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Unknown fields reported at most; all are removed.
const MAX_REPORTED: usize = 100;

/// Removes unknown fields and returns their paths, sorted. With `is_resource` the value is a
/// resource whatever its schema says.
pub(crate) fn prune(nodes: &Nodes, id: NodeId, value: &mut Value, is_resource: bool) -> Vec<String> {
    let mut pruner = Pruner {
        nodes,
        removed: Vec::new(),
    };
    pruner.prune(
        Some(id),
        value,
        &Place::Root,
        Kept {
            as_resource: is_resource,
            with_unknown: false,
        },
    );
    pruner.removed.sort();
    pruner.removed
}

/// What a value keeps because of where it stands.
#[derive(Clone, Copy, Default)]
struct Kept {
    as_resource: bool,
    /// It is an item of a list that keeps unknown fields.
    with_unknown: bool,
}

struct Pruner<'a> {
    nodes: &'a Nodes,
    removed: Vec<String>,
}

impl Pruner<'_> {
    fn prune(&mut self, id: Option<NodeId>, value: &mut Value, place: &Place<'_>, kept: Kept) {
        let nodes = self.nodes;
        let node = id.map(|id| nodes.get(id));
        let keeps_unknown = kept.with_unknown || node.is_some_and(|node| node.keeps_unknown);
        let is_resource = kept.as_resource || node.is_some_and(|node| node.embedded);
        match value {
            Value::Object(fields) => fields.retain(|name, field| {
                if is_resource && RESOURCE_FIELDS.contains(&name.as_str()) {
                    return true;
                }
                let field_place = place.field(name);
                let known = node.and_then(|node| node.properties.get(name).copied());
                let (schema, keep) = match (known, node.map(|node| node.additional)) {
                    (Some(property), _) => (Some(property), true),
                    (None, Some(Additional::Schema(values))) => (Some(values), true),
                    (None, Some(Additional::Any | Additional::Forbidden)) => (None, true),
                    (None, Some(Additional::Unsaid) | None) => (None, keeps_unknown),
                };
                if !keep {
                    if self.removed.len() < MAX_REPORTED {
                        self.removed.push(field_place.to_string());
                    }
                    return false;
                }
                // Below a field that is only kept, not known, nothing is unknown.
                let only_kept = keeps_unknown && schema.is_none();
                if !only_kept {
                    self.prune(schema, field, &field_place, Kept::default());
                }
                true
            }),
            Value::Array(items) => {
                let schema = node.and_then(|node| node.items);
                if keeps_unknown && schema.is_none() {
                    return;
                }
                for (index, item) in items.iter_mut().enumerate() {
                    let kept = Kept {
                        as_resource: false,
                        with_unknown: keeps_unknown,
                    };
                    self.prune(schema, item, &place.item(index), kept);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
