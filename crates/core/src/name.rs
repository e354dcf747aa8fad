//! Where an object lives: namespace and name, compared and printed in one way everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The namespace and name of one object. Printed as `namespace/name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

impl fmt::Display for NamespacedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_as_namespace_slash_name() {
        assert_eq!(
            NamespacedName::new("gamestore", "gamestore-api").to_string(),
            "gamestore/gamestore-api"
        );
    }
}
