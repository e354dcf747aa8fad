//! The data directory: private, and used by one process at a time.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Bytes from which on a file of lines is put aside at the next start.
const LARGE: u64 = 16 << 20;

const LOCK: &str = "lock";

/// What the lock says inside: that the directory is ours. It is the first thing ever written into one.
const MARK: &str = "A data directory of Keydesk.\n";

/// Written only after the store was made: who finds one of these finds what belongs to a store.
const BESIDE_A_STORE: [&str; 4] = ["ca.crt", "ca.key", "tokens.json", "installed.json"];

/// A directory that this process has to itself, until it is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Locked; the system lets go of it when the process ends, however it ends.
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectoryError {
    /// No `--data-dir`, and nothing to derive one from.
    #[error("failed to find a place for data: neither XDG_DATA_HOME nor HOME is set")]
    NoDefault,
    /// There are files in it, and nothing says that it is Keydesk's.
    #[error("the directory {path:?} holds files of somebody else: nothing in it was changed")]
    Foreign { path: PathBuf },
    /// It cannot be made, or is not ours to write.
    #[error("failed to use the data directory {path:?}")]
    Prepare { path: PathBuf, source: io::Error },
    /// Another process has it.
    #[error("the data directory {path:?} is in use by another keydesk")]
    InUse { path: PathBuf },
    /// A file in it cannot be read.
    #[error("failed to read {path:?}")]
    Read { path: PathBuf, source: io::Error },
    /// A file in it cannot be written.
    #[error("failed to write {path:?}")]
    Write { path: PathBuf, source: io::Error },
}

impl DataDir {
    /// Takes `path`, made if need be with access for its owner only. A directory that is neither empty nor ours is left as
    /// it is.
    pub(crate) fn open(path: &Path) -> Result<Self, DirectoryError> {
        let failed = |source| DirectoryError::Prepare {
            path: path.to_owned(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed)?;
        let path = fs::canonicalize(path).map_err(failed)?;
        if !is_ours(&path).map_err(failed)? {
            return Err(DirectoryError::Foreign { path });
        }
        // One that existed may be open to others.
        fs::set_permissions(&path, Permissions::from_mode(0o700)).map_err(failed)?;
        let lock = private()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK));
        let mut lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DirectoryError::InUse { path }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        if lock.metadata().map_err(failed)?.len() == 0 {
            // On disk before anything else is.
            lock.write_all(MARK.as_bytes())
                .and_then(|()| lock.sync_all())
                .map_err(failed)?;
        }
        Ok(Self { path, _lock: lock })
    }

    /// The platform's place for data of a program.
    pub(crate) fn default_path() -> Result<PathBuf, DirectoryError> {
        let set = |name| std::env::var_os(name).filter(|value: &std::ffi::OsString| !value.is_empty());
        let home = || set("HOME").map(PathBuf::from);
        let data = if cfg!(target_os = "macos") {
            home().map(|home| home.join("Library/Application Support"))
        } else {
            set("XDG_DATA_HOME")
                .map(PathBuf::from)
                .or_else(|| home().map(|home| home.join(".local/share")))
        };
        data.map(|data| data.join("keydesk"))
            .ok_or(DirectoryError::NoDefault)
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// Whether a store was made here once, also if it is gone.
    pub(crate) fn had_a_store(&self) -> bool {
        BESIDE_A_STORE.iter().any(|name| self.path(name).exists())
    }

    /// The text of a file, if there is one.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>, DirectoryError> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DirectoryError::Read { path, source }),
        }
    }

    /// Writes a file for its owner only, whole or not at all: whoever sees it sees all of it.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), DirectoryError> {
        let path = self.path(name);
        let mut part = path.clone().into_os_string();
        part.push(OsStr::new(".part"));
        let written = (|| {
            let mut file = private().write(true).create(true).truncate(true).open(&part)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            File::open(&self.path)?.sync_all()
        })();
        written.map_err(|source| DirectoryError::Write { path, source })
    }

    /// A file to append lines to. One that has grown large is put aside first, in the place of the last such.
    pub(crate) fn append(&self, name: &str) -> Result<File, DirectoryError> {
        let path = self.path(name);
        let opened = (|| {
            if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LARGE) {
                fs::rename(&path, self.path(format!("{name}.1")))?;
            }
            private().append(true).create(true).open(&path)
        })();
        opened.map_err(|source| DirectoryError::Write { path, source })
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), DirectoryError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(source) => Err(DirectoryError::Write { path, source }),
        }
    }
}

