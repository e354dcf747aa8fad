//! Which key runs next and when, as a function of the instants it is told. No clock, no task, no lock.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    hash::Hash,
};

use tokio::time::Instant;

use super::{Next, backoff::Backoff};

/// What a worker that asks should do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn<T> {
    /// Run this key; `more` says that another one waits already.
    Run { key: T, more: bool },
    /// Nothing is due before this instant.
    Wait(Instant),
    /// Nothing is due at all.
    Idle,
}

#[derive(Debug)]
pub(super) struct Schedule<T> {
    backoff: Backoff,
    /// Keys that wait for a worker, first come first served.
    waiting: VecDeque<T>,
    /// Keys asked for at a later instant; the number tells two of the same instant apart.
    later: BTreeMap<(Instant, u64), T>,
    /// Every key that waits, runs, is due later or has failed. A settled key takes no memory.
    keys: HashMap<T, Key>,
    numbers: u64,
    /// How often a key began to wait, since that was asked the last time.
    asked: u64,
}

#[derive(Debug, Default)]
struct Key {
    place: Place,
    /// Its entry in `later`.
    due: Option<(Instant, u64)>,
    /// Failures in a row.
    failures: u32,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Resting,
    Waiting,
    Running,
    /// Running, and asked for meanwhile.
    RunningAgain,
}

impl<T: Clone + Eq + Hash> Schedule<T> {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            waiting: VecDeque::new(),
            later: BTreeMap::new(),
            keys: HashMap::new(),
            numbers: 0,
            asked: 0,
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.waiting.len()
    }

    /// How often a key began to wait since this was called the last time.
    pub(super) fn count_asked(&mut self) -> u64 {
        std::mem::take(&mut self.asked)
    }

    pub(super) fn ask(&mut self, key: T) {
        let state = self.keys.entry(key.clone()).or_default();
        state.place = match state.place {
            Place::Resting => {
                self.asked += 1;
                self.waiting.push_back(key);
                Place::Waiting
            }
            Place::Waiting => Place::Waiting,
            Place::Running | Place::RunningAgain => Place::RunningAgain,
        };
    }

    pub(super) fn ask_at(&mut self, key: T, at: Instant) {
        let state = self.keys.entry(key.clone()).or_default();
        match state.due {
            Some((due, _)) if due <= at => return,
            Some(due) => {
                self.later.remove(&due);
            }
            None => {}
        }
        self.numbers += 1;
        state.due = Some((at, self.numbers));
        self.later.insert((at, self.numbers), key);
    }

    pub(super) fn next(&mut self, now: Instant) -> Turn<T> {
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            let key = first.remove();
            if let Some(state) = self.keys.get_mut(&key) {
                state.due = None;
            }
            self.ask(key);
        }
        if let Some(key) = self.waiting.pop_front() {
            if let Some(state) = self.keys.get_mut(&key) {
                state.place = Place::Running;
                // This run sees everything that a later one was asked for, and says itself when to come back.
                if let Some(due) = state.due.take() {
                    self.later.remove(&due);
                }
            }
            return Turn::Run {
                key,
                more: !self.waiting.is_empty(),
            };
        }
        match self.later.first_key_value() {
            Some((&(due, _), _)) => Turn::Wait(due),
            None => Turn::Idle,
        }
    }

    pub(super) fn finish(&mut self, key: &T, next: Next, now: Instant, jitter: f64) {
        let Entry::Occupied(mut entry) = self.keys.entry(key.clone()) else {
            return;
        };
        let state = entry.get_mut();
        let again = state.place == Place::RunningAgain;
        state.place = Place::Resting;
        let at = match next {
            Next::Settled => {
                state.failures = 0;
                None
            }
            Next::At(at) => {
                state.failures = 0;
                Some(at)
            }
            Next::Retry => {
                state.failures = state.failures.saturating_add(1);
                Some(now + self.backoff.delay(state.failures, jitter))
            }
        };
        if at.is_none() && !again && state.due.is_none() {
            entry.remove();
            return;
        }
        if let Some(at) = at {
            self.ask_at(key.clone(), at);
        }
        if again {
            self.ask(key.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn schedule() -> Schedule<&'static str> {
        Schedule::new(Backoff {
            start: Duration::from_millis(100),
            cap: Duration::from_secs(1),
        })
    }

    fn run(key: &'static str, more: bool) -> Turn<&'static str> {
        Turn::Run { key, more }
    }

    #[test]
    fn a_key_waits_once_however_often_it_is_asked_for() {
        let (mut queue, now) = (schedule(), Instant::now());
        for key in ["a", "b", "a", "a"] {
            queue.ask(key);
        }
        assert_eq!(queue.next(now), run("a", true));
        assert_eq!(queue.next(now), run("b", false));
        assert_eq!(queue.next(now), Turn::Idle);
    }

    #[test]
    fn a_key_asked_for_while_it_runs_runs_once_more_afterwards() {
        let (mut queue, now) = (schedule(), Instant::now());
        queue.ask("a");
        assert_eq!(queue.next(now), run("a", false));
        queue.ask("a");
        queue.ask("a");
        assert_eq!(queue.next(now), Turn::Idle, "never twice at once");
        queue.finish(&"a", Next::Settled, now, 0.0);
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::Settled, now, 0.0);
        assert_eq!(queue.next(now), Turn::Idle);
        assert!(queue.keys.is_empty(), "a settled key takes no memory");
    }

    #[test]
    fn a_failing_key_waits_longer_each_time_and_starts_over_after_a_success() {
        let (mut queue, mut now) = (schedule(), Instant::now());
        queue.ask("a");
        for delay in [100, 200, 400, 800, 1000, 1000] {
            assert_eq!(queue.next(now), run("a", false));
            queue.finish(&"a", Next::Retry, now, 0.0);
            let due = now + Duration::from_millis(delay);
            assert_eq!(queue.next(now), Turn::Wait(due));
            now = due;
        }
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::Settled, now, 0.0);
        queue.ask("a");
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::Retry, now, 0.0);
        assert_eq!(queue.next(now), Turn::Wait(now + Duration::from_millis(100)));
    }

    #[test]
    fn news_of_a_failing_key_do_not_wait_for_its_backoff() {
        let (mut queue, now) = (schedule(), Instant::now());
        queue.ask("a");
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::Retry, now, 0.0);
        queue.ask("a");
        assert_eq!(queue.next(now), run("a", false));
    }

    #[test]
    fn the_earliest_instant_wins_and_a_run_answers_it() {
        let (mut queue, now) = (schedule(), Instant::now());
        let (soon, late) = (now + Duration::from_secs(1), now + Duration::from_secs(9));
        queue.ask_at("a", late);
        queue.ask_at("a", soon);
        queue.ask_at("a", late);
        assert_eq!(queue.next(now), Turn::Wait(soon));
        queue.ask("a");
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::At(late), now, 0.0);
        assert_eq!(queue.next(soon), Turn::Wait(late));
        assert_eq!(queue.next(late), run("a", false));
        queue.finish(&"a", Next::Settled, late, 0.0);
        assert_eq!(queue.next(late), Turn::Idle);
    }

    #[test]
    fn an_instant_asked_for_while_the_key_runs_is_kept() {
        let (mut queue, now) = (schedule(), Instant::now());
        let soon = now + Duration::from_secs(1);
        queue.ask("a");
        assert_eq!(queue.next(now), run("a", false));
        queue.ask_at("a", soon);
        queue.finish(&"a", Next::Settled, now, 0.0);
        assert_eq!(queue.next(now), Turn::Wait(soon));
        assert_eq!(queue.next(soon), run("a", false));
    }
}
