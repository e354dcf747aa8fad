//! What a ledger has to write.

use std::vec;

use keydesk_core::Tally;

use super::{Counters, SHARDS};
use crate::Subject;

/// What changed since the last time, in the order of subjects: a tally as it is now, or `None` for one that was
/// forgotten. Shards are taken one by one, as the iterator comes to them.
///
/// Unless [`Changes::settle`] is called, all of it is put back when this is dropped: whatever goes wrong with the
/// writing, the next try has it again.
pub struct Changes<'a> {
    counters: &'a Counters,
    next_shard: usize,
    batch: vec::IntoIter<(Subject, Option<Tally>)>,
    taken: Vec<Subject>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(counters: &'a Counters) -> Self {
        Self {
            counters,
            next_shard: 0,
            batch: Vec::new().into_iter(),
            taken: Vec::new(),
        }
    }

    /// Says that what the iterator has given is written.
    pub fn settle(mut self) {
        self.taken.clear();
    }
}

impl Iterator for Changes<'_> {
    type Item = (Subject, Option<Tally>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(change) = self.batch.next() {
                self.taken.push(change.0);
                return Some(change);
            }
            if self.next_shard == SHARDS {
                return None;
            }
            let shard = &self.counters.shards[self.next_shard];
            self.batch = shard.0.lock().take_changed().into_iter();
            self.next_shard += 1;
        }
    }
}

impl Drop for Changes<'_> {
    fn drop(&mut self) {
        let unread = self.batch.by_ref().map(|(subject, _)| subject);
        for subject in self.taken.drain(..).chain(unread) {
            self.counters.shard(subject).lock().put_back(subject);
        }
    }
}
