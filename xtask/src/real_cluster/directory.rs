//! Where one cluster keeps its data: a directory that goes with the command, at the latest when the next one starts.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context as _, Result};

/// In each directory, locked while a command uses it.
const LOCK: &str = "lock";

/// A directory that nobody else uses. Dropping it removes it.
pub(super) struct RunDirectory {
    path: PathBuf,
    _lock: File,
}

impl RunDirectory {
    /// Makes a new one in `parent`, and removes those whose commands were killed.
    pub(super) fn create(parent: &Path) -> Result<Self> {
        for entry in fs::read_dir(parent).with_context(|| format!("failed to read {}", parent.display()))? {
            let path = entry?.path();
            if is_abandoned(&path)? {
                fs::remove_dir_all(&path).with_context(|| format!("failed to remove {}", path.display()))?;
            }
        }
        let path = parent.join(format!("run-{}", process::id()));
        fs::create_dir(&path).with_context(|| format!("failed to create {}", path.display()))?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next command.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn is_abandoned(path: &Path) -> Result<bool> {
    let Ok(lock) = File::open(path.join(LOCK)) else {
        return Ok(false);
    };
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).context("failed to lock a cluster's directory"),
    }
}

#[cfg(test)]
mod tests {
    use super::{LOCK, RunDirectory};

    #[test]
    fn what_a_killed_command_left_is_removed_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let abandoned = parent.path().join("run-abandoned");
        std::fs::create_dir(&abandoned).unwrap();
        std::fs::write(abandoned.join(LOCK), "").unwrap();
        let in_use = parent.path().join("run-in-use");
        std::fs::create_dir(&in_use).unwrap();
        let lock = std::fs::File::create(in_use.join(LOCK)).unwrap();
        lock.lock().unwrap();

        let directory = RunDirectory::create(parent.path()).unwrap();

        assert!(!abandoned.exists());
        assert!(in_use.exists());
        assert!(directory.path().exists());
        let path = directory.path().to_owned();
        drop(directory);
        assert!(!path.exists());
    }
}
