//! JSON patch, RFC 6902.

use json_patch::Patch;
use serde_json::Value;

use super::PatchError;

/// Operations that one JSON patch may have, as in a kube-apiserver.
const MAX_OPERATIONS: usize = 10_000;

/// What `target` becomes when all operations of the patch have been applied, one after the other.
///
/// # Errors
/// When the patch is malformed, too long, or an operation does not fit the object as it then is.
pub fn json(target: &Value, patch: &Value) -> Result<Value, PatchError> {
    let actual = patch.as_array().map_or(0, Vec::len);
    if actual > MAX_OPERATIONS {
        return Err(PatchError::TooManyOperations {
            actual,
            allowed: MAX_OPERATIONS,
        });
    }
    let operations: Patch =
        serde_json::from_value(patch.clone()).map_err(|error| PatchError::Malformed(error.to_string()))?;
    let mut patched = target.clone();
    json_patch::patch(&mut patched, &operations)
        .map_err(|error| PatchError::Inapplicable(error.to_string()))?;
    Ok(patched)
}
