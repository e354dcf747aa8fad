//! The compiled form of a schema: nodes in one list, pointing at each other by index, so that
//! recursive schemas of OpenAPI documents need no special care.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cel::Rule;
use crate::validate::{Format, Pattern};

/// A place in [`Nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(usize);

/// All nodes of one schema.
#[derive(Debug, Default)]
pub(crate) struct Nodes(Vec<Node>);

impl Nodes {
    /// Adds an empty node, to be filled in later.
    pub(crate) fn reserve(&mut self) -> NodeId {
        self.0.push(Node::default());
        NodeId(self.0.len() - 1)
    }

    pub(crate) fn set(&mut self, id: NodeId, node: Node) {
        self.0[id.0] = node;
    }

    pub(crate) fn get(&self, id: NodeId) -> &Node {
        &self.0[id.0]
    }
}

/// One node: what it says about the one value that it applies to.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a keyword of its own, in any combination"
)]
pub(crate) struct Node {
    /// Allowed types; none means any.
    pub(crate) types: Vec<Type>,
    pub(crate) nullable: bool,
    pub(crate) default: Option<Value>,
    pub(crate) properties: BTreeMap<String, NodeId>,
    pub(crate) additional: Additional,
    pub(crate) items: Option<NodeId>,
    pub(crate) required: Vec<String>,
    pub(crate) keeps_unknown: bool,
    pub(crate) embedded: bool,
    pub(crate) int_or_string: bool,
    pub(crate) list: ListKind,
    pub(crate) limits: Limits,
    pub(crate) all_of: Vec<NodeId>,
    pub(crate) any_of: Vec<NodeId>,
    pub(crate) one_of: Vec<NodeId>,
    pub(crate) not: Option<NodeId>,
    /// CEL rules on this node.
    pub(crate) rules: Vec<Rule>,
    /// Whether this node or one below it on the structural spine has CEL rules.
    pub(crate) has_rules: bool,
    pub(crate) merge: MergeStrategy,
}

impl Node {
    /// The schema of the field `name`, whether declared or of a map's values.
    pub(crate) fn child(&self, name: &str) -> Option<NodeId> {
        self.properties
            .get(name)
            .copied()
            .or_else(|| self.additional.schema())
    }

    /// The first allowed type as its name, empty when any type is allowed: what a kube-apiserver
    /// prints in place of a value that it does not print.
    pub(crate) fn type_name(&self) -> &'static str {
        match (self.int_or_string, self.types.first()) {
            (false, Some(first)) => first.name(),
            (true, _) | (_, None) => "",
        }
    }
}

/// A JSON type as schemas name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Array,
    Boolean,
    Integer,
    Number,
    Object,
    String,
}

impl Type {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "array" => Some(Self::Array),
            "boolean" => Some(Self::Boolean),
            "integer" => Some(Self::Integer),
            "number" => Some(Self::Number),
            "object" => Some(Self::Object),
            "string" => Some(Self::String),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Object => "object",
            Self::String => "string",
        }
    }
}

/// What a node says about fields that are not among its properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Additional {
    /// Nothing: they are unknown, and pruned.
    #[default]
    Unsaid,
    /// They are forbidden.
    Forbidden,
    /// They are allowed, without a schema.
    Any,
    /// They are allowed, each with this schema: the node is a map.
    Schema(NodeId),
}

impl Additional {
    pub(crate) fn schema(self) -> Option<NodeId> {
        match self {
            Self::Schema(id) => Some(id),
            Self::Unsaid | Self::Forbidden | Self::Any => None,
        }
    }
}

/// How the items of a list relate to each other (`x-kubernetes-list-type`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ListKind {
    #[default]
    Atomic,
    Set,
    /// Items are told apart by these fields.
    Map(Vec<String>),
}

/// How a strategic merge patch treats the value (`x-kubernetes-patch-strategy`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MergeStrategy {
    /// Lists are merged item by item.
    pub(crate) merge: bool,
    /// Objects are replaced whole.
    pub(crate) replace: bool,
    /// The field that tells items apart.
    pub(crate) key: Option<String>,
}

/// Bounds on scalars and sizes.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) format: Option<Format>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) exclusive_maximum: bool,
    pub(crate) minimum: Option<f64>,
    pub(crate) exclusive_minimum: bool,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) unique_items: bool,
    pub(crate) max_properties: Option<u64>,
    pub(crate) min_properties: Option<u64>,
    pub(crate) allowed: Vec<Value>,
}
