//! A limit of N admits exactly N, whatever the concurrency.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use keydesk_core::Limits;
use keydesk_quota::{Counters, Store, Subject};

use crate::{at, left, limits};

const THREADS: usize = 64;

/// Lets many threads make `calls` each at once, and says how many calls were admitted.
/// `now` is told the number of the call, so that clocks can differ.
fn rush(
    counters: &Counters,
    subject: Subject,
    limits: &Limits,
    calls: usize,
    now: impl Fn(usize) -> i64 + Sync,
) -> usize {
    let (start, admitted) = (Barrier::new(THREADS), AtomicUsize::new(0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (start, admitted, now) = (&start, &admitted, &now);
            scope.spawn(move || {
                start.wait();
                for call in 0..calls {
                    let admission = counters.admit(subject, limits, 1, at(now(thread + call)));
                    admitted.fetch_add(usize::from(admission.is_admitted()), Ordering::Relaxed);
                }
            });
        }
    });
    admitted.into_inner()
}

#[test]
fn a_limit_of_a_thousand_admits_exactly_a_thousand_of_64_callers() {
    let limits = limits([(1_000, "1h")]);
    for repeat in 0..50 {
        let counters = Counters::new();
        let subject = Subject::key(&format!("key-{repeat}"));
        assert_eq!(rush(&counters, subject, &limits, 100, |_| 0), 1_000);
        assert_eq!(left(&counters.peek(subject, &limits, at(0))), [0]);
    }
}

#[test]
fn of_two_windows_neither_is_exceeded_and_a_refusal_by_one_leaves_the_other() {
    let limits = limits([(300, "10s"), (1_000, "24h")]);
    let (counters, subject) = (Counters::new(), Subject::key("ada"));
    let mut admitted = 0;
    for (round, expected) in [(0, 300), (1, 300), (2, 300), (3, 100), (4, 0)] {
        assert_eq!(
            rush(&counters, subject, &limits, 20, |_| round * 10_000),
            expected
        );
        admitted += expected;
        let day = left(&counters.peek(subject, &limits, at(round * 10_000)))[1];
        assert_eq!(day, 1_000 - u64::try_from(admitted).unwrap());
    }
}

#[test]
fn a_roll_over_under_load_gives_one_quota_and_no_second() {
    let limits = limits([(500, "100ms")]);
    let (counters, subject) = (Counters::new(), Subject::key("ada"));
    for round in 0..100 {
        // Every third caller has read the clock just before the window ended, and may come after the others.
        let now = |call: usize| round * 100 - i64::from(call.is_multiple_of(3));
        let admitted = rush(&counters, subject, &limits, 20, now);
        assert_eq!(admitted, 500, "round {round}");
    }
}

#[test]
fn a_clock_set_back_an_hour_gives_no_second_quota() {
    let limits = limits([(1_000, "30m")]);
    let (counters, subject) = (Counters::new(), Subject::key("ada"));
    let hour = 3_600_000;
    assert!(counters.admit(subject, &limits, 1, at(2 * hour)).is_admitted());
    // Some callers have seen the clock set back already, others not yet.
    let now = |call: usize| if call.is_multiple_of(2) { 2 * hour } else { hour };
    assert_eq!(rush(&counters, subject, &limits, 50, now), 999);
    for _ in 0..256 {
        counters.sweep(at(hour));
    }
    assert_eq!(rush(&counters, subject, &limits, 50, |_| hour), 0);
}

#[test]
fn subjects_do_not_share_and_looking_uses_nothing() {
    let limits = limits([(2, "24h")]);
    let (counters, ada, eve) = (Counters::new(), Subject::key("ada"), Subject::key("eve"));
    for _ in 0..3 {
        assert_eq!(left(&counters.admit(eve, &limits, 0, at(0))), [2]);
        assert_eq!(left(&counters.peek(ada, &limits, at(0))), [2]);
    }
    assert_eq!(counters.subjects(), 0);
    assert_eq!(left(&counters.admit(ada, &limits, 2, at(0))), [0]);
    assert_eq!(left(&counters.admit(eve, &limits, 1, at(0))), [1]);
    assert!(!counters.admit(ada, &limits, 1, at(0)).is_admitted());
}

#[test]
fn who_is_refused_or_unlimited_leaves_nothing_behind() {
    let counters = Counters::kept();
    assert!(
        !counters
            .admit(Subject::key("ada"), &limits([(0, "24h")]), 1, at(0))
            .is_admitted()
    );
    assert!(
        counters
            .admit(Subject::key("eve"), &Limits::unlimited(), 1, at(0))
            .is_admitted()
    );
    assert_eq!((counters.subjects(), counters.changes().count()), (0, 0));
}

#[tokio::test]
async fn a_store_in_memory_answers_at_once_and_as_its_counters_do() {
    let (counters, limits, ada) = (
        Arc::new(Counters::new()),
        limits([(2, "24h")]),
        Subject::key("ada"),
    );
    let store = Store::Memory(Arc::clone(&counters));
    let admission = store.admit(ada, &limits, 1, at(0)).await.unwrap();
    assert_eq!(left(&admission), [1]);
    assert_eq!(
        store.peek(ada, &limits, at(0)).await.unwrap(),
        counters.peek(ada, &limits, at(0))
    );
}
