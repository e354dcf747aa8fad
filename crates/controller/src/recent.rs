//! Own writes of which the watch may not have told yet. Writing again on an outdated view costs a request that can only
//! fail; this knows it beforehand. It is a saving, nothing relies on it: what it remembers it forgets after a second.

use std::collections::HashMap;
use std::time::Duration;

use keydesk_core::NamespacedName;
use parking_lot::Mutex;
use tokio::time::Instant;

/// How long a watch is given to tell of a write.
pub(crate) const WATCH_LAG: Duration = Duration::from_secs(1);

/// So many are remembered before the outdated ones are swept.
const SWEEP_AT: usize = 1024;

/// What was done to an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Deed {
    /// It was created.
    Created,
    /// This version of it was replaced.
    Replaced(String),
    /// The one of this UID was deleted.
    Deleted(String),
}

/// A kind and a deed to an object of it.
type Entry = (String, NamespacedName, Deed);

/// The latest own writes.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<HashMap<Entry, Instant>>);

impl Recent {
    /// Remembers a deed.
    pub(crate) fn did(&self, kind: &str, id: &NamespacedName, deed: Deed, now: Instant) {
        let mut deeds = self.0.lock();
        if deeds.len() >= SWEEP_AT {
            deeds.retain(|_, at| is_fresh(*at, now));
        }
        if matches!(deed, Deed::Deleted(_)) {
            deeds.remove(&(kind.to_owned(), id.clone(), Deed::Created));
        }
        deeds.insert((kind.to_owned(), id.clone(), deed), now);
    }

    /// Whether a deed was done lately.
    pub(crate) fn knows(&self, kind: &str, id: &NamespacedName, deed: Deed, now: Instant) -> bool {
        self.0
            .lock()
            .get(&(kind.to_owned(), id.clone(), deed))
            .is_some_and(|at| is_fresh(*at, now))
    }
}

/// Whether a write is so recent that the watch may not have told of it yet.
pub(crate) fn is_fresh(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) < WATCH_LAG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_is_known_for_a_second() {
        let (recent, id, now) = (Recent::default(), NamespacedName::new("a", "b"), Instant::now());
        let replaced = |version: &str| Deed::Replaced(version.into());
        recent.did("Secret", &id, replaced("7"), now);
        assert!(recent.knows("Secret", &id, replaced("7"), now));
        assert!(!recent.knows("Secret", &id, replaced("8"), now));
        assert!(!recent.knows("APIKey", &id, replaced("7"), now));
        assert!(!recent.knows("Secret", &id, replaced("7"), now + WATCH_LAG));
    }

    #[test]
    fn what_was_deleted_may_be_created_again() {
        let (recent, id, now) = (Recent::default(), NamespacedName::new("a", "b"), Instant::now());
        recent.did("Secret", &id, Deed::Created, now);
        recent.did("Secret", &id, Deed::Deleted("uid".into()), now);
        assert!(!recent.knows("Secret", &id, Deed::Created, now));
    }
}
