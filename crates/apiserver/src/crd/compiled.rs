//! Schemas compiled once per process: compiling is the dear part of a definition.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use keydesk_schema::{Schema, Violation};
use parking_lot::Mutex;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// More definitions than one server has at a time; then the cache starts anew.
const MAX_SCHEMAS: usize = 256;

static SCHEMAS: LazyLock<Mutex<HashMap<[u8; 32], Arc<Schema>>>> = LazyLock::new(Mutex::default);

/// The compiled form of an `openAPIV3Schema`, which stands at `path` of its definition.
///
/// # Errors
/// Every rule of structural schemas that it breaks.
pub(super) fn compiled(schema: &Value, path: &str) -> Result<Arc<Schema>, Vec<Violation>> {
    let digest: [u8; 32] = Sha256::digest(schema.to_string()).into();
    if let Some(known) = SCHEMAS.lock().get(&digest) {
        return Ok(Arc::clone(known));
    }
    let made = Arc::new(Schema::structural(schema, path)?);
    let mut schemas = SCHEMAS.lock();
    if schemas.len() >= MAX_SCHEMAS {
        schemas.clear();
    }
    schemas.insert(digest, Arc::clone(&made));
    Ok(made)
}
