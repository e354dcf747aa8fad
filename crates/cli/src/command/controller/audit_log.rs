//! Where the audit of decisions goes.

use std::{
    convert::Infallible,
    fs::{File, OpenOptions},
    io,
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::PathBuf,
    str::FromStr,
};

use keydesk_process::AuditFile;

use crate::exit::Failure;

/// A file to append to, or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AuditLog {
    /// Written `-`.
    StandardOutput,
    /// A file, which others must not read: it says who asked for what.
    File(PathBuf),
}

impl FromStr for AuditLog {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "-" => Self::StandardOutput,
            path => Self::File(path.into()),
        })
    }
}

/// Why there is no audit log.
#[derive(Debug, thiserror::Error)]
#[error("failed to open the audit log {name}")]
struct OpenError {
    name: String,
    source: io::Error,
}

impl AuditLog {
    /// Opens it.
    pub(super) fn open(&self) -> Result<AuditFile, Failure> {
        let (name, opened) = match self {
            Self::StandardOutput => {
                let output = io::stdout().as_fd().try_clone_to_owned();
                ("-".to_owned(), output.map(File::from))
            }
            Self::File(path) => {
                let options = OpenOptions::new()
                    .append(true)
                    .create(true)
                    .mode(0o600)
                    .open(path);
                (path.display().to_string(), options)
            }
        };
        match opened {
            Ok(file) => Ok(AuditFile::new(name, file)),
            Err(source) => Err(Failure::fixable(
                &OpenError { name, source },
                "name a file in a directory that exists and can be written to",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_appended_to_and_is_nobody_elses_to_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.log");
        let Ok(log) = path.to_str().unwrap().parse::<AuditLog>();
        for line in ["one\n", "two\n"] {
            log.open().unwrap().append(line.as_bytes());
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_dash_is_standard_output() {
        let Ok(log) = "-".parse::<AuditLog>();
        assert_eq!(log, AuditLog::StandardOutput);
        assert!(log.open().is_ok());
    }

    #[test]
    fn what_cannot_be_opened_is_told_with_its_name() {
        let log = AuditLog::File("/nowhere/at/all".into());
        let told = log.open().unwrap_err().to_string();
        assert!(told.contains("/nowhere/at/all"), "{told}");
    }
}
