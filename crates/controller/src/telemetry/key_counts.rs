//! How many keys stand where, counted as they move: nobody walks over all keys to know.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use keydesk_api::condition::KeyAspect;
use keydesk_core::{Flaws, NamespacedName};

use super::DomainMetrics;

/// What is remembered of a key since it was last reconciled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    /// Where it stood.
    pub(crate) stands: KeyAspect,
    /// When it ends.
    pub(crate) ends_at: Option<Timestamp>,
    /// Its owner has something to decide.
    pub(crate) awaits_owner: bool,
    /// In force without any limit.
    pub(crate) unlimited: bool,
    /// What is unwise about its value.
    pub(crate) flaws: Flaws,
}

/// All keys, and the ends that are ahead.
#[derive(Debug, Default)]
pub(crate) struct KeyCounts {
    keys: HashMap<NamespacedName, Last>,
    /// By second: how many keys end in it.
    ends: BTreeMap<i64, usize>,
}

impl KeyCounts {
    /// Notes how a key stands now, or that it is gone, and gives back how it stood.
    pub(crate) fn note(
        &mut self,
        key: &NamespacedName,
        now: Option<Last>,
        metrics: &DomainMetrics,
    ) -> Option<Last> {
        let before = match now {
            Some(last) => self.keys.insert(key.clone(), last),
            None => self.keys.remove(key),
        };
        if before == now {
            return before;
        }
        if let Some(last) = &before {
            metrics.stands(last.stands, -1);
            metrics.awaits_owner(-i64::from(last.awaits_owner));
            if let Some(end) = last.ends_at {
                self.forget_end(end.as_second());
            }
        }
        if let Some(last) = &now {
            metrics.stands(last.stands, 1);
            metrics.awaits_owner(i64::from(last.awaits_owner));
            if let Some(end) = last.ends_at {
                *self.ends.entry(end.as_second()).or_default() += 1;
            }
        }
        metrics.next_end(self.ends.keys().next().copied());
        before
    }

    fn forget_end(&mut self, second: i64) {
        if let Some(keys) = self.ends.get_mut(&second) {
            *keys = keys.saturating_sub(1);
            if *keys == 0 {
                self.ends.remove(&second);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(stands: KeyAspect, ends_at: Option<i64>) -> Last {
        Last {
            stands,
            ends_at: ends_at.map(|second| Timestamp::from_second(second).unwrap()),
            awaits_owner: stands == KeyAspect::Pending,
            unlimited: false,
            flaws: Flaws::default(),
        }
    }

    #[test]
    fn keys_are_counted_where_they_stand() {
        let (mut counts, metrics) = (KeyCounts::default(), DomainMetrics::default());
        let key = |name: &str| NamespacedName::new("consumer-app", name);
        counts.note(&key("a"), Some(last(KeyAspect::Pending, None)), &metrics);
        counts.note(&key("b"), Some(last(KeyAspect::Pending, None)), &metrics);
        counts.note(&key("a"), Some(last(KeyAspect::Approved, Some(20))), &metrics);
        counts.note(&key("b"), Some(last(KeyAspect::Approved, Some(10))), &metrics);
        counts.note(&key("c"), Some(last(KeyAspect::Failed, None)), &metrics);
        assert_eq!(metrics.state("approved"), 2);
        assert_eq!(metrics.state("pending"), 0);
        assert_eq!(metrics.state("failed"), 1);
        assert_eq!(metrics.snapshot(), (0, 10));
        counts.note(&key("b"), None, &metrics);
        assert_eq!((metrics.state("approved"), metrics.snapshot()), (1, (0, 20)));
        counts.note(&key("a"), Some(last(KeyAspect::Expired, None)), &metrics);
        counts.note(&key("c"), Some(last(KeyAspect::Pending, None)), &metrics);
        assert_eq!(metrics.snapshot(), (1, 0));
        assert!(counts.ends.is_empty() && counts.keys.len() == 2);
    }

    #[test]
    fn the_same_again_counts_nothing() {
        let (mut counts, metrics) = (KeyCounts::default(), DomainMetrics::default());
        let key = NamespacedName::new("consumer-app", "a");
        for _ in 0..3 {
            counts.note(&key, Some(last(KeyAspect::Approved, Some(10))), &metrics);
        }
        assert_eq!(metrics.state("approved"), 1);
        counts.note(&key, None, &metrics);
        counts.note(&key, None, &metrics);
        assert_eq!(metrics.state("approved"), 0);
    }
}
