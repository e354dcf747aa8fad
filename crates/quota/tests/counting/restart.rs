//! What was used is kept over a restart.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use keydesk_quota::{Counters, Ledger, LedgerError, Subject, keep};
use tokio::sync::{mpsc, oneshot};

use crate::{at, left, limits};

fn reopen(directory: &Path, now: i64) -> (Ledger, Counters) {
    let ledger = Ledger::open(directory).unwrap();
    let counters = ledger.load(at(now)).unwrap();
    (ledger, counters)
}

#[test]
fn a_restart_in_the_middle_of_a_window_does_not_reset_it() {
    let directory = tempfile::tempdir().unwrap();
    let (plan, ada) = (limits([(2, "10s"), (10, "24h")]), Subject::key("ada"));
    let (ledger, counters) = reopen(directory.path(), 0);
    let _ = counters.admit(ada, &plan, 2, at(0));
    assert_eq!(ledger.save(&counters).unwrap(), 1);
    let before = counters.peek(ada, &plan, at(5_000));
    drop(ledger);

    let (ledger, counters) = reopen(directory.path(), 5_000);
    assert_eq!(counters.peek(ada, &plan, at(5_000)), before);
    assert!(!counters.admit(ada, &plan, 1, at(5_000)).is_admitted());
    assert_eq!(ledger.save(&counters).unwrap(), 0, "nothing changed");
    drop(ledger);

    let (_ledger, counters) = reopen(directory.path(), 10_000);
    assert_eq!(left(&counters.admit(ada, &plan, 1, at(10_000))), [1, 7]);
}

#[test]
fn only_what_changed_is_written_and_what_is_over_goes() {
    let directory = tempfile::tempdir().unwrap();
    let (day, second) = (limits([(10, "24h")]), limits([(10, "1s")]));
    let (ledger, counters) = reopen(directory.path(), 0);
    for key in 0..50 {
        let _ = counters.admit(Subject::key(&format!("day-{key}")), &day, 1, at(0));
        let _ = counters.admit(Subject::key(&format!("second-{key}")), &second, 1, at(0));
    }
    assert_eq!(ledger.save(&counters).unwrap(), 100);
    let _ = counters.admit(Subject::key("day-7"), &day, 1, at(1));
    let _ = counters.admit(Subject::key("day-7"), &day, 1, at(2));
    assert_eq!(ledger.save(&counters).unwrap(), 1);
    let swept: usize = (0..256).map(|_| counters.sweep(at(1_000))).sum();
    assert_eq!(swept, 50);
    assert_eq!(ledger.save(&counters).unwrap(), 50);
    drop(ledger);

    // A day later: what is over is not taken up, and its records go with the next save.
    let (ledger, counters) = reopen(directory.path(), 86_400_000);
    assert_eq!(counters.subjects(), 0);
    assert_eq!(ledger.save(&counters).unwrap(), 50);
    drop(ledger);
    let (ledger, counters) = reopen(directory.path(), 0);
    assert_eq!((counters.subjects(), ledger.save(&counters).unwrap()), (0, 0));
}

#[test]
fn the_file_is_for_its_owner_alone_and_stands_alone() {
    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join("gate");
    drop(Ledger::open(&inner).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    let files: Vec<_> = fs::read_dir(&inner).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].file_name(), "counters.redb");
    assert_eq!(mode(&files[0].path()), 0o600);
}

#[test]
fn a_ledger_in_use_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let _held = Ledger::open(directory.path()).unwrap();
    let refused = Ledger::open(directory.path()).err().unwrap();
    assert!(matches!(refused, LedgerError::Locked { .. }), "{refused}");
}

#[test]
fn a_damaged_ledger_is_told_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("counters.redb");
    for content in ["", "not a ledger", &"x".repeat(10_000)] {
        fs::write(&file, content).unwrap();
        let refused = Ledger::open(directory.path()).err().unwrap();
        assert!(matches!(refused, LedgerError::Corrupt { .. }), "{refused:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let refused = Ledger::open(directory.path()).err().unwrap();
    assert!(matches!(refused, LedgerError::Open { .. }), "{refused:?}");
}

#[tokio::test]
async fn keeping_saves_in_turns_and_once_more_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = Arc::new(Ledger::open(directory.path()).unwrap());
    let counters = Arc::new(ledger.load(Timestamp::now()).unwrap());
    let (plan, ada) = (limits([(10, "24h")]), Subject::key("ada"));
    let (stop, stopped) = oneshot::channel::<()>();
    let (told, mut turns) = mpsc::unbounded_channel();
    let keeping = tokio::spawn(keep(
        Arc::clone(&ledger),
        Arc::clone(&counters),
        Duration::from_millis(10),
        async { stopped.await.unwrap() },
        move |turn| told.send(*turn.as_ref().unwrap()).unwrap(),
    ));
    let _ = counters.admit(ada, &plan, 3, Timestamp::now());
    while turns.recv().await.unwrap() == 0 {}
    let _ = counters.admit(ada, &plan, 4, Timestamp::now());
    stop.send(()).unwrap();
    keeping.await.unwrap().unwrap();
    drop((ledger, counters));

    let now = Timestamp::now();
    let counters = Ledger::open(directory.path()).unwrap().load(now).unwrap();
    assert_eq!(left(&counters.peek(ada, &plan, now)), [3]);
}
