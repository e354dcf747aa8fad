//! Resources inside a resource (`x-kubernetes-embedded-resource`): they need an apiVersion and a kind.

use serde_json::Value;

use super::for_each_child;
use crate::node::{NodeId, Nodes};
use crate::place::Place;
use crate::violation::Violation;

/// What is wrong with the type of each embedded resource. The root's own is the caller's matter.
pub(super) fn check(nodes: &Nodes, root: NodeId, object: &Value, prefix: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    visit(nodes, root, object, &Place::Root, prefix, &mut violations);
    violations
}

fn visit(
    nodes: &Nodes,
    id: NodeId,
    value: &Value,
    place: &Place<'_>,
    prefix: &str,
    violations: &mut Vec<Violation>,
) {
    let node = nodes.get(id);
    if node.embedded && value.is_object() {
        for name in ["apiVersion", "kind"] {
            let field = place.field(name).below(prefix);
            violations.extend(match value.get(name) {
                None => Some(Violation::required(&field, "")),
                Some(Value::String(text)) if text.is_empty() => {
                    Some(Violation::invalid(&field, "", "must not be empty"))
                }
                Some(Value::String(text)) if name == "kind" && !is_kind(text) => {
                    Some(Violation::invalid(&field, text.as_str(), NO_KIND))
                }
                Some(Value::String(_)) => None,
                Some(other) => Some(Violation::invalid(&field, other.clone(), "must be a string")),
            });
        }
    }
    for_each_child(node, value, place, &mut |id, value, place| {
        visit(nodes, id, value, place, prefix, violations);
    });
}

const NO_KIND: &str = "may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case \
                       alphanumeric characters or '-', start with an alphabetic character, and end with an \
                       alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is \
                       '[a-z]([-a-z0-9]*[a-z0-9])?')";

fn is_kind(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
