//! The counters on disk: what was used survives a restart.

mod error;
mod file;
mod record;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::iter;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use keydesk_core::Tally;
use parking_lot::Mutex;
use redb::{Database, ReadableDatabase, ReadableTable};

use crate::{Counters, Subject};

pub use error::LedgerError;

/// A file of records, one for each subject with an open window. Written behind the calls, all changes at once.
pub struct Ledger {
    path: PathBuf,
    /// `None` after a save that failed: redb refuses to go on with a file that has failed it once, so the next save
    /// opens it anew. Locked for as long as a save takes, which keeps two of them in order.
    database: Mutex<Option<Database>>,
}

impl Ledger {
    /// Opens the ledger in this directory; makes both if they are not there, for the owner's eyes only.
    ///
    /// # Errors
    /// If the file cannot be made or opened, is in use, is damaged, or is of a newer release.
    pub fn open(directory: &Path) -> Result<Self, LedgerError> {
        let (path, database) = file::open_or_create(directory)?;
        let database = Mutex::new(Some(database));
        Ok(Self { path, database })
    }

    /// Reads what was used in windows that are still open. The counters remember from then on what changes.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn load(&self, now: Timestamp) -> Result<Counters, LedgerError> {
        let mut held = self.database.lock();
        let database = match &mut *held {
            Some(database) => database,
            missing => missing.insert(file::open(&self.path)?),
        };
        read(database, now).map_err(|source| file::corrupt(&self.path, source))
    }

    /// Makes durable what changed since the last save, all or nothing, and says how many records that were. Nothing is
    /// written if nothing changed. This waits for the disk.
    ///
    /// # Errors
    /// If the file cannot be written. The changes are kept for the next save, which begins by opening the file anew.
    pub fn save(&self, counters: &Counters) -> Result<usize, LedgerError> {
        let mut held = self.database.lock();
        let mut changes = counters.changes();
        let Some(first) = changes.next() else {
            return Ok(0);
        };
        let database = match held.take() {
            Some(database) => database,
            None => file::open(&self.path)?,
        };
        let written =
            write(&database, iter::once(first).chain(&mut changes)).map_err(|source| LedgerError::Save {
                path: self.path.clone(),
                source: Box::new(source),
            })?;
        *held = Some(database);
        changes.settle();
        Ok(written)
    }
}

fn read(database: &Database, now: Timestamp) -> Result<Counters, Box<dyn Error + Send + Sync>> {
    let records = database.begin_read()?.open_table(file::RECORDS)?;
    let counters = Counters::kept();
    for entry in records.iter()? {
        let (subject, record) = entry?;
        let subject = Subject::from_bytes(*subject.value());
        let tally = record::read(record.value(), now)
            .ok_or_else(|| format!("what it has for {subject:?} is no record"))?;
        counters.restore(subject, tally, now);
    }
    Ok(counters)
}

fn write(
    database: &Database,
    changes: impl Iterator<Item = (Subject, Option<Tally>)>,
) -> Result<usize, redb::Error> {
    let transaction = database.begin_write()?;
    let mut records = transaction.open_table(file::RECORDS)?;
    let mut record = Vec::new();
    let mut written = 0;
    for (subject, tally) in changes {
        if let Some(tally) = tally {
            record::write(&tally, &mut record);
            records.insert(subject.as_bytes(), &*record)?;
        } else {
            records.remove(subject.as_bytes())?;
        }
        written += 1;
    }
    drop(records);
    transaction.commit()?;
    Ok(written)
}
