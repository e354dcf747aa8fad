//! Strategic merge patch: a merge patch that knows which fields tell the items of a list apart.

mod list;
mod order;

use serde_json::{Map, Value};

use super::PatchError;
use crate::node::{MergeStrategy, NodeId, Nodes};
use crate::schema::Schema;

/// Says what to do with the object or list item that it stands in.
const DIRECTIVE: &str = "$patch";
/// Names the only fields that the object keeps.
const RETAIN_KEYS: &str = "$retainKeys";
/// Before a field's name: values to be removed from that list of scalars.
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
/// Before a field's name: the order in which that list is to be.
const SET_ORDER: &str = "$setElementOrder";

/// What `target` becomes: as a merge patch, but lists whose items the schema names by a merge key
/// are merged item by item.
///
/// # Errors
/// When the patch is not an object, or a directive in it makes no sense.
pub fn strategic(target: &Value, patch: &Value, schema: &Schema) -> Result<Value, PatchError> {
    let Value::Object(patch) = patch else {
        return Err(malformed("a strategic merge patch must be an object"));
    };
    let target = target.as_object().cloned().unwrap_or_default();
    let merge = Merge { nodes: &schema.nodes };
    merge.object(target, patch, Some(schema.root)).map(Value::Object)
}

fn malformed(reason: &str) -> PatchError {
    PatchError::Malformed(reason.to_owned())
}

/// What a `$patch` asks for.
enum Directive {
    Merge,
    Replace,
    Delete,
}

impl Directive {
    /// The directive of an object of a patch, if it has one.
    fn of(patch: &Map<String, Value>) -> Result<Option<Self>, PatchError> {
        match patch.get(DIRECTIVE) {
            None => Ok(None),
            Some(Value::String(name)) if name == "merge" => Ok(Some(Self::Merge)),
            Some(Value::String(name)) if name == "replace" => Ok(Some(Self::Replace)),
            Some(Value::String(name)) if name == "delete" => Ok(Some(Self::Delete)),
            Some(other) => Err(PatchError::Malformed(format!(
                "unknown patch type: {other} in map"
            ))),
        }
    }
}

struct Merge<'a> {
    nodes: &'a Nodes,
}

impl Merge<'_> {
    fn object(
        &self,
        mut target: Map<String, Value>,
        patch: &Map<String, Value>,
        node: Option<NodeId>,
    ) -> Result<Map<String, Value>, PatchError> {
        match Directive::of(patch)? {
            None => {}
            Some(Directive::Replace) => {
                let mut replacement = patch.clone();
                replacement.remove(DIRECTIVE);
                return Ok(replacement);
            }
            Some(Directive::Delete) => return Ok(Map::new()),
            Some(Directive::Merge) => return Err(malformed("unknown patch type: \"merge\" in map")),
        }
        retain_keys(&mut target, patch)?;
        for (name, change) in patch {
            match name.split_once('/') {
                Some((DELETE_FROM, field)) => list::delete_scalars(&mut target, field, change)?,
                Some((SET_ORDER, _)) => {}
                _ if name == RETAIN_KEYS => {}
                _ if name.starts_with(DELETE_FROM) => {
                    return Err(malformed("invalid patch format of primitive list"));
                }
                _ if name.starts_with(SET_ORDER) => {
                    return Err(malformed("invalid patch format of setElementOrder list"));
                }
                _ => self.field(&mut target, name, change, node)?,
            }
        }
        for (name, order) in patch {
            if let Some((SET_ORDER, field)) = name.split_once('/') {
                let child = self.child(node, field);
                let strategy = self.strategy(child);
                order::enforce(
                    &mut target,
                    field,
                    order,
                    patch.get(field),
                    strategy.key.as_deref(),
                )?;
            }
        }
        Ok(target)
    }

    fn field(
        &self,
        target: &mut Map<String, Value>,
        name: &str,
        change: &Value,
        node: Option<NodeId>,
    ) -> Result<(), PatchError> {
        let child = self.child(node, name);
        let strategy = self.strategy(child);
        let merged = match (target.remove(name), change) {
            (_, Value::Null) => return Ok(()),
            (Some(Value::Object(current)), Value::Object(change)) if !strategy.replace => {
                Some(Value::Object(self.object(current, change, child)?))
            }
            (Some(Value::Array(current)), Value::Array(change)) if strategy.merge => {
                let items = child.and_then(|child| self.nodes.get(child).items);
                Some(Value::Array(self.list(
                    current,
                    change,
                    items,
                    strategy.key.as_deref(),
                )?))
            }
            (Some(Value::Object(_)), Value::Object(_)) | (Some(Value::Array(_)), Value::Array(_)) => {
                Some(change.clone())
            }
            (_, change) => without_directives(change),
        };
        if let Some(merged) = merged {
            target.insert(name.to_owned(), merged);
        }
        Ok(())
    }

    fn child(&self, node: Option<NodeId>, name: &str) -> Option<NodeId> {
        self.nodes.get(node?).child(name)
    }

    fn strategy(&self, node: Option<NodeId>) -> MergeStrategy {
        node.map(|node| self.nodes.get(node).merge.clone())
            .unwrap_or_default()
    }
}

/// Removes what `$retainKeys` does not name. It has to name everything that the patch sets.
fn retain_keys(target: &mut Map<String, Value>, patch: &Map<String, Value>) -> Result<(), PatchError> {
    let Some(retained) = patch.get(RETAIN_KEYS) else {
        return Ok(());
    };
    let wrong = || malformed("invalid patch format of retainKeys");
    let retained: Vec<&str> = retained
        .as_array()
        .ok_or_else(wrong)?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let is_set = |(name, change): &(&String, &Value)| !name.starts_with('$') && !change.is_null();
    if patch
        .iter()
        .filter(is_set)
        .any(|(name, _)| !retained.contains(&name.as_str()))
    {
        return Err(wrong());
    }
    target.retain(|name, _| retained.contains(&name.as_str()));
    Ok(())
}

/// What a patch adds where nothing of the kind was: without nulls, and without what only makes sense for
/// something that is there.
fn without_directives(change: &Value) -> Option<Value> {
    match change {
        Value::Object(fields) if fields.contains_key(DIRECTIVE) => None,
        Value::Object(fields) => {
            let kept = fields
                .iter()
                .filter(|(_, field)| !field.is_null())
                .filter_map(|(name, field)| Some((name.clone(), without_directives(field)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => Some(Value::Array(
            items.iter().filter_map(without_directives).collect(),
        )),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(change.clone()),
    }
}
