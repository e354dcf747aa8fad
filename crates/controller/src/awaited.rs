//! Enforcement secrets that we made and of which the watch has not told yet. Their names depend on what is there: who
//! neither sees the old one any more nor the new one yet would make another.

use std::collections::HashMap;
use tokio::time::Instant;

use keydesk_core::NamespacedName;
use parking_lot::Mutex;

use crate::recent::is_fresh;

/// By key: the Secret that was made last.
#[derive(Debug, Default)]
pub(crate) struct Awaited(Mutex<HashMap<NamespacedName, (NamespacedName, Instant)>>);

impl Awaited {
    /// Remembers that a Secret was made for a key.
    pub(crate) fn made(&self, key: &NamespacedName, secret: NamespacedName, now: Instant) {
        let mut awaited = self.0.lock();
        awaited.retain(|_, (_, at)| is_fresh(*at, now));
        awaited.insert(key.clone(), (secret, now));
    }

    /// What was made is deleted: there is nothing to wait for.
    pub(crate) fn deleted(&self, key: &NamespacedName, secret: &NamespacedName) {
        let mut awaited = self.0.lock();
        if awaited.get(key).is_some_and(|(made, _)| made == secret) {
            awaited.remove(key);
        }
    }

    /// Whether something was made for a key a moment ago that is not to be seen yet.
    pub(crate) fn lacks(
        &self,
        key: &NamespacedName,
        is_seen: impl FnOnce(&NamespacedName) -> bool,
        now: Instant,
    ) -> bool {
        let awaited = self.0.lock();
        let made = awaited.get(key).filter(|(_, at)| is_fresh(*at, now));
        made.is_some_and(|(secret, _)| !is_seen(secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recent::WATCH_LAG;

    #[test]
    fn a_secret_is_awaited_until_it_is_seen_or_a_second_has_passed() {
        let (awaited, now) = (Awaited::default(), Instant::now());
        let [key, other, secret] = ["key", "other", "secret"].map(|name| NamespacedName::new("a", name));
        awaited.made(&key, secret.clone(), now);
        assert!(awaited.lacks(&key, |_| false, now));
        assert!(!awaited.lacks(&key, |seen| *seen == secret, now));
        assert!(!awaited.lacks(&other, |_| false, now));
        assert!(!awaited.lacks(&key, |_| false, now + WATCH_LAG));
    }
}
