//! Whether we can change Secrets. Upstream's role does not let us, and operators may still install that one; and a Secret can be
//! immutable. The API server tells by refusing.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use parking_lot::Mutex;

/// How long a refusal is taken at its word: a role may be replaced while we run, and a Secret be gone.
const PATIENCE: Duration = Duration::from_mins(10);

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    refused_at: Mutex<Option<Instant>>,
    /// UIDs of Secrets that turned out to be immutable, which can only be deleted, and when that was.
    immutable: Mutex<HashMap<String, Instant>>,
}

impl Rights {
    /// Whether a change is worth a try.
    pub(crate) fn may_update(&self, now: Instant) -> bool {
        let refused_at = *self.refused_at.lock();
        refused_at.is_none_or(|at| !is_believed(at, now))
    }

    /// Remembers a refusal.
    pub(crate) fn refused(&self, now: Instant) {
        *self.refused_at.lock() = Some(now);
    }

    /// Whether the Secret of this UID turned out to be immutable.
    pub(crate) fn is_immutable(&self, uid: &str, now: Instant) -> bool {
        let immutable = self.immutable.lock();
        immutable.get(uid).is_some_and(|at| is_believed(*at, now))
    }

    /// Remembers that the Secret of this UID is immutable.
    pub(crate) fn found_immutable(&self, uid: &str, now: Instant) {
        let mut immutable = self.immutable.lock();
        immutable.retain(|_, at| is_believed(*at, now));
        immutable.insert(uid.to_owned(), now);
    }
}

fn is_believed(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) < PATIENCE
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

    #[test]
    fn an_immutable_secret_is_remembered_for_a_while() {
        let (rights, now) = (Rights::default(), Instant::now());
        rights.found_immutable("a", now);
        assert!(rights.is_immutable("a", now) && !rights.is_immutable("b", now));
        rights.found_immutable("b", now + PATIENCE);
        assert!(!rights.is_immutable("a", now + PATIENCE));
        assert_eq!(rights.immutable.lock().len(), 1);
    }
}
