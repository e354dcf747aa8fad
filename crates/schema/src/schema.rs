//! A compiled schema and what can be done with it.

use serde_json::Value;

use crate::node::{NodeId, Nodes};
use crate::violation::Violation;
use crate::{compile, defaults, prune, stack, structural, validate};

/// A compiled schema: cheap to share in an `Arc`, never changed after it was made.
#[derive(Debug)]
pub struct Schema {
    pub(crate) nodes: Nodes,
    pub(crate) root: NodeId,
}

/// Why an OpenAPI document gave no schema.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The components are not an object.
    #[error("failed to read the components of the OpenAPI document: they are not an object")]
    MalformedComponents,
    /// No component of that name.
    #[error("failed to find {name:?} in the components of the OpenAPI document")]
    MissingComponent {
        /// The name asked for, or one that a `$ref` names.
        name: String,
    },
}

impl Schema {
    /// Compiles the `openAPIV3Schema` of a version of a CustomResourceDefinition.
    ///
    /// `path` is the field under which the schema stands in the definition, and starts the field of
    /// every violation (`spec.versions[0].schema.openAPIV3Schema`).
    ///
    /// # Errors
    /// Every rule that the schema breaks, worded as a kube-apiserver words them.
    pub fn structural(openapi_v3_schema: &Value, path: &str) -> Result<Self, Vec<Violation>> {
        // CEL's parser recurses deeper than a request's thread allows.
        stack::with_room(|| Self::compile(openapi_v3_schema, path))
            .unwrap_or_else(|error| Err(vec![Violation::internal(path, error.to_string())]))
    }

    fn compile(openapi_v3_schema: &Value, path: &str) -> Result<Self, Vec<Violation>> {
        let faults = structural::check(openapi_v3_schema, path);
        if !faults.is_empty() {
            return Err(faults);
        }
        let (nodes, root) = compile::custom_resource(openapi_v3_schema, path)?;
        let faults = structural::check_defaults(&nodes, root, path);
        if faults.is_empty() {
            Ok(Self { nodes, root })
        } else {
            Err(faults)
        }
    }

    /// Compiles a component of an OpenAPI v3 document (`components.schemas`), following references.
    ///
    /// Defaults in such documents describe Go's zero values, and are not taken over.
    ///
    /// # Errors
    /// When the component, or one that it refers to, is missing.
    pub fn from_components(components: &Value, name: &str) -> Result<Self, ParseError> {
        let (nodes, root) = compile::component(components, name)?;
        Ok(Self { nodes, root })
    }

    /// Fills in the defaults of absent fields, and of nulls where the schema allows no null; such
    /// nulls without a default are removed.
    pub fn apply_defaults(&self, object: &mut Value) {
        defaults::apply(&self.nodes, self.root, object);
    }

    /// Removes the fields that the schema does not know and returns their paths, sorted
    /// (`spec.foo`, `spec.list[0].bar`). `apiVersion`, `kind` and `metadata` of the root and of
    /// embedded resources stay.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        prune::prune(&self.nodes, self.root, object, true)
    }

    /// Every rule that `object` breaks: structure first, then list types, then CEL rules. With
    /// `old`, transition rules run too, and what was already wrong and has not changed is let pass.
    #[must_use]
    pub fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<Violation> {
        validate::validate(&self.nodes, self.root, object, old, "")
    }
}
