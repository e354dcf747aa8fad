//! Every interleaving of a few threads that admit, sweep and save.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use keydesk_core::Tally;
use keydesk_quota::{Counters, Subject};
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::{at, left, limits};

/// A ledger that fails when it is told to. As the real one does, it lets one save in at a time.
#[derive(Default)]
struct Book(Mutex<BTreeMap<Subject, Tally>>);

impl Book {
    fn save(&self, counters: &Counters, works: bool) {
        let mut book = self.0.lock().unwrap();
        let mut changes = counters.changes();
        let mut next = book.clone();
        for (subject, tally) in &mut changes {
            match tally {
                Some(tally) => next.insert(subject, tally),
                None => next.remove(&subject),
            };
        }
        if works {
            *book = next;
            changes.settle();
        }
    }

    /// What each subject has used, in all of its windows.
    fn used(&self) -> Vec<(Subject, Vec<u64>)> {
        let book = self.0.lock().unwrap();
        let used = |tally: &Tally| tally.slots().iter().map(|slot| slot.used).collect();
        book.iter()
            .map(|(subject, tally)| (*subject, used(tally)))
            .collect()
    }
}

fn subject(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn sweep_all(counters: &Counters, now: i64) {
    counters.sweep(at(now));
    counters.sweep(at(now));
}

/// Runs a model in every interleaving, of which there must be some.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let runs = std::sync::Arc::new(AtomicU64::new(0));
    let counted = std::sync::Arc::clone(&runs);
    loom::model(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let runs = runs.load(Ordering::Relaxed);
    assert!(runs > 10, "{runs} interleavings: the threads do not meet");
}

#[test]
fn three_callers_admit_exactly_the_limit_and_a_refusal_leaves_the_other_window() {
    explore(|| {
        let counters = Arc::new(Counters::new());
        let plan = limits([(2, "1s"), (9, "24h")]);
        let call = |cost| {
            let (counters, plan) = (Arc::clone(&counters), plan.clone());
            move || counters.admit(subject(1), &plan, cost, at(0)).is_admitted()
        };
        let others = [thread::spawn(call(1)), thread::spawn(call(1))];
        let mut admitted = u64::from(call(1)());
        for other in others {
            admitted += u64::from(other.join().unwrap());
        }
        assert_eq!(admitted, 2);
        assert_eq!(left(&counters.peek(subject(1), &plan, at(0))), [0, 7]);
    });
}

#[test]
fn a_save_misses_nothing_that_is_admitted_or_swept_meanwhile_even_if_it_fails() {
    for first_works in [true, false] {
        explore(move || {
            let (day, second) = (limits([(9, "24h")]), limits([(9, "1s")]));
            let (counters, book) = (Arc::new(Counters::kept()), Arc::new(Book::default()));
            // Of one shard, so that all three threads want the same lock.
            let (stays, leaves) = (subject(1), subject(3));
            let _ = counters.admit(leaves, &second, 1, at(0));
            let _ = counters.admit(stays, &day, 1, at(0));
            book.save(&counters, true);
            let admitting = thread::spawn({
                let counters = Arc::clone(&counters);
                move || {
                    let _ = counters.admit(stays, &day, 1, at(1_000));
                    let _ = counters.admit(stays, &day, 1, at(1_000));
                }
            });
            let saving = thread::spawn({
                let (counters, book) = (Arc::clone(&counters), Arc::clone(&book));
                move || book.save(&counters, first_works)
            });
            sweep_all(&counters, 1_000);
            admitting.join().unwrap();
            saving.join().unwrap();
            book.save(&counters, true);
            assert_eq!(book.used(), [(stays, vec![3])]);
            assert_eq!(counters.subjects(), 1);
            assert_eq!(counters.changes().count(), 0);
        });
    }
}

#[test]
fn who_comes_back_while_being_swept_and_saved_is_counted_once_and_kept() {
    for first_works in [true, false] {
        explore(move || {
            let plan = limits([(9, "1s")]);
            let (counters, book) = (Arc::new(Counters::kept()), Arc::new(Book::default()));
            let _ = counters.admit(subject(1), &plan, 5, at(0));
            book.save(&counters, true);
            let admitting = thread::spawn({
                let (counters, plan) = (Arc::clone(&counters), plan.clone());
                move || counters.admit(subject(1), &plan, 1, at(1_000))
            });
            let saving = thread::spawn({
                let (counters, book) = (Arc::clone(&counters), Arc::clone(&book));
                move || book.save(&counters, first_works)
            });
            sweep_all(&counters, 1_000);
            assert_eq!(left(&admitting.join().unwrap()), [8]);
            saving.join().unwrap();
            assert_eq!(left(&counters.peek(subject(1), &plan, at(1_000))), [8]);
            book.save(&counters, true);
            assert_eq!(book.used(), [(subject(1), vec![1])]);
        });
    }
}

#[test]
fn two_saves_at_once_leave_the_newer_record() {
    explore(|| {
        let plan = limits([(9, "24h")]);
        let (counters, book) = (Arc::new(Counters::kept()), Arc::new(Book::default()));
        let _ = counters.admit(subject(1), &plan, 1, at(0));
        let saving = thread::spawn({
            let (counters, book) = (Arc::clone(&counters), Arc::clone(&book));
            move || book.save(&counters, true)
        });
        let _ = counters.admit(subject(1), &plan, 1, at(0));
        book.save(&counters, true);
        saving.join().unwrap();
        assert_eq!(book.used(), [(subject(1), vec![2])]);
    });
}
