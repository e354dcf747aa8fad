//! Equal values kept once: a million keys name a handful of products, tiers and namespaces.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use crate::snapshot::{Common, Entitlement};

/// Values of one type. Those that nobody else has any more are let go of as others come.
#[derive(Debug)]
pub(super) struct Interner<T: ?Sized> {
    values: HashSet<Arc<T>>,
    /// How many there may be until it is worth a look which are still in use.
    tidy_at: usize,
}

impl<T: ?Sized> Default for Interner<T> {
    fn default() -> Self {
        Self {
            values: HashSet::new(),
            tidy_at: 1024,
        }
    }
}

impl<T: ?Sized + Eq + Hash> Interner<T> {
    /// The value that is equal to this one; this one, if there is none yet.
    pub(super) fn share(&mut self, value: impl Into<Arc<T>>) -> Arc<T> {
        let value = value.into();
        if let Some(known) = self.values.get(&value) {
            return Arc::clone(known);
        }
        if self.values.len() >= self.tidy_at {
            self.values.retain(|value| Arc::strong_count(value) > 1);
            self.tidy_at = (self.values.len() * 2).max(1024);
        }
        self.values.insert(Arc::clone(&value));
        value
    }
}

/// What holders share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) text: Interner<String>,
    pub(super) common: Interner<Common>,
    pub(super) entitlement: Interner<Entitlement>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one() {
        let mut texts = Interner::<String>::default();
        let (one, two) = (texts.share("gold".to_owned()), texts.share("gold".to_owned()));
        assert!(Arc::ptr_eq(&one, &two));
        assert!(!Arc::ptr_eq(&one, &texts.share("silver".to_owned())));
    }

    #[test]
    fn what_nobody_has_any_more_is_let_go_of() {
        let mut interner = Interner::<String>::default();
        let kept = interner.share("kept".to_owned());
        for number in 0..5_000 {
            interner.share(number.to_string());
        }
        assert!(interner.values.len() <= 1024, "{}", interner.values.len());
        assert!(Arc::ptr_eq(&kept, &interner.share("kept".to_owned())));
    }
}
