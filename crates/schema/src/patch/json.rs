//! JSON patch, RFC 6902.

use json_patch::jsonptr::Pointer;
use json_patch::{AddOperation, PatchErrorKind, PatchOperation};
use serde_json::Value;

use super::PatchError;
use crate::decode::{MAX_DEPTH, depth};

/// Operations that one JSON patch may have, as in a kube-apiserver.
const MAX_OPERATIONS: usize = 10_000;

/// Bytes that all `copy` operations of a patch, and `move`s to somewhere deeper, may handle: what a
/// request's body may have.
const MAX_HANDLED: usize = 3 << 20;

/// What `target` becomes when all operations of the patch have been applied, one after the other.
///
/// # Errors
/// When the patch is malformed, too long, or an operation does not fit the object as it then is.
pub fn json(target: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Some(operations) = patch.as_array() else {
        return Err(PatchError::Malformed(
            "a JSON patch must be a list of operations".to_owned(),
        ));
    };
    if operations.len() > MAX_OPERATIONS {
        return Err(PatchError::TooManyOperations {
            actual: operations.len(),
            allowed: MAX_OPERATIONS,
        });
    }
    let operations: Vec<PatchOperation> = operations
        .iter()
        .enumerate()
        .map(|(index, operation)| parse(index, operation))
        .collect::<Result<_, _>>()?;
    let mut patched = target.clone();
    let mut handled = 0;
    for operation in operations {
        let operation = or_added(operation, &patched);
        bound(&patched, &operation, &mut handled)?;
        json_patch::patch(&mut patched, std::slice::from_ref(&operation))
            .map_err(|error| PatchError::Inapplicable(refusal(&operation, &error.kind)))?;
    }
    Ok(patched)
}

fn parse(index: usize, operation: &Value) -> Result<PatchOperation, PatchError> {
    let malformed = |reason: String| PatchError::Malformed(format!("operation {index}: {reason}"));
    if !operation.is_object() {
        return Err(malformed("must be an object".to_owned()));
    }
    serde_json::from_value(operation.clone()).map_err(|error| malformed(error.to_string()))
}

/// As a kube-apiserver has it, and the RFC has not, a field that is not there can be replaced too.
fn or_added(operation: PatchOperation, target: &Value) -> PatchOperation {
    match operation {
        PatchOperation::Replace(replace)
            if replace
                .path
                .parent()
                .and_then(|parent| parent.resolve_in(target))
                .is_some_and(Value::is_object) =>
        {
            PatchOperation::Add(AddOperation {
                path: replace.path,
                value: replace.value,
            })
        }
        other => other,
    }
}

/// Refuses an operation before it would build something too deep or too large: `copy` can double an
/// object every time.
fn bound(target: &Value, operation: &PatchOperation, handled: &mut usize) -> Result<(), PatchError> {
    let (path, value) = match operation {
        PatchOperation::Add(add) => (&add.path, Some(&add.value)),
        PatchOperation::Replace(replace) => (&replace.path, Some(&replace.value)),
        // What does not go deeper down cannot end too deep.
        PatchOperation::Move(moved) if moved.path.count() <= moved.from.count() => return Ok(()),
        PatchOperation::Move(moved) => (&moved.path, moved.from.resolve_in(target)),
        PatchOperation::Copy(copy) => (&copy.path, copy.from.resolve_in(target)),
        PatchOperation::Remove(_) | PatchOperation::Test(_) => return Ok(()),
    };
    if let PatchOperation::Move(_) | PatchOperation::Copy(_) = operation {
        *handled += value.map_or(0, |value| value.to_string().len());
        if *handled > MAX_HANDLED {
            return Err(PatchError::Excessive("too large"));
        }
    }
    if path.count() + value.map_or(0, depth) > MAX_DEPTH {
        return Err(PatchError::Excessive("nested too deeply"));
    }
    Ok(())
}

/// The words of a kube-apiserver.
fn refusal(operation: &PatchOperation, kind: &PatchErrorKind) -> String {
    let path = operation.path();
    match (operation, kind) {
        (_, PatchErrorKind::TestFailed) | (PatchOperation::Test(_), _) => {
            format!("testing value {path} failed: test failed")
        }
        (PatchOperation::Add(_), _) => {
            format!("add operation does not apply: doc is missing path: \"{path}\": missing value")
        }
        (PatchOperation::Remove(_), _) => {
            format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")
        }
        (PatchOperation::Replace(_), _) => {
            format!("replace operation does not apply: doc is missing key: {path}: missing value")
        }
        (PatchOperation::Move(moved), PatchErrorKind::InvalidFromPointer) => {
            let from = &moved.from;
            format!("move operation does not apply: doc is missing from path: {from}: missing value")
        }
        (PatchOperation::Copy(copy), PatchErrorKind::InvalidFromPointer) => {
            let from = &copy.from;
            format!("copy operation does not apply: doc is missing from path: {from}: missing value")
        }
        (PatchOperation::Move(_), PatchErrorKind::CannotMoveInsideItself) => {
            format!("move operation does not apply: {path} lies within what is moved")
        }
        (PatchOperation::Move(_), _) => {
            format!("move operation does not apply: doc is missing destination path: {path}: missing value")
        }
        (PatchOperation::Copy(_), _) => {
            format!("copy operation does not apply: doc is missing destination path: {path}: missing value")
        }
    }
}

/// A pointer that may lead nowhere.
trait ResolveIn {
    fn resolve_in<'v>(&self, target: &'v Value) -> Option<&'v Value>;
}

impl ResolveIn for Pointer {
    fn resolve_in<'v>(&self, target: &'v Value) -> Option<&'v Value> {
        self.resolve(target).ok()
    }
}
