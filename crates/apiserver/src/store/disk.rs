//! The file: one `redb` table of objects, one of numbers.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition};

use super::collection::Event;
use super::command::Key;
use super::error::StoreError;
use super::object::Object;

const OBJECTS: TableDefinition<'_, (&str, &str, &str), &[u8]> = TableDefinition::new("objects");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
const FORMAT: u64 = 1;
const FILE: &str = "objects.redb";
/// redb's own default is 1 GiB; everything is in memory here anyway.
const CACHE_BYTES: usize = 16 << 20;

pub(super) struct Disk {
    database: Database,
    path: PathBuf,
}

impl Disk {
    /// The store that is in `directory`, or a new one.
    pub(super) fn open(directory: &Path) -> Result<Self, StoreError> {
        let failed = |path: &Path, source| StoreError::Open {
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
            return Self::open_file(path);
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
        let database = create(&unborn)?;
        let disk = Self { database, path };
        disk.check_format()?;
        // Unlike a rename, this never takes the place of a file that another process made meanwhile. A file whose name
        // is not on disk is not durable, whatever is written to it.
        fs::hard_link(&unborn, &disk.path)
            .and_then(|()| fs::remove_file(&unborn))
            .and_then(|()| File::open(directory)?.sync_all())
            .map_err(|source| failed(&disk.path, source))?;
        Ok(disk)
    }

    /// The store that is in `directory`.
    pub(super) fn open_existing(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(FILE);
        // What cannot be looked at is told by whoever opens it.
        if matches!(path.try_exists(), Ok(false)) {
            return Err(StoreError::Missing { path });
        }
        Self::open_file(path)
    }

    fn open_file(path: PathBuf) -> Result<Self, StoreError> {
        let length = fs::metadata(&path).map(|file| file.len());
        if length.is_ok_and(|length| length == 0) {
            return Err(StoreError::Corrupt {
                path,
                source: "the file is empty".into(),
            });
        }
        let database = create(&path)?;
        let disk = Self { database, path };
        disk.check_format()?;
        Ok(disk)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let found = self.transact(|transaction| {
            transaction.open_table(OBJECTS)?;
            let mut numbers = transaction.open_table(NUMBERS)?;
            let found = numbers.get("format")?.map(|format| format.value());
            if found.is_none() {
                numbers.insert("format", FORMAT)?;
            }
            Ok(found.unwrap_or(FORMAT))
        })?;
        if found == FORMAT {
            Ok(())
        } else {
            Err(StoreError::Format {
                path: self.path.clone(),
                found,
                expected: FORMAT,
            })
        }
    }

    /// The revision of the last commit, 0 if there was none.
    pub(super) fn revision(&self) -> Result<u64, StoreError> {
        let read = || -> Result<u64, redb::Error> {
            let numbers = self.database.begin_read()?.open_table(NUMBERS)?;
            Ok(numbers.get("revision")?.map_or(0, |revision| revision.value()))
        };
        read().map_err(|error| self.corrupt(error))
    }

    /// Hands out every object in the file.
    pub(super) fn load(&self, mut take: impl FnMut(Key, Object)) -> Result<(), StoreError> {
        let objects = || -> Result<_, redb::Error> { Ok(self.database.begin_read()?.open_table(OBJECTS)?) };
        let objects = objects().map_err(|error| self.corrupt(error))?;
        let mut last: Option<Arc<str>> = None;
        for entry in objects.iter().map_err(|error| self.corrupt(error))? {
            let (key, json) = entry.map_err(|error| self.corrupt(error))?;
            let (collection, namespace, name) = key.value();
            let collection = match &last {
                Some(last) if **last == *collection => Arc::clone(last),
                _ => Arc::from(collection),
            };
            last = Some(Arc::clone(&collection));
            let object =
                Object::parse(Bytes::copy_from_slice(json.value())).map_err(|error| self.corrupt(error))?;
            take(Key::new(&collection, Some(namespace), name), object);
        }
        Ok(())
    }

    /// Makes these changes durable, all or none.
    pub(super) fn commit<'a>(
        &self,
        changes: impl Iterator<Item = (&'a Key, &'a Event)>,
        revision: u64,
    ) -> Result<(), StoreError> {
        self.transact(|transaction| {
            let mut objects = transaction.open_table(OBJECTS)?;
            for (Key { collection, at }, event) in changes {
                let key = (&**collection, at.namespace.as_str(), at.name.as_str());
                if event.deleted {
                    objects.remove(key)?;
                } else {
                    objects.insert(key, &*event.object.json)?;
                }
            }
            transaction.open_table(NUMBERS)?.insert("revision", revision)?;
            Ok(())
        })
    }

    fn transact<T>(
        &self,
        work: impl FnOnce(&redb::WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let run = || -> Result<T, redb::Error> {
            let transaction = self.database.begin_write()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        run().map_err(|error| StoreError::Commit(Box::new(error)))
    }

    fn corrupt(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
        StoreError::Corrupt {
            path: self.path.clone(),
            source: error.into(),
        }
    }
}

fn create(path: &Path) -> Result<Database, StoreError> {
    Database::builder()
        .set_cache_size(CACHE_BYTES)
        // A damaged page is found now, and told as such, rather than panicked over later.
        .set_check_integrity_on_open(true)
        .create(path)
        .map_err(|error| explain(error, path))
}

fn explain(error: DatabaseError, path: &Path) -> StoreError {
    let path = path.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            StoreError::Locked { path }
        }
        // What redb says of a file that does not begin as its own do, or ends too early, is no fault of the system.
        DatabaseError::Storage(StorageError::Io(source))
            if !matches!(
                source.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            ) =>
        {
            StoreError::Open { path, source }
        }
        other => StoreError::Corrupt {
            path,
            source: other.into(),
        },
    }
}
