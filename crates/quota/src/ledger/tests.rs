//! What happens when the disk does not.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keydesk_core::{Limit, Limits, Window};
use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::*;

/// The file itself, until it is told to fail.
#[derive(Debug)]
struct Failing {
    file: FileBackend,
    fails: Arc<AtomicBool>,
}

impl Failing {
    fn check(&self) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

fn hundred_a_day() -> Limits {
    Limits::new([Limit::new(100, Window::DAY)]).unwrap()
}

fn open_file(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).unwrap()
}

#[test]
fn a_save_that_fails_keeps_the_changes_for_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(directory.path()).unwrap();
    let counters = ledger.load(at(0)).unwrap();
    drop(ledger.database.lock().take());
    let fails = Arc::new(AtomicBool::new(false));
    let backend = Failing {
        file: FileBackend::new(open_file(&ledger.path)).unwrap(),
        fails: Arc::clone(&fails),
    };
    ledger.database = Mutex::new(Some(Database::builder().create_with_backend(backend).unwrap()));

    let (limits, ada, eve) = (hundred_a_day(), Subject::key("ada"), Subject::key("eve"));
    let _ = counters.admit(ada, &limits, 3, at(0));
    assert_eq!(ledger.save(&counters).unwrap(), 1);

    fails.store(true, Ordering::Relaxed);
    let _ = counters.admit(ada, &limits, 4, at(1));
    let _ = counters.admit(eve, &limits, 5, at(1));
    let failed = ledger.save(&counters).unwrap_err();
    assert!(
        failed.to_string().starts_with("failed to write to the ledger"),
        "{failed}"
    );
    let _ = counters.admit(eve, &limits, 6, at(2));

    // The file itself works again: the next save opens it anew.
    assert_eq!(ledger.save(&counters).unwrap(), 2);
    assert_eq!(ledger.save(&counters).unwrap(), 0);
    drop(ledger);
    let counters = Ledger::open(directory.path()).unwrap().load(at(3)).unwrap();
    let left = |subject| counters.peek(subject, &limits, at(3)).allowances()[0].remaining;
    assert_eq!((left(ada), left(eve)), (93, 89));
}

#[test]
fn while_the_file_cannot_be_opened_anew_saves_fail_and_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(directory.path()).unwrap();
    let counters = ledger.load(at(0)).unwrap();
    let _ = counters.admit(Subject::key("ada"), &hundred_a_day(), 1, at(0));
    drop(ledger.database.lock().take());
    let other = Ledger::open(directory.path()).unwrap();
    for _ in 0..2 {
        assert!(matches!(ledger.save(&counters), Err(LedgerError::Locked { .. })));
    }
    drop(other);
    assert_eq!(ledger.save(&counters).unwrap(), 1);
}

#[test]
fn a_ledger_of_a_newer_release_is_left_alone_and_told() {
    let directory = tempfile::tempdir().unwrap();
    let (path, database) = file::open_or_create(directory.path()).unwrap();
    let numbers = redb::TableDefinition::<&str, u64>::new("numbers");
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(numbers)
        .unwrap()
        .insert("format", 2)
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    let refused = Ledger::open(directory.path()).err().unwrap();
    assert_eq!(
        refused.to_string(),
        format!("the ledger {path:?} has format 2, this release reads 1")
    );
}

#[test]
fn a_record_that_is_none_is_told_and_not_skipped() {
    let directory = tempfile::tempdir().unwrap();
    let (_, database) = file::open_or_create(directory.path()).unwrap();
    for record in [&[1_u8; 23][..], &[0; 24]] {
        let transaction = database.begin_write().unwrap();
        transaction
            .open_table(file::RECORDS)
            .unwrap()
            .insert(&[7; 16], record)
            .unwrap();
        transaction.commit().unwrap();
        assert_eq!(record::read(record, at(0)), None);
    }
    drop(database);
    let refused = Ledger::open(directory.path()).unwrap().load(at(0)).err().unwrap();
    assert!(matches!(refused, LedgerError::Corrupt { .. }), "{refused}");
}
