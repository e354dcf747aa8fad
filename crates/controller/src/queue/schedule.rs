//! Which item runs next and when, as a function of the instants it is told. No clock, no task, no lock.

use std::{
    collections::{BTreeMap, HashMap, VecDeque, hash_map::Entry},
    hash::Hash,
};

use tokio::time::Instant;

use super::{Next, Urgency, backoff::Backoff};

/// So many runs of what is urgent in a row leave one to what is not.
const MOST_URGENT_IN_A_ROW: u32 = 15;

/// What a worker that asks should do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn<T> {
    /// Run this item; `more` says that another one waits already.
    Run { item: T, more: bool },
    /// Nothing is due before this instant.
    Wait(Instant),
    /// Nothing is due at all.
    Idle,
}

#[derive(Debug)]
pub(super) struct Schedule<T> {
    backoff: Backoff,
    /// Items that wait for a worker, by urgency, and within that first come first served. One that became more urgent is in
    /// both: its place says which counts.
    waiting: [VecDeque<T>; 2],
    /// How many items wait.
    depth: usize,
    /// Runs of what is urgent, since there was one of what is not.
    in_a_row: u32,
    /// Items asked for at a later instant; the number tells two of the same instant apart.
    later: BTreeMap<(Instant, u64), (T, Urgency)>,
    /// Every item that waits, runs, is due later or has failed. A settled item takes no memory.
    items: HashMap<T, State>,
    numbers: u64,
    /// How often an item began to wait, since that was asked the last time.
    asked: u64,
}

#[derive(Debug, Default)]
struct State {
    place: Place,
    /// Of its wait, or of its run.
    urgency: Urgency,
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
    RunningAgain(Urgency),
}

impl<T: Clone + Eq + Hash> Schedule<T> {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            waiting: [VecDeque::new(), VecDeque::new()],
            depth: 0,
            in_a_row: 0,
            later: BTreeMap::new(),
            items: HashMap::new(),
            numbers: 0,
            asked: 0,
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// How often an item began to wait since this was called the last time.
    pub(super) fn count_asked(&mut self) -> u64 {
        std::mem::take(&mut self.asked)
    }

    pub(super) fn ask(&mut self, item: T, urgency: Urgency) {
        let state = self.items.entry(item.clone()).or_default();
        state.place = match state.place {
            Place::Resting => {
                self.asked += 1;
                self.depth += 1;
                state.urgency = urgency;
                self.waiting[urgency as usize].push_back(item);
                Place::Waiting
            }
            Place::Waiting => {
                if urgency < state.urgency {
                    state.urgency = urgency;
                    self.waiting[urgency as usize].push_back(item);
                }
                Place::Waiting
            }
            Place::Running => Place::RunningAgain(urgency),
            Place::RunningAgain(before) => Place::RunningAgain(before.min(urgency)),
        };
    }

    pub(super) fn ask_at(&mut self, item: T, at: Instant, urgency: Urgency) {
        let state = self.items.entry(item.clone()).or_default();
        match state.due {
            Some((due, _)) if due <= at => return,
            Some(due) => {
                self.later.remove(&due);
            }
            None => {}
        }
        self.numbers += 1;
        state.due = Some((at, self.numbers));
        self.later.insert((at, self.numbers), (item, urgency));
    }

