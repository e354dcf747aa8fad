//! A part of the subjects, under one lock.

use std::mem;

use hashbrown::HashTable;
use jiff::Timestamp;
use keydesk_core::{Admission, Limits, Tally};

use crate::Subject;

/// Below this many subjects, memory is not worth giving back.
const FEW: usize = 64;

#[derive(Default)]
pub(super) struct Shard {
    tallies: HashTable<Counted>,
    /// Whose record in the ledger may differ from what is here, or should go. May name one twice.
    changed: Vec<Subject>,
}

/// Two whole lines of a cache: with a million of them, how many lines a call touches is what it costs.
#[repr(align(64))]
struct Counted {
    subject: Subject,
    tally: Tally,
    /// Whether `changed` names it already.
    changed: bool,
}

impl Counted {
    fn spread(&self) -> u64 {
        self.subject.spread()
    }
}

impl Shard {
    #[cfg(not(loom))]
    pub(super) fn restore(&mut self, subject: Subject, tally: Tally, now: Timestamp) {
        if tally.is_idle(now) {
            self.changed.push(subject);
        } else {
            self.insert(subject, tally, false);
        }
    }

    pub(super) fn admit(
        &mut self,
        subject: Subject,
        limits: &Limits,
        cost: u64,
        now: Timestamp,
        kept: bool,
    ) -> Admission {
        let (admission, news) = if let Some(counted) = self.find_mut(subject) {
            let admission = counted.tally.admit(limits, cost, now);
            let news = kept && admission.is_admitted() && !mem::replace(&mut counted.changed, true);
            (admission, news)
        } else {
            let mut tally = Tally::default();
            let admission = tally.admit(limits, cost, now);
            // Who is refused at the first call leaves nothing behind.
            if admission.is_admitted() {
                self.insert(subject, tally, kept);
            }
            let news = kept && admission.is_admitted();
            (admission, news)
        };
        if news {
            self.changed.push(subject);
        }
        admission
    }

    pub(super) fn look(&self, subject: Subject, limits: &Limits, now: Timestamp) -> Admission {
        let known = self
            .tallies
            .find(subject.spread(), |counted| counted.subject == subject);
        match known {
            Some(counted) => counted.tally.look(limits, now),
            None => Tally::default().look(limits, now),
        }
    }

    pub(super) fn sweep(&mut self, now: Timestamp, kept: bool) -> usize {
        let Self { tallies, changed } = self;
        let before = tallies.len();
        tallies.retain(|counted| {
            let idle = counted.tally.is_idle(now);
            if idle && kept && !counted.changed {
                changed.push(counted.subject);
            }
            !idle
        });
        let after = tallies.len();
        if tallies.capacity() > 4 * after.max(FEW) {
            tallies.shrink_to(2 * after, Counted::spread);
        }
        before - after
    }

    /// What changed, in the order of subjects; `None` stands for a record that should go.
    pub(super) fn take_changed(&mut self) -> Vec<(Subject, Option<Tally>)> {
        let mut subjects = mem::take(&mut self.changed);
        subjects.sort_unstable();
        subjects.dedup();
        let take = |subject| {
            let tally = self.find_mut(subject).map(|counted| {
                counted.changed = false;
                counted.tally.clone()
            });
            (subject, tally)
        };
        subjects.into_iter().map(take).collect()
    }

    pub(super) fn put_back(&mut self, subject: Subject) {
        let known = self.find_mut(subject);
        if known.is_none_or(|counted| !mem::replace(&mut counted.changed, true)) {
            self.changed.push(subject);
        }
    }

    pub(super) fn subjects(&self) -> usize {
        self.tallies.len()
    }

    fn find_mut(&mut self, subject: Subject) -> Option<&mut Counted> {
        self.tallies
            .find_mut(subject.spread(), |counted| counted.subject == subject)
    }

    /// Takes up a subject that is not known.
    fn insert(&mut self, subject: Subject, tally: Tally, changed: bool) {
        let counted = Counted {
            subject,
            tally,
            changed,
        };
        self.tallies
            .insert_unique(subject.spread(), counted, Counted::spread);
    }
}
