//! JSON values as CEL sees them, through their schema.

use std::collections::HashMap;
use std::sync::Arc;

use kube_cel::cel::Value as CelValue;
use kube_cel::cel::functions::{duration, timestamp};
use kube_cel::cel::objects::{Key, Map};
use serde_json::Value;

use super::super::validate::Format;
use crate::node::{Node, NodeId, Nodes, Type};

/// Words that CEL reserves: fields of these names are escaped.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Converts a value that the node `id` describes, or that nothing describes.
pub(super) fn convert(nodes: &Nodes, id: Option<NodeId>, value: &Value) -> CelValue {
    let Some(node) = id.map(|id| nodes.get(id)) else {
        return keydesk_cel::convert(value);
    };
    match value {
        Value::Number(number) if node.types == [Type::Number] => {
            CelValue::Float(number.as_f64().unwrap_or(f64::NAN))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => keydesk_cel::convert(value),
        Value::String(text) => convert_text(node, text),
        Value::Array(items) => CelValue::List(Arc::new(
            items
                .iter()
                .map(|item| convert(nodes, node.items, item))
                .collect(),
        )),
        Value::Object(fields) => {
            let is_map = node.additional.schema().is_some();
            let entry = |(name, field): (&String, &Value)| {
                let key = if is_map { name.clone() } else { escaped(name) };
                (
                    Key::String(Arc::new(key)),
                    convert(nodes, node.child(name), field),
                )
            };
            // A field that is null is as good as absent; a key of a map is there.
            let is_there = |(_, field): &(&String, &Value)| is_map || !field.is_null();
            let map: HashMap<Key, CelValue> = fields.iter().filter(is_there).map(entry).collect();
            CelValue::Map(Map { map: Arc::new(map) })
        }
    }
}

/// A text, or what its format makes of it.
fn convert_text(node: &Node, text: &str) -> CelValue {
    let format = node.limits.format.as_ref().filter(|_| !node.int_or_string);
    format
        .and_then(|format| typed_text(format, text))
        .unwrap_or_else(|| CelValue::String(Arc::new(text.to_owned())))
}

fn typed_text(format: &Format, text: &str) -> Option<CelValue> {
    let owned = |text: String| Arc::new(text);
    if format.is_date_time() {
        timestamp(owned(text.to_owned())).ok()
    } else if format.is_date() {
        timestamp(owned(format!("{text}T00:00:00Z"))).ok()
    } else if format.is_duration() {
        duration(owned(text.to_owned())).ok()
    } else {
        None
    }
}

/// A field's name as CEL spells it.
pub(super) fn escaped(name: &str) -> String {
    if RESERVED.contains(&name) {
        return format!("__{name}__");
    }
    if !name.contains(['.', '-', '/']) && !name.contains("__") {
        return name.to_owned();
    }
    // Double underscores first: the other replacements bring their own.
    name.split("__")
        .map(|part| {
            part.replace('.', "__dot__")
                .replace('-', "__dash__")
                .replace('/', "__slash__")
        })
        .collect::<Vec<_>>()
        .join("__underscores__")
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn field_names_are_escaped_as_kubernetes_documents_it() {
        for (name, expected) in [
            ("plain", "plain"),
            ("snake_case", "snake_case"),
            ("namespace", "__namespace__"),
            ("a.b-c/d", "a__dot__b__dash__c__slash__d"),
            ("a__b", "a__underscores__b"),
            ("x__d.y", "x__underscores__d__dot__y"),
        ] {
            assert_eq!(escaped(name), expected);
        }
    }
}
