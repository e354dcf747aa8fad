//! The counters in memory.

mod changes;
mod shard;

use std::array;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use keydesk_core::{Admission, Limits, Tally};

use crate::Subject;
use crate::sync::{AtomicUsize, Mutex};
use shard::Shard;

pub use changes::Changes;

/// One for every first byte of a subject; a model has few, so that its threads meet.
const SHARDS: usize = if cfg!(loom) { 2 } else { 256 };

/// What every subject has used. Each call is decided and counted under one lock, that of its subject's shard, so any
/// number of threads together admit exactly what one would.
///
/// A subject with an open window is never forgotten, however many others come; see [`Counters::sweep`].
pub struct Counters {
    shards: Box<[Padded; SHARDS]>,
    next_swept: AtomicUsize,
    /// Whether what changes is remembered for a ledger: without one nobody would ever take it.
    kept: bool,
}

/// So that neighbours do not share a cache line.
#[derive(Default)]
#[repr(align(64))]
struct Padded(Mutex<Shard>);

impl Default for Counters {
    fn default() -> Self {
        Self::new()
    }
}

impl Counters {
    /// Counters that live as long as the process.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shards: Box::new(array::from_fn(|_| Padded::default())),
            next_swept: AtomicUsize::new(0),
            kept: false,
        }
    }

    /// Counters of which a ledger writes down what changes; see [`Counters::changes`].
    #[must_use]
    pub fn kept() -> Self {
        Self {
            kept: true,
            ..Self::new()
        }
    }

    /// Takes up what was kept of a subject. An idle tally is not, and counts as a change: its record may go.
    #[cfg(not(loom))]
    pub(crate) fn restore(&self, subject: Subject, tally: Tally, now: Timestamp) {
        self.shard(subject).lock().restore(subject, tally, now);
    }

    /// Admits a call of this cost if every limit has room for it, and then counts it: all or nothing, and exact under
    /// any concurrency. A call without cost is a look.
    pub fn admit(&self, subject: Subject, limits: &Limits, cost: u64, now: Timestamp) -> Admission {
        if cost == 0 || limits.is_unlimited() {
            return self.peek(subject, limits, now);
        }
        self.shard(subject)
            .lock()
            .admit(subject, limits, cost, now, self.kept)
    }

    /// What a subject has left, without using any of it.
    pub fn peek(&self, subject: Subject, limits: &Limits, now: Timestamp) -> Admission {
        if limits.is_unlimited() {
            return Tally::default().look(limits, now);
        }
        self.shard(subject).lock().look(subject, limits, now)
    }

    /// Forgets the idle subjects of one shard, the next in turn, and says how many. A shard is the most that a call
    /// can be held up by; 256 sweeps go through all.
    pub fn sweep(&self, now: Timestamp) -> usize {
        let turn = self.next_swept.fetch_add(1, Ordering::Relaxed) % SHARDS;
        self.shards[turn].0.lock().sweep(now, self.kept)
    }

    /// Takes what changed since the last time, for a ledger to write. Only one ledger at a time may do so, or an older
    /// tally could be written over a newer.
    #[must_use]
    pub fn changes(&self) -> Changes<'_> {
        Changes::new(self)
    }

    /// How many subjects are remembered.
    #[must_use]
    pub fn subjects(&self) -> usize {
        self.shards.iter().map(|shard| shard.0.lock().subjects()).sum()
    }

    fn shard(&self, subject: Subject) -> &Mutex<Shard> {
        &self.shards[usize::from(subject.shard()) % SHARDS].0
    }
}
