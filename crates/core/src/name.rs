//! Where an object lives: namespace and name, compared and printed in one way everywhere.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The namespace and name of one object. Printed as `namespace/name`, and ordered in that order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamespacedName {
    /// The object's name.
    pub name: String,
    /// The object's namespace; empty for a cluster-scoped object.
    pub namespace: String,
}

impl NamespacedName {
    /// Names the object `name` in `namespace`.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
        }
    }
}

impl Ord for NamespacedName {
    // By hand, because the fields are written down in the alphabetical order of canonical JSON.
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.namespace, &self.name).cmp(&(&other.namespace, &other.name))
    }
}

impl PartialOrd for NamespacedName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for NamespacedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ordered_by_namespace_first() {
        assert!(NamespacedName::new("a", "z") < NamespacedName::new("b", "a"));
        assert!(NamespacedName::new("a", "a") < NamespacedName::new("a", "b"));
    }

    #[test]
    fn it_prints_as_namespace_slash_name() {
        assert_eq!(
            NamespacedName::new("gamestore", "gamestore-api").to_string(),
            "gamestore/gamestore-api"
        );
    }
}
