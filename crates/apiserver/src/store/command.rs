//! What can be asked of the writer, and what it may answer.

use std::sync::Arc;

use serde_json::Value;

use super::object::{Object, ObjectName};

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// `group/plural`.
    pub(crate) collection: Arc<str>,
    pub(crate) at: ObjectName,
}

impl Key {
    pub(crate) fn new(collection: &Arc<str>, namespace: Option<&str>, name: &str) -> Self {
        let at = ObjectName {
            namespace: namespace.unwrap_or_default().to_owned(),
            name: name.to_owned(),
        };
        Self {
            collection: Arc::clone(collection),
            at,
        }
    }
}

/// One change of one object.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) key: Key,
    pub(crate) expect: Expect,
    /// Objects that must be there and not on their way out, e.g. the namespace of a new object.
    pub(crate) within: Vec<Key>,
    pub(crate) change: Change,
}

/// What must be true of the object for the change to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expect {
    Absent,
    /// The version the change was computed from.
    Revision(u64),
}

/// What becomes of the object.
#[derive(Debug)]
pub(crate) enum Change {
    Put(Value),
    Delete,
}

/// Why a change was not made.
#[derive(Debug, Clone)]
pub(crate) enum Rejected {
    /// The object is (now) this.
    Differs(Option<Arc<Object>>),
    /// Something it must live within is not there.
    WithinMissing(Key),
    /// Something it must live within is being deleted.
    WithinDeleting(Key),
    /// The disk failed; the log says how.
    Failed,
}
