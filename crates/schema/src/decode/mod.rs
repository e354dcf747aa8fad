//! Bytes in, JSON values out: UTF-8 only, bounded depth, repeated keys reported.

mod json;
mod reader;
mod yaml;

pub use json::json;
use serde_json::Value;
pub use yaml::yaml;

/// Containers within containers that a body may have, and a patch may build. Far above what a
/// schema or a person makes, and low enough for every recursion over a value to fit any stack.
pub const MAX_DEPTH: usize = 120;

/// A body as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The value; of a repeated key the last one stands.
    pub value: Value,
    /// Paths of the keys that stand more than once in one object (`spec.x`), in reading order:
    /// `duplicate field "spec.x"` under strict field validation.
    pub duplicates: Vec<String>,
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not UTF-8.
    #[error("failed to read the body: it is not valid UTF-8")]
    NotUtf8,
    /// Containers are nested deeper than [`MAX_DEPTH`].
    #[error("failed to read the body: it is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Not JSON.
    #[error("couldn't get version/kind; json parse error: {0}")]
    Json(String),
    /// Not YAML, or YAML that has no meaning in JSON, or that grows beyond all bounds.
    #[error("error parsing YAML: {0}")]
    Yaml(String),
}

/// How deep a value is: 0 for a scalar, 1 for a list of scalars, and so on.
#[must_use]
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
    }
}
