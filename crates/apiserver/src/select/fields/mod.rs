//! Field selectors: which fields a kind can be selected by, and comparing them.
//!
//! Clients may name few fields only, and what they may name differs from kind to kind. A field is turned into the
//! path of the *stored* object when the selector is parsed, so that matching knows no kind.

mod parse;
#[cfg(test)]
mod tests;

use serde_json::Value;
use thiserror::Error;

use crate::resource::ResourceType;

/// Why a field selector cannot be used; the text is the real server's and goes into a 400.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub(crate) enum FieldError {
    /// Not of the form `a=b,c!=d`.
    #[error("invalid selector: '{selector}'; can't understand '{term}'")]
    Malformed {
        /// The whole selector.
        selector: String,
        /// The part without an operator.
        term: String,
    },
    /// A backslash before what needs none.
    #[error("invalid field selector: invalid escape sequence: {0}")]
    Escape(String),
    /// This kind cannot be selected by that field.
    #[error("field label not supported: {0}")]
    Unsupported(String),
    /// This kind can be selected by name and namespace only.
    #[error("{0:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")]
    Unknown(String),
}

/// A conjunction of comparisons of fields. Without any it selects everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Term {
    /// The field as the client called it.
    label: String,
    /// Where the stored object has it; the first that is set counts.
    paths: Vec<Vec<String>>,
    value: String,
    equal: bool,
}

impl FieldSelector {
    /// Reads the query form (`metadata.name=a,type!=b`) for one kind.
    ///
    /// # Errors
    /// What the real server says of a malformed selector or of a field that the kind does not support.
    pub(crate) fn parse(text: &str, resource: &ResourceType) -> Result<Self, FieldError> {
        let terms = parse::terms(text)?
            .into_iter()
            .map(|(label, value, equal)| {
                Ok(Term {
                    paths: paths(resource, &label)?,
                    label,
                    value,
                    equal,
                })
            })
            .collect::<Result<_, FieldError>>()?;
        Ok(Self { terms })
    }

    /// Whether it selects everything.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether this object, in its stored shape, is selected.
    #[must_use]
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.terms
            .iter()
            .all(|term| (field(object, &term.paths) == term.value) == term.equal)
    }

    /// The only name that it selects, if it names one: RBAC and reads by name use it.
    #[must_use]
    pub(crate) fn name(&self) -> Option<&str> {
        self.exact("metadata.name")
    }

    /// The only value of that field that it selects, if it names one.
    #[must_use]
    pub(crate) fn exact(&self, label: &str) -> Option<&str> {
        self.terms
            .iter()
            .find(|term| term.equal && term.label == label)
            .map(|term| term.value.as_str())
    }
}

/// The text of the first path that leads to something; empty otherwise.
fn field(object: &Value, paths: &[Vec<String>]) -> String {
    paths
        .iter()
        .filter_map(|path| path.iter().try_fold(object, |value, step| value.get(step)))
        .map(|value| match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        })
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// Where the stored object of this kind has the field.
fn paths(resource: &ResourceType, label: &str) -> Result<Vec<Vec<String>>, FieldError> {
    let same = || Ok(vec![split(label)]);
    let unsupported = || Err(FieldError::Unsupported(label.to_owned()));
    let is_metadata = label == "metadata.name" || label == "metadata.namespace";
    if resource.crd.is_some() {
        let is_known = label == "metadata.name"
            || (resource.namespaced && label == "metadata.namespace")
            || resource
                .selectable_fields
                .iter()
                .any(|path| path.strip_prefix('.') == Some(label));
        return if is_known { same() } else { unsupported() };
    }
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Namespace") if matches!(label, "metadata.name" | "name" | "status.phase") => {
            Ok(vec![split(if label == "name" { "metadata.name" } else { label })])
        }
        ("", "Secret") if is_metadata || label == "type" => same(),
        ("", "Service") if is_metadata || matches!(label, "spec.clusterIP" | "spec.type") => same(),
        ("", "Event") => match label {
            "source" => Ok(vec![split("source.component"), split("reportingComponent")]),
            "reason" | "reportingComponent" | "type" => same(),
            _ if is_metadata || is_reference(label, "involvedObject.") => same(),
            _ => unsupported(),
        },
        ("events.k8s.io", "Event") => match label {
            "reason" | "type" => same(),
            "reportingController" => Ok(vec![split("reportingComponent")]),
            _ if is_metadata => same(),
            _ if is_reference(label, "regarding.") => {
                Ok(vec![split(&label.replacen("regarding.", "involvedObject.", 1))])
            }
            _ => unsupported(),
        },
        ("", "Namespace" | "Secret" | "Service") => unsupported(),
        _ if is_metadata => same(),
        _ => Err(FieldError::Unknown(label.to_owned())),
    }
}

fn is_reference(label: &str, prefix: &str) -> bool {
    label.strip_prefix(prefix).is_some_and(|field| {
        matches!(
            field,
            "kind" | "namespace" | "name" | "uid" | "apiVersion" | "resourceVersion" | "fieldPath"
        )
    })
}

fn split(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}
