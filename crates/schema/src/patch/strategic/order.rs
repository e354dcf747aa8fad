//! The order of a merged list: what the patch names in the patch's order, the rest where it was.

use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value};

use super::{PatchError, malformed};

/// What tells an item apart from the others: its merge key, or all of it.
pub(super) fn identity(item: &Value, key: Option<&str>) -> String {
    match (item, key) {
        (Value::Object(fields), Some(key)) => fields.get(key).map(Value::to_string).unwrap_or_default(),
        _ => item.to_string(),
    }
}

/// Puts the list `field` into the order that `$setElementOrder` asks for.
pub(super) fn enforce(
    target: &mut Map<String, Value>,
    field: &str,
    wanted: &Value,
    patch: Option<&Value>,
    key: Option<&str>,
) -> Result<(), PatchError> {
    let wanted = wanted
        .as_array()
        .ok_or_else(|| malformed("invalid patch format of setElementOrder list"))?;
    require_same_order(patch, wanted, key)?;
    if let Some(Value::Array(current)) = target.get_mut(field) {
        let before = current.clone();
        *current = arrange(std::mem::take(current), wanted, &before, key);
    }
    Ok(())
}

/// The patch's own items must come in the order that it asks for.
fn require_same_order(patch: Option<&Value>, wanted: &[Value], key: Option<&str>) -> Result<(), PatchError> {
    let mut order = wanted.iter().map(|item| identity(item, key));
    let items = patch
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|item| item.get("$patch").is_none());
    for item in items {
        let name = identity(item, key);
        if !order.any(|wanted| wanted == name) {
            return Err(malformed(
                "the order in the patch list doesn't match its $setElementOrder list",
            ));
        }
    }
    Ok(())
}

/// Items named in `wanted` come in that order; each other item comes before the next wanted one that
/// it was in front of in `before`.
pub(super) fn arrange(
    merged: Vec<Value>,
    wanted: &[Value],
    before: &[Value],
    key: Option<&str>,
) -> Vec<Value> {
    let places = |items: &[Value]| -> HashMap<String, usize> {
        let mut places = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            places.entry(identity(item, key)).or_insert(index);
        }
        places
    };
    let (wanted, before) = (places(wanted), places(before));
    let place = |item: &Value, places: &HashMap<String, usize>| places.get(&identity(item, key)).copied();

    let (mut named, mut others): (Vec<Value>, Vec<Value>) = merged
        .into_iter()
        .partition(|item| place(item, &wanted).is_some());
    named.sort_by_cached_key(|item| place(item, &wanted));
    others.sort_by_cached_key(|item| place(item, &before));
    let mut others = VecDeque::from(others);
    let mut arranged = Vec::with_capacity(named.len() + others.len());
    for item in named {
        let was = place(&item, &before);
        while let Some(other) = others.front() {
            match (place(other, &before), was) {
                (Some(other), Some(was)) if other < was => arranged.extend(others.pop_front()),
                _ => break,
            }
        }
        arranged.push(item);
    }
    arranged.extend(others);
    arranged
}
