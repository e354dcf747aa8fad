//! Whether our role lets us change Secrets. Upstream's does not, and operators may still install that one; the API server
//! tells by refusing.

use std::time::Duration;

use tokio::time::Instant;

use parking_lot::Mutex;

/// How long a refusal is taken at its word: a role may be replaced while we run.
const PATIENCE: Duration = Duration::from_mins(10);

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    refused_at: Mutex<Option<Instant>>,
}

impl Rights {
    /// Whether a change is worth a try.
    pub(crate) fn may_update(&self, now: Instant) -> bool {
        let refused_at = *self.refused_at.lock();
        refused_at.is_none_or(|at| now.saturating_duration_since(at) >= PATIENCE)
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
