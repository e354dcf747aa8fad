//! Filling in what was left out.

use serde_json::Value;

use crate::node::{NodeId, Nodes};

/// Fills in defaults below `value`; a null that the schema does not allow counts as left out.
pub(crate) fn apply(nodes: &Nodes, id: NodeId, value: &mut Value) {
    drop_nulls(nodes, Some(id), value);
    fill_in(nodes, id, value);
}

/// Removes the nulls that are neither allowed nor replaced by a default.
fn drop_nulls(nodes: &Nodes, id: Option<NodeId>, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let child = |name: &str| id.and_then(|id| nodes.get(id).child(name));
            fields.retain(|name, field| {
                let schema = child(name).map(|id| nodes.get(id));
                !(field.is_null()
                    && schema.is_some_and(|schema| !schema.nullable && schema.default.is_none()))
            });
            for (name, field) in fields.iter_mut() {
                drop_nulls(nodes, child(name), field);
            }
        }
        Value::Array(items) => {
            let schema = id.and_then(|id| nodes.get(id).items);
            for item in items {
                drop_nulls(nodes, schema, item);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn fill_in(nodes: &Nodes, id: NodeId, value: &mut Value) {
    let node = nodes.get(id);
    match value {
        Value::Object(fields) => {
            for (name, &property) in &node.properties {
                let property = nodes.get(property);
                let Some(default) = &property.default else {
                    continue;
                };
                let missing = fields
                    .get(name)
                    .is_none_or(|field| field.is_null() && !property.nullable);
                if missing {
                    fields.insert(name.clone(), default.clone());
                }
            }
            for (name, field) in fields.iter_mut() {
                if let Some(child) = node.child(name) {
                    replace_null(nodes, child, field);
                    fill_in(nodes, child, field);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = node.items else { return };
            for item in items {
                replace_null(nodes, schema, item);
                fill_in(nodes, schema, item);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn replace_null(nodes: &Nodes, id: NodeId, value: &mut Value) {
    let node = nodes.get(id);
    if let (Value::Null, false, Some(default)) = (&*value, node.nullable, &node.default) {
        *value = default.clone();
    }
}
