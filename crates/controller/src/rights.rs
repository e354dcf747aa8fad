//! Whether we can change Secrets. Upstream's role does not let us, and operators may still install that one; and a Secret can be
//! immutable. The API server tells by refusing.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use parking_lot::Mutex;

/// How long a refusal is taken at its word: a role may be replaced while we run.
const PATIENCE: Duration = Duration::from_mins(10);

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    refused_at: Mutex<Option<Instant>>,
    /// UIDs of Secrets that are immutable: they can only be deleted.
    immutable: Mutex<HashSet<String>>,
}

impl Rights {
    /// Whether a change is worth a try.
    pub(crate) fn may_update(&self, now: Instant) -> bool {
        let refused_at = *self.refused_at.lock();
        refused_at.is_none_or(|at| now.saturating_duration_since(at) >= PATIENCE)
    }

    /// Whether the Secret of this UID turned out to be immutable.
    pub(crate) fn is_immutable(&self, uid: &str) -> bool {
        self.immutable.lock().contains(uid)
    }

    /// Remembers that the Secret of this UID is immutable.
    pub(crate) fn found_immutable(&self, uid: &str) {
        self.immutable.lock().insert(uid.to_owned());
    }

    /// Forgets a Secret that is gone.
    pub(crate) fn forget(&self, uid: &str) {
        self.immutable.lock().remove(uid);
    }

    /// Remembers a refusal.
    pub(crate) fn refused(&self, now: Instant) {
        *self.refused_at.lock() = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_believed_for_a_while() {
        let (rights, now) = (Rights::default(), Instant::now());
        assert!(rights.may_update(now));
        rights.refused(now);
        assert!(!rights.may_update(now) && rights.may_update(now + PATIENCE));
    }
}