/// Whether a directory is empty, or made by Keydesk, as the lock in it says.
fn is_ours(path: &Path) -> io::Result<bool> {
    let mut empty = true;
    for entry in fs::read_dir(path)? {
        // The lock alone is left by a start that was cut off; the other is in the root of every file system of a kind.
        let name = entry?.file_name();
        empty &= name == LOCK || name == "lost+found";
    }
    let mark = fs::read(path.join(LOCK)).unwrap_or_default();
    // There were builds that left the lock empty.
    let unmarked = mark.is_empty() && path.join("tokens.json").exists();
    Ok(empty || unmarked || mark == MARK.as_bytes())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_directory_and_its_files_are_for_their_owner_only() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("a/b");
        let directory = DataDir::open(&path).unwrap();
        directory.write("secret", "x").unwrap();
        assert_eq!(
            (mode(&path), mode(&path.join("secret")), mode(&path.join("lock"))),
            (0o700, 0o600, 0o600)
        );
        assert_eq!(directory.read("secret").unwrap().as_deref(), Some("x"));
        directory.remove("secret").unwrap();
        assert_eq!(directory.read("secret").unwrap(), None);
    }

    #[test]
    fn a_directory_that_was_open_to_others_is_closed() {
        let outer = tempfile::tempdir().unwrap();
        fs::set_permissions(outer.path(), Permissions::from_mode(0o755)).unwrap();
        let _directory = DataDir::open(outer.path()).unwrap();
        assert_eq!(mode(outer.path()), 0o700);
    }

    #[test]
    fn a_directory_with_files_of_somebody_else_is_left_as_it_is() {
        let outer = tempfile::tempdir().unwrap();
        fs::set_permissions(outer.path(), Permissions::from_mode(0o755)).unwrap();
        for (name, text) in [("letter", "dear"), ("lock", "1234\n"), ("lock", "")] {
            fs::write(outer.path().join(name), text).unwrap();
            assert!(
                matches!(DataDir::open(outer.path()), Err(DirectoryError::Foreign { .. })),
                "{name}"
            );
            assert_eq!(mode(outer.path()), 0o755);
            assert_eq!(fs::read_to_string(outer.path().join(name)).unwrap(), text);
        }
    }

    #[test]
    fn a_directory_of_ours_is_known_again_whatever_else_is_in_it() {
        let outer = tempfile::tempdir().unwrap();
        fs::create_dir(outer.path().join("lost+found")).unwrap();
        drop(DataDir::open(outer.path()).unwrap());
        fs::write(outer.path().join("letter"), "dear").unwrap();
        drop(DataDir::open(outer.path()).unwrap());
        fs::write(outer.path().join("lock"), "").unwrap();
        assert!(DataDir::open(outer.path()).is_err());
        fs::write(outer.path().join("tokens.json"), "{}").unwrap();
        DataDir::open(outer.path()).unwrap();
    }

    #[test]
    fn a_start_that_was_cut_off_is_no_hindrance() {
        let outer = tempfile::tempdir().unwrap();
        fs::write(outer.path().join("lock"), "").unwrap();
        assert!(!DataDir::open(outer.path()).unwrap().had_a_store());
    }

    #[test]
    fn a_directory_has_one_process_at_a_time() {
        let outer = tempfile::tempdir().unwrap();
        let first = DataDir::open(outer.path()).unwrap();
        assert!(matches!(
            DataDir::open(outer.path()),
            Err(DirectoryError::InUse { .. })
        ));
        drop(first);
        DataDir::open(outer.path()).unwrap();
    }

    #[test]
    fn a_file_in_the_way_is_told() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("file");
        fs::write(&path, "").unwrap();
        assert!(matches!(
            DataDir::open(&path),
            Err(DirectoryError::Prepare { .. })
        ));
    }
}
