//! The file: one `redb` table of records, one of numbers.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageError, TableDefinition};

use super::error::LedgerError;

pub(super) const RECORDS: TableDefinition<'_, &[u8; 16], &[u8]> = TableDefinition::new("records");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
const FORMAT: u64 = 1;
const FILE: &str = "counters.redb";
/// redb's own default is 1 GiB; everything is in memory here anyway.
const CACHE_BYTES: usize = 4 << 20;

/// Opens the ledger in this directory, or makes it.
pub(super) fn open_or_create(directory: &Path) -> Result<(PathBuf, Database), LedgerError> {
    let failed = |path: &Path, source| LedgerError::Open {
        path: path.to_owned(),
        source,
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|source| failed(directory, source))?;
    let path = directory.join(FILE);
    if path.exists() {
        let database = open(&path)?;
        return Ok((path, database));
    }
    // Made under a name of its own: a file under the other was whole once, and is damaged if it is empty.
    let unborn = directory.join(format!("{FILE}.{}.new", std::process::id()));
    // redb would make the file readable for everybody.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unborn)
        .map_err(|source| failed(&unborn, source))?;
    let database = builder()
        .create(&unborn)
        .map_err(|error| explain(error, &unborn))?;
    write_format(&database).map_err(|source| LedgerError::Save {
        path: unborn.clone(),
        source: Box::new(source),
    })?;
    // Unlike a rename, this never takes the place of a file that another process made meanwhile. A file whose name
    // is not on disk is not durable, whatever is written to it.
    fs::hard_link(&unborn, &path)
        .and_then(|()| fs::remove_file(&unborn))
        .and_then(|()| File::open(directory)?.sync_all())
        .map_err(|source| failed(&path, source))?;
    Ok((path, database))
}

/// Opens a ledger that is there.
pub(super) fn open(path: &Path) -> Result<Database, LedgerError> {
    let database = builder().open(path).map_err(|error| explain(error, path))?;
    let found = read_format(&database).map_err(|error| corrupt(path, error))?;
    match found {
        Some(FORMAT) => Ok(database),
        Some(found) => Err(LedgerError::Format {
            path: path.to_owned(),
            found,
            expected: FORMAT,
        }),
        None => Err(corrupt(path, "it does not say its format")),
    }
}

pub(super) fn corrupt(
    path: &Path,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> LedgerError {
    LedgerError::Corrupt {
        path: path.to_owned(),
        source: source.into(),
    }
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder
        .set_cache_size(CACHE_BYTES)
        // A damaged page is found now, and told as such, rather than panicked over later.
        .set_check_integrity_on_open(true);
    builder
}

fn write_format(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(RECORDS)?;
    transaction.open_table(NUMBERS)?.insert("format", FORMAT)?;
    transaction.commit()?;
    Ok(())
}

/// Before anything else is read: a newer release may have changed that.
fn read_format(database: &Database) -> Result<Option<u64>, redb::Error> {
    let numbers = database.begin_read()?.open_table(NUMBERS)?;
    Ok(numbers.get("format")?.map(|format| format.value()))
}

fn explain(error: DatabaseError, path: &Path) -> LedgerError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => LedgerError::Locked {
            path: path.to_owned(),
        },
        // What redb says of a file that does not begin as its own do, or ends too early, is no fault of the system.
        DatabaseError::Storage(StorageError::Io(source))
            if !matches!(
                source.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            ) =>
        {
            LedgerError::Open {
                path: path.to_owned(),
                source,
            }
        }
        other => corrupt(path, other),
    }
}
