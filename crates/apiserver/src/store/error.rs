//! What can go wrong with the file.

use std::io;
use std::path::PathBuf;

/// Why a store could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory or file could not be made or opened.
    #[error("failed to open the store {path:?}")]
    Open {
        /// Directory or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process is using it.
    #[error("the store {path:?} is in use by another process")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// There should be a store, and there is none.
    #[error("the store {path:?} is gone")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a store, or is damaged.
    #[error("the store {path:?} is damaged or not a store")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file was written by a newer release.
    #[error("the store {path:?} has format {found}, this release reads {expected}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// Ours.
        expected: u64,
    },
    /// A transaction failed.
    #[error("failed to write to the store")]
    Commit(#[source] Box<redb::Error>),
    /// No thread for the writer.
    #[error("failed to start the store's writer thread")]
    StartWriter(#[source] io::Error),
}
