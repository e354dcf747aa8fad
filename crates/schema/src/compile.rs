//! From JSON to nodes. Reads leniently: what a schema may say is decided elsewhere, before.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::cel::{self, Rule};
use crate::node::{Additional, Limits, ListKind, MergeStrategy, Node, NodeId, Nodes, Type};
use crate::schema::ParseError;
use crate::validate::{Format, Pattern};
use crate::violation::Violation;

/// Turns JSON schemas into nodes.
pub(crate) struct Compiler<'a> {
    nodes: Nodes,
    /// The components of an OpenAPI document, for references; none for a custom resource.
    components: Option<&'a Map<String, Value>>,
    /// The path of the root: only it is a resource without saying so.
    root: &'a str,
    named: HashMap<&'a str, NodeId>,
    missing: Option<String>,
    faults: Vec<Violation>,
}

/// A custom resource's schema as nodes.
///
/// # Errors
/// The CEL rules that do not compile.
pub(crate) fn custom_resource<'a>(
    schema: &'a Value,
    path: &'a str,
) -> Result<(Nodes, NodeId), Vec<Violation>> {
    let mut compiler = Compiler::new(None, path);
    let root = compiler.node(schema, path);
    if compiler.faults.is_empty() {
        Ok((compiler.nodes, root))
    } else {
        Err(compiler.faults)
    }
}

/// A component of an OpenAPI document as nodes, with everything that it refers to.
///
/// # Errors
/// When a component is missing.
pub(crate) fn component(components: &Value, name: &str) -> Result<(Nodes, NodeId), ParseError> {
    let components = components.as_object().ok_or(ParseError::MalformedComponents)?;
    let (name, _) = components
        .get_key_value(name)
        .ok_or_else(|| ParseError::MissingComponent {
            name: name.to_owned(),
        })?;
    let mut compiler = Compiler::new(Some(components), name);
    let root = compiler.component(name);
    match compiler.missing {
        None => Ok((compiler.nodes, root)),
        Some(name) => Err(ParseError::MissingComponent { name }),
    }
}

impl<'a> Compiler<'a> {
    fn new(components: Option<&'a Map<String, Value>>, root: &'a str) -> Self {
        Self {
            nodes: Nodes::default(),
            components,
            root,
            named: HashMap::new(),
            missing: None,
            faults: Vec::new(),
        }
    }

    /// The node of a named component: made once, before its content, so that it may refer to itself.
    fn component(&mut self, name: &'a str) -> NodeId {
        if let Some(&id) = self.named.get(name) {
            return id;
        }
        let id = self.nodes.reserve();
        self.named.insert(name, id);
        match self.components.and_then(|components| components.get(name)) {
            Some(schema) => {
                let node = self.read(schema, name);
                self.nodes.set(id, node);
            }
            None => self.missing = Some(name.to_owned()),
        }
        id
    }

    fn node(&mut self, schema: &'a Value, path: &str) -> NodeId {
        if self.components.is_some()
            && let Some(name) = reference(schema)
        {
            return self.component(name);
        }
        let node = self.read(schema, path);
        let id = self.nodes.reserve();
        self.nodes.set(id, node);
        id
    }

    fn read(&mut self, schema: &'a Value, path: &str) -> Node {
        let Some(schema) = schema.as_object() else {
            return Node::default();
        };
        let rules = self.rules(schema, path);
        let properties = schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, property)| {
                (
                    name.clone(),
                    self.node(property, &format!("{path}.properties[{name}]")),
                )
            })
            .collect();
        let additional = match schema.get("additionalProperties") {
            None | Some(Value::Null) => Additional::Unsaid,
            Some(Value::Bool(false)) => Additional::Forbidden,
            Some(Value::Bool(true)) => Additional::Any,
            Some(values) => Additional::Schema(self.node(values, &format!("{path}.additionalProperties"))),
        };
        let items = schema
            .get("items")
            .filter(|items| items.is_object())
            .map(|items| self.node(items, &format!("{path}.items")));
        let mut node = Node {
            types: types(schema),
            nullable: flag(schema, "nullable"),
            // Defaults in OpenAPI documents of built-in kinds describe Go's zero values; the server
            // sets the real ones in code.
            default: if self.components.is_none() {
                present(schema, "default").cloned()
            } else {
                None
            },
            properties,
            additional,
            items,
            required: texts(schema, "required"),
            keeps_unknown: flag(schema, "x-kubernetes-preserve-unknown-fields"),
            embedded: flag(schema, "x-kubernetes-embedded-resource"),
            int_or_string: flag(schema, "x-kubernetes-int-or-string"),
            list: list_kind(schema),
            limits: limits(schema),
            all_of: self.branches(schema, "allOf", path),
            any_of: self.branches(schema, "anyOf", path),
            one_of: self.branches(schema, "oneOf", path),
            not: present(schema, "not").map(|not| self.node(not, &format!("{path}.not"))),
            has_rules: false,
            rules,
            merge: merge_strategy(schema),
        };
        if self.components.is_some() {
            adapt_to_documents(&mut node);
        }
        node.has_rules = !node.rules.is_empty()
            || node
                .properties
                .values()
                .copied()
                .chain(node.items)
                .chain(node.additional.schema())
                .any(|id| self.nodes.get(id).has_rules);
        node
    }

    fn branches(&mut self, schema: &'a Map<String, Value>, keyword: &str, path: &str) -> Vec<NodeId> {
        let Some(branches) = schema.get(keyword).and_then(Value::as_array) else {
            return Vec::new();
        };
        branches
            .iter()
            .enumerate()
            .map(|(index, branch)| self.node(branch, &format!("{path}.{keyword}[{index}]")))
            .collect()
    }

    fn rules(&mut self, schema: &'a Map<String, Value>, path: &str) -> Vec<Rule> {
        let Some(rules) = schema.get("x-kubernetes-validations").and_then(Value::as_array) else {
            return Vec::new();
        };
        let is_resource = path == self.root || flag(schema, "x-kubernetes-embedded-resource");
        let mut compiled = Vec::with_capacity(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            match cel::compile(
                rule,
                schema,
                is_resource,
                &format!("{path}.x-kubernetes-validations[{index}]"),
            ) {
                Ok(rule) => compiled.push(rule),
                Err(fault) => self.faults.push(fault),
            }
        }
        compiled
    }
}

