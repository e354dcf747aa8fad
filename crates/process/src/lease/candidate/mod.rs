//! Whose turn it is, as far as one candidate can know: a function of what it saw of the lease, and when, by its own clock.
//!
//! Nobody's clock is compared with anybody else's. Who waits counts from when it saw the lease change, which is after it
//! did; who acts counts from when it asked for what it was granted, which is before it was. So the time to act is over
//! before the time to wait is, as long as no clock runs more than half as fast again as another.

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::record::Record;

/// How long things take in an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long others wait after the lease was last renewed. Whole seconds: it is written so.
    pub lease: Duration,
    /// How long a leader acts after it last asked for a renewal that it was granted; well below `lease`.
    pub renew_deadline: Duration,
    /// From one attempt to the next.
    pub retry: Duration,
}

impl Default for Pace {
    /// As client-go, and hence upstream.
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Write the lease, in the version that was seen: to take it, or to keep it.
    Write,
    /// It is another's, at least until then.
    Wait(Instant),
}

/// One candidate.
#[derive(Debug)]
pub(super) struct Candidate {
    me: String,
    pace: Pace,
    seen: Seen,
    /// When it asked for what it was last granted.
    asked: Option<Instant>,
}

/// The lease as it was last seen. At first there is none, as far as the candidate knows.
#[derive(Debug)]
struct Seen {
    record: Record,
    /// Its resourceVersion; none while there is no lease.
    version: Option<String>,
    /// When another's claim ends unless it is renewed.
    free_at: Option<Instant>,
}

impl Candidate {
    pub(super) fn new(me: String, pace: Pace) -> Self {
        Self {
            me,
            pace,
            seen: Seen {
                record: Record::default(),
                version: None,
                free_at: None,
            },
            asked: None,
        }
    }

    /// Takes note of the lease, of which it is known at `now`, and of its version.
    pub(super) fn see(&mut self, record: Record, version: String, now: Instant) {
        if self.seen.version.as_ref() == Some(&version) {
            return;
        }
        let others = !record.holder.is_empty() && record.holder != self.me;
        let duration = if record.duration.is_zero() {
            self.pace.lease
        } else {
            record.duration
        };
        if record.holder != self.me {
            self.asked = None;
        }
        self.seen = Seen {
            record,
            version: Some(version),
            free_at: others.then(|| now + duration),
        };
    }

    /// Takes note that there is no lease. Whoever held it may not know that yet, and is given its time.
    pub(super) fn see_none(&mut self) {
        self.seen.version = None;
        if self.is_mine() {
            self.seen.record.holder.clear();
        }
        self.asked = None;
    }

    /// It wrote the lease, asked for at `asked`; it has this version now.
    pub(super) fn granted(&mut self, record: Record, version: String, asked: Instant) {
        self.asked = (record.holder == self.me).then_some(asked);
        self.seen = Seen {
            record,
            version: Some(version),
            free_at: None,
        };
    }

    /// What to do at `now`.
    pub(super) fn decide(&self, now: Instant) -> Move {
        match self.seen.free_at.filter(|free_at| *free_at > now) {
            Some(free_at) => Move::Wait(free_at),
            None => Move::Write,
        }
    }

    /// What it would write to take the lease, or to keep it.
    pub(super) fn claim(&self, now: Timestamp) -> Record {
        let Record {
            holder: _,
            duration: _,
            acquired,
            transitions,
        } = self.seen.record;
        let keeps = self.is_mine();
        let passes = i32::from(!keeps && self.seen.version.is_some());
        Record {
            holder: self.me.clone(),
            duration: self.pace.lease,
            acquired: acquired.filter(|_| keeps).or(Some(now)),
            transitions: transitions.saturating_add(passes),
        }
    }

    /// What it would write so that nobody waits for it; nothing if the lease is not its own. As client-go: nobody's, and
    /// of no duration, as far as the API server takes that.
    pub(super) fn farewell(&self, now: Timestamp) -> Option<Record> {
        self.is_mine().then(|| Record {
            holder: String::new(),
            duration: Duration::from_secs(1),
            acquired: Some(now),
            transitions: self.seen.record.transitions,
        })
    }

    /// What it calls itself.
    pub(super) fn me(&self) -> &str {
        &self.me
    }

    /// Whether the lease names it.
    pub(super) fn is_mine(&self) -> bool {
        self.seen.record.holder == self.me
    }

    /// Who has the lease, as it was last seen; empty if nobody has.
    pub(super) fn holder(&self) -> &str {
        &self.seen.record.holder
    }

    /// Until when it may act without being granted anything new.
    pub(super) fn acts_until(&self) -> Option<Instant> {
        self.asked.map(|asked| asked + self.pace.renew_deadline)
    }
}