    pub(super) fn next(&mut self, now: Instant) -> Turn<T> {
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            let (item, urgency) = first.remove();
            if let Some(state) = self.items.get_mut(&item) {
                state.due = None;
            }
            self.ask(item, urgency);
        }
        let order = if self.in_a_row < MOST_URGENT_IN_A_ROW {
            [Urgency::Own, Urgency::Shared]
        } else {
            [Urgency::Shared, Urgency::Own]
        };
        for urgency in order {
            if let Some(item) = self.take(urgency) {
                self.in_a_row = match urgency {
                    Urgency::Own => self.in_a_row.saturating_add(1),
                    Urgency::Shared => 0,
                };
                return Turn::Run {
                    item,
                    more: self.depth > 0,
                };
            }
        }
        match self.later.first_key_value() {
            Some((&(due, _), _)) => Turn::Wait(due),
            None => Turn::Idle,
        }
    }

    /// The next item of those that wait with this urgency; it runs from now on.
    fn take(&mut self, urgency: Urgency) -> Option<T> {
        while let Some(item) = self.waiting[urgency as usize].pop_front() {
            let state = self.items.get_mut(&item);
            let waits = |state: &&mut State| state.place == Place::Waiting && state.urgency == urgency;
            let Some(state) = state.filter(waits) else {
                // It became more urgent.
                continue;
            };
            state.place = Place::Running;
            self.depth -= 1;
            // This run sees everything that a later one was asked for, and says itself when to come back.
            if let Some(due) = state.due.take() {
                self.later.remove(&due);
            }
            return Some(item);
        }
        None
    }

    pub(super) fn finish(&mut self, item: &T, next: Next, now: Instant, jitter: f64) {
        let Entry::Occupied(mut entry) = self.items.entry(item.clone()) else {
            return;
        };
        let state = entry.get_mut();
        let again = match state.place {
            Place::RunningAgain(urgency) => Some(urgency),
            Place::Resting | Place::Waiting | Place::Running => None,
        };
        let at = match next {
            Next::Settled => {
                state.failures = 0;
                None
            }
            Next::At(at) => {
                state.failures = 0;
                Some((at, Urgency::Own))
            }
            Next::Retry => {
                state.failures = state.failures.saturating_add(1);
                Some((now + self.backoff.delay(state.failures, jitter), state.urgency))
            }
        };
        state.place = Place::Resting;
        if at.is_none() && again.is_none() && state.due.is_none() {
            entry.remove();
            return;
        }
        if let Some((at, urgency)) = at {
            self.ask_at(item.clone(), at, urgency);
        }
        if let Some(urgency) = again {
            self.ask(item.clone(), urgency);
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

    fn ask(queue: &mut Schedule<&'static str>, item: &'static str) {
        queue.ask(item, Urgency::Own);
    }

    fn run(item: &'static str, more: bool) -> Turn<&'static str> {
        Turn::Run { item, more }
    }

    #[test]
    fn an_item_waits_once_however_often_it_is_asked_for() {
        let (mut queue, now) = (schedule(), Instant::now());
        for item in ["a", "b", "a", "a"] {
            ask(&mut queue, item);
        }
        assert_eq!(queue.next(now), run("a", true));
        assert_eq!(queue.next(now), run("b", false));
        assert_eq!(queue.next(now), Turn::Idle);
    }

    #[test]
    fn an_item_asked_for_while_it_runs_runs_once_more_afterwards() {
        let (mut queue, now) = (schedule(), Instant::now());
        ask(&mut queue, "a");
        assert_eq!(queue.next(now), run("a", false));
        ask(&mut queue, "a");
        ask(&mut queue, "a");
        assert_eq!(queue.next(now), Turn::Idle, "never twice at once");
        queue.finish(&"a", Next::Settled, now, 0.0);
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::Settled, now, 0.0);
        assert_eq!(queue.next(now), Turn::Idle);
        assert!(queue.items.is_empty(), "a settled item takes no memory");
    }

    #[test]
    fn a_failing_item_waits_longer_each_time_and_starts_over_after_a_success() {
        let (mut queue, mut now) = (schedule(), Instant::now());
        ask(&mut queue, "a");
        for delay in [100, 200, 400, 800, 1000, 1000] {
            assert_eq!(queue.next(now), run("a", false));
            queue.finish(&"a", Next::Retry, now, 0.0);
            let due = now + Duration::from_millis(delay);
            assert_eq!(queue.next(now), Turn::Wait(due));
            now = due;
        }
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::Settled, now, 0.0);
        ask(&mut queue, "a");
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::Retry, now, 0.0);
        assert_eq!(queue.next(now), Turn::Wait(now + Duration::from_millis(100)));
    }

    #[test]
    fn news_of_a_failing_item_do_not_wait_for_its_backoff() {
        let (mut queue, now) = (schedule(), Instant::now());
        ask(&mut queue, "a");
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::Retry, now, 0.0);
        ask(&mut queue, "a");
        assert_eq!(queue.next(now), run("a", false));
    }

    #[test]
    fn the_earliest_instant_wins_and_a_run_answers_it() {
        let (mut queue, now) = (schedule(), Instant::now());
        let (soon, late) = (now + Duration::from_secs(1), now + Duration::from_secs(9));
        queue.ask_at("a", late, Urgency::Own);
        queue.ask_at("a", soon, Urgency::Own);
        queue.ask_at("a", late, Urgency::Own);
        assert_eq!(queue.next(now), Turn::Wait(soon));
        ask(&mut queue, "a");
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::At(late), now, 0.0);
        assert_eq!(queue.next(soon), Turn::Wait(late));
        assert_eq!(queue.next(late), run("a", false));
        queue.finish(&"a", Next::Settled, late, 0.0);
        assert_eq!(queue.next(late), Turn::Idle);
    }

    #[test]
    fn an_instant_asked_for_while_the_item_runs_is_kept() {
        let (mut queue, now) = (schedule(), Instant::now());
        let soon = now + Duration::from_secs(1);
        ask(&mut queue, "a");
        assert_eq!(queue.next(now), run("a", false));
        queue.ask_at("a", soon, Urgency::Own);
        queue.finish(&"a", Next::Settled, now, 0.0);
        assert_eq!(queue.next(now), Turn::Wait(soon));
        assert_eq!(queue.next(soon), run("a", false));
    }

    #[test]
    fn an_instant_asked_for_while_the_item_runs_does_not_wait_for_its_backoff() {
        let (mut queue, now) = (schedule(), Instant::now());
        let soon = now + Duration::from_millis(50);
        ask(&mut queue, "a");
        assert_eq!(queue.next(now), run("a", false));
        queue.ask_at("a", soon, Urgency::Own);
        queue.finish(&"a", Next::Retry, now, 0.0);
        assert_eq!(queue.next(now), Turn::Wait(soon));
    }

    #[test]
    fn what_happened_to_an_item_itself_comes_before_what_concerns_many() {
        let (mut queue, now) = (schedule(), Instant::now());
        for item in ["a", "b", "c"] {
            queue.ask(item, Urgency::Shared);
        }
        queue.ask("d", Urgency::Own);
        queue.ask("c", Urgency::Own);
        // What it was asked for first does not make it wait again.
        queue.ask("c", Urgency::Shared);
        assert_eq!(queue.depth(), 4);
        for (item, more) in [("d", true), ("c", true), ("a", true), ("b", false)] {
            assert_eq!(queue.next(now), run(item, more));
            queue.finish(&item, Next::Settled, now, 0.0);
        }
        assert_eq!(queue.next(now), Turn::Idle);
        assert!(queue.items.is_empty() && queue.waiting.iter().all(VecDeque::is_empty));
    }

    #[test]
    fn what_concerns_many_is_not_held_up_for_ever() {
        let (mut queue, now) = (schedule(), Instant::now());
        queue.ask("a", Urgency::Shared);
        ask(&mut queue, "b");
        let mut runs = 0;
        loop {
            let Turn::Run { item, .. } = queue.next(now) else {
                unreachable!("there is always b")
            };
            queue.finish(&item, Next::Settled, now, 0.0);
            if item == "a" {
                break;
            }
            runs += 1;
            ask(&mut queue, "b");
        }
        assert_eq!(runs, MOST_URGENT_IN_A_ROW);
    }

    #[test]
    fn a_retry_is_as_urgent_as_what_failed_and_the_end_of_an_item_is_urgent() {
        let (mut queue, now) = (schedule(), Instant::now());
        queue.ask("a", Urgency::Shared);
        assert_eq!(queue.next(now), run("a", false));
        queue.finish(&"a", Next::Retry, now, 0.0);
        queue.ask("b", Urgency::Shared);
        assert_eq!(queue.next(now), run("b", false));
        let soon = now + Duration::from_millis(100);
        queue.finish(&"b", Next::At(soon), now, 0.0);
        assert_eq!(queue.next(soon), run("b", true));
        assert_eq!(queue.next(soon), run("a", false));
    }

    #[test]
    fn an_item_that_ran_because_it_became_urgent_may_wait_with_the_others_again() {
        let (mut queue, now) = (schedule(), Instant::now());
        queue.ask("a", Urgency::Shared);
        queue.ask("a", Urgency::Own);
        assert_eq!(queue.next(now), run("a", false));
        queue.ask("a", Urgency::Shared);
        queue.finish(&"a", Next::Settled, now, 0.0);
        assert_eq!((queue.depth(), queue.next(now)), (1, run("a", false)));
        queue.finish(&"a", Next::Settled, now, 0.0);
        assert_eq!((queue.depth(), queue.next(now)), (0, Turn::Idle));
    }
}
