//! Lists that are merged: scalars by value, objects by their merge key.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::order::{self, identity};
use super::{Directive, Merge, PatchError, malformed};
use crate::node::NodeId;

/// Removes the scalars that `$deleteFromPrimitiveList` names.
pub(super) fn delete_scalars(
    target: &mut Map<String, Value>,
    field: &str,
    deleted: &Value,
) -> Result<(), PatchError> {
    let deleted = deleted
        .as_array()
        .ok_or_else(|| malformed("invalid patch format of primitive list"))?;
    if let Some(Value::Array(current)) = target.get_mut(field) {
        let deleted: HashSet<String> = deleted.iter().map(Value::to_string).collect();
        current.retain(|item| !deleted.contains(&item.to_string()));
    }
    Ok(())
}

impl Merge<'_> {
    pub(super) fn list(
        &self,
        current: Vec<Value>,
        patch: &[Value],
        items: Option<NodeId>,
        key: Option<&str>,
    ) -> Result<Vec<Value>, PatchError> {
        let kinds: HashSet<&str> = current.iter().chain(patch).map(kind).collect();
        if kinds.contains("list") {
            return Err(PatchError::Inapplicable(
                "lists of lists are not supported".to_owned(),
            ));
        }
        if kinds.len() > 1 {
            return Err(PatchError::Inapplicable(
                "list element types are not identical".to_owned(),
            ));
        }
        if !kinds.contains("map") {
            let mut seen = HashSet::new();
            let all = current
                .iter()
                .chain(patch)
                .filter(|item| seen.insert(item.to_string()));
            return Ok(order::arrange(all.cloned().collect(), patch, &current, None));
        }
        let key = key.ok_or_else(|| malformed("cannot merge lists without merge key"))?;
        self.objects(current, patch, items, key)
    }

    fn objects(
        &self,
        mut current: Vec<Value>,
        patch: &[Value],
        items: Option<NodeId>,
        key: &str,
    ) -> Result<Vec<Value>, PatchError> {
        let mut changes = Vec::new();
        let mut deleted = HashSet::new();
        let mut replace = false;
        for change in patch.iter().filter_map(Value::as_object) {
            match Directive::of(change)? {
                None => changes.push(change),
                Some(Directive::Delete) => {
                    deleted.insert(key_of(change, key)?);
                }
                Some(Directive::Replace) => replace = true,
                Some(Directive::Merge) => {
                    return Err(malformed("merging lists cannot yet be specified in the patch"));
                }
            }
        }
        if replace {
            return Ok(changes.into_iter().cloned().map(Value::Object).collect());
        }
        current.retain(|item| !deleted.contains(&identity(item, Some(key))));
        let mut places: HashMap<String, usize> = HashMap::new();
        for (index, item) in current.iter().enumerate() {
            places.entry(identity(item, Some(key))).or_insert(index);
        }
        let mut merged = current.clone();
        for change in &changes {
            let name = key_of(change, key)?;
            if let Some(&place) = places.get(&name) {
                let item = match std::mem::take(&mut merged[place]) {
                    Value::Object(item) => item,
                    _ => Map::new(),
                };
                merged[place] = Value::Object(self.object(item, change, items)?);
            } else {
                places.insert(name, merged.len());
                merged.push(Value::Object((*change).clone()));
            }
        }
        let wanted: Vec<Value> = changes.into_iter().cloned().map(Value::Object).collect();
        Ok(order::arrange(merged, &wanted, &current, Some(key)))
    }
}

/// The merge key's value of an item of a patch, which must have one.
fn key_of(change: &Map<String, Value>, key: &str) -> Result<String, PatchError> {
    match change.get(key) {
        Some(value) => Ok(value.to_string()),
        None => Err(PatchError::Malformed(format!(
            "map does not contain declared merge key: {key}"
        ))),
    }
}

fn kind(item: &Value) -> &'static str {
    match item {
        Value::Object(_) => "map",
        Value::Array(_) => "list",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Null => "null",
    }
}