/// The component that a schema refers to, directly or as the only part of an `allOf`.
fn reference(schema: &Value) -> Option<&str> {
    let target = schema
        .get("$ref")
        .or_else(|| match schema.get("allOf").and_then(Value::as_array) {
            Some(parts) if parts.len() == 1 => parts[0].get("$ref"),
            _ => None,
        });
    target?.as_str()?.strip_prefix("#/components/schemas/")
}

/// OpenAPI documents say less than structural schemas: an object without any fields is free-form
/// there, and a value of several types has none.
fn adapt_to_documents(node: &mut Node) {
    let says_nothing =
        node.properties.is_empty() && node.additional == Additional::Unsaid && node.items.is_none();
    if says_nothing && (node.types.is_empty() || node.types == [Type::Object]) {
        node.keeps_unknown = true;
    }
}

fn present<'a>(schema: &'a Map<String, Value>, keyword: &str) -> Option<&'a Value> {
    schema.get(keyword).filter(|value| !value.is_null())
}

fn flag(schema: &Map<String, Value>, keyword: &str) -> bool {
    schema.get(keyword).and_then(Value::as_bool).unwrap_or(false)
}

fn text<'a>(schema: &'a Map<String, Value>, keyword: &str) -> Option<&'a str> {
    schema.get(keyword).and_then(Value::as_str)
}

fn texts(schema: &Map<String, Value>, keyword: &str) -> Vec<String> {
    let items = schema.get(keyword).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn types(schema: &Map<String, Value>) -> Vec<Type> {
    if flag(schema, "x-kubernetes-int-or-string") {
        return vec![Type::Integer, Type::String];
    }
    text(schema, "type").and_then(Type::parse).into_iter().collect()
}

fn list_kind(schema: &Map<String, Value>) -> ListKind {
    match text(schema, "x-kubernetes-list-type") {
        Some("set") => ListKind::Set,
        Some("map") => ListKind::Map(texts(schema, "x-kubernetes-list-map-keys")),
        Some(_) | None => ListKind::Atomic,
    }
}

fn limits(schema: &Map<String, Value>) -> Limits {
    let number = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    let size = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    Limits {
        format: text(schema, "format").and_then(|name| Format::parse(name, &types(schema))),
        pattern: text(schema, "pattern")
            .filter(|pattern| !pattern.is_empty())
            .map(Pattern::new),
        max_length: size("maxLength"),
        min_length: size("minLength"),
        maximum: number("maximum"),
        exclusive_maximum: flag(schema, "exclusiveMaximum"),
        minimum: number("minimum"),
        exclusive_minimum: flag(schema, "exclusiveMinimum"),
        multiple_of: number("multipleOf"),
        max_items: size("maxItems"),
        min_items: size("minItems"),
        unique_items: flag(schema, "uniqueItems"),
        max_properties: size("maxProperties"),
        min_properties: size("minProperties"),
        allowed: schema
            .get("enum")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default(),
    }
}

fn merge_strategy(schema: &Map<String, Value>) -> MergeStrategy {
    let mut parts = text(schema, "x-kubernetes-patch-strategy")
        .unwrap_or_default()
        .split(',');
    MergeStrategy {
        merge: parts.clone().any(|part| part == "merge"),
        replace: parts.any(|part| part == "replace"),
        key: text(schema, "x-kubernetes-patch-merge-key").map(str::to_owned),
    }
}
