//! Something computed from whole collections, recomputed only when one of them changed.

use std::sync::Arc;

use parking_lot::Mutex;

use super::Store;

/// A value that always reflects every commit before the moment it is asked for.
#[derive(Debug)]
pub(crate) struct View<T> {
    inputs: Vec<Arc<str>>,
    built: Mutex<(u64, Arc<T>)>,
}

impl<T> View<T> {
    /// A view of these collections, starting from `initial`, which knows none of their objects.
    pub(crate) fn new(inputs: impl IntoIterator<Item = &'static str>, initial: T) -> Self {
        Self {
            inputs: inputs.into_iter().map(Arc::from).collect(),
            built: Mutex::new((0, Arc::new(initial))),
        }
    }

    /// The value as of now. `build` gets the last one.
    pub(crate) fn get(&self, store: &Store, build: impl FnOnce(&T) -> T) -> Arc<T> {
        let changed = store.last_change(&self.inputs);
        let mut last = self.built.lock();
        // Whoever waited for the lock may find it built already; a build may also be newer than `changed`.
        if last.0 < changed {
            *last = (changed, Arc::new(build(&last.1)));
        }
        Arc::clone(&last.1)
    }
}
