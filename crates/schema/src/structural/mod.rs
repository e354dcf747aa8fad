//! What a CustomResourceDefinition's schema may say.

mod defaults;
mod field_path;

pub(crate) use self::defaults::check_defaults;
pub(crate) use self::field_path::normalized as normalized_field_path;

use serde_json::Value;

use crate::violation::Violation;

/// Every rule that the schema breaks.
pub(crate) fn check(schema: &Value, path: &str) -> Vec<Violation> {
    if schema.is_object() {
        Vec::new()
    } else {
        vec![Violation::required(path, "schemas are required")]
    }
}
