//! What can go wrong with the file.

use std::io;
use std::path::PathBuf;

use tokio::task::JoinError;

/// Why a ledger could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The directory or file could not be made or opened.
    #[error("failed to open the ledger {path:?}")]
    Open {
        /// Directory or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process is using it.
    #[error("the ledger {path:?} is in use by another process")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a ledger, or is damaged.
    #[error("the ledger {path:?} is damaged or not a ledger")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file was written by a newer release.
    #[error("the ledger {path:?} has format {found}, this release reads {expected}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// Ours.
        expected: u64,
    },
    /// A transaction failed: nothing of it is written.
    #[error("failed to write to the ledger {path:?}")]
    Save {
        /// The file.
        path: PathBuf,
        /// What was found.
        source: Box<redb::Error>,
    },
    /// The thread that was saving did not come to its end.
    #[error("failed to finish a save of the ledger")]
    Finish(#[source] JoinError),
}
