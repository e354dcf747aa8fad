//! Where the value of a key comes from, and where it goes to beside the Secret: nowhere, unless somebody asks.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::PathBuf,
};

use keydesk_catalog::explain::Aim;
use keydesk_core::{Flaw, Flaws, NamespacedName, issue_value};
use zeroize::Zeroizing;

use crate::{
    command::{
        key_input::{self, KeyInputError},
        print,
        shell_word::shell_word,
    },
    exit::Failure,
};

/// What to do about the value.
#[derive(Debug, clap::Args)]
pub(super) struct ValueArgs {
    /// Read the value from standard input instead of making one. Never write it on the command line: other people of
    /// this machine can read that
    #[arg(long)]
    key_stdin: bool,

    /// Print the value on standard output, this once. Otherwise it is in the Secret alone
    #[arg(long, conflicts_with = "key_stdin")]
    show_key: bool,

    /// Write the value to a new file that only you can read
    #[arg(long, value_name = "FILE", conflicts_with = "key_stdin")]
    key_file: Option<PathBuf>,
}

/// Why there is no value to go on with. Never says what it was.
#[derive(Debug, thiserror::Error)]
enum ValueError {
    #[error(transparent)]
    ReadKey(#[from] KeyInputError),
    #[error("standard input has no key")]
    FindKey,
    #[error("{0}; nothing was changed")]
    AcceptKey(Flaw),
    #[error("failed to print the value on standard output")]
    Print {
        /// What was done, and how to read the value.
        done: String,
        #[source]
        source: io::Error,
    },
    #[error("failed to write the value to {path:?}; nothing was changed")]
    WriteFile {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        let hint = match &error {
            ValueError::ReadKey(_) | ValueError::FindKey => {
                "pipe the key in: --key-stdin < file-with-the-key; or leave --key-stdin out, and one is made"
            }
            ValueError::AcceptKey(_) => "leave --key-stdin out, and a good value is made",
            ValueError::WriteFile { .. } => "name a file that does not exist yet, in a directory of yours",
            ValueError::Print { done, .. } => done,
        };
        Self::fixable(&error, hint)
    }
}

/// A value, and what will be done about it. Has no `Debug`.
pub(super) struct Value {
    bytes: Zeroizing<Vec<u8>>,
    shown: bool,
    file: Option<KeyFile>,
    /// What its holder should know.
    pub(super) warning: Option<String>,
}

/// A file with the value, which goes again unless it is kept.
struct KeyFile {
    path: PathBuf,
    kept: bool,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        if !self.kept {
            // If it cannot be removed it holds a value that opens nothing.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl ValueArgs {
    /// Makes the value, or reads it; and writes it to the file, so that nothing is changed if that cannot be done.
    pub(super) fn take(self) -> Result<Value, Failure> {
        let Self {
            key_stdin,
            show_key,
            key_file,
        } = self;
        let (bytes, warning) = if key_stdin {
            read()?
        } else {
            let random = Zeroizing::new(rand::random::<[u8; keydesk_core::ISSUED_RANDOM_BYTES]>());
            (Zeroizing::new(issue_value(&random).as_bytes().to_vec()), None)
        };
        let file = key_file.map(|path| written(path, &bytes)).transpose()?;
        Ok(Value {
            bytes,
            shown: show_key,
            file,
            warning,
        })
    }
}

fn read() -> Result<(Zeroizing<Vec<u8>>, Option<String>), ValueError> {
    let mut bytes = key_input::read()?;
    for end in [b'\n', b'\r'] {
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
    }
    if bytes.is_empty() {
        return Err(ValueError::FindKey);
    }
    let flaws = Flaws::of(&bytes);
    if let Some(fatal) = flaws.iter().find(|flaw| flaw.is_fatal()) {
        return Err(ValueError::AcceptKey(fatal));
    }
    let first = flaws.iter().next();
    Ok((bytes, first.map(|flaw| flaw.to_string())))
}

fn written(path: PathBuf, bytes: &[u8]) -> Result<KeyFile, ValueError> {
    let open = || -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)
    };
    let mut file = match open() {
        Ok(file) => file,
        Err(source) => return Err(ValueError::WriteFile { path, source }),
    };
    // From here on there is something to remove.
    let kept = KeyFile { path, kept: false };
    match file.write_all(bytes).and_then(|()| file.sync_all()) {
        Ok(()) => Ok(kept),
        Err(source) => Err(ValueError::WriteFile {
            path: kept.path.clone(),
            source,
        }),
    }
}

impl Value {
    /// The bytes, for the Secret.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The value is in force: hands it out as was asked for, and says where it is. If it cannot be handed out, that this was
    /// done is said all the same.
    pub(super) fn hand_out(
        mut self,
        done: &str,
        secret: &NamespacedName,
        aim: &Aim,
    ) -> Result<String, Failure> {
        let filed = self.file.as_mut().map(|file| {
            file.kept = true;
            format!("its value is in {} too", shell_word(&file.path.to_string_lossy()))
        });
        let is_filed = filed.is_some();
        let elsewhere = filed.unwrap_or_else(|| {
            let read = aim.kubectl(format_args!(
                "get secret {} -n {} -o jsonpath='{{.data.api_key}}'",
                shell_word(&secret.name),
                shell_word(&secret.namespace)
            ));
            format!("to read its value: {read} | base64 -d")
        });
        if !self.shown {
            return Ok(elsewhere);
        }
        let printed = print(|out| {
            out.write_all(&self.bytes)?;
            writeln!(out)
        });
        match printed {
            Ok(()) if is_filed => Ok(format!("{elsewhere}, and on standard output, this once")),
            Ok(()) => Ok("its value is on standard output, this once".to_owned()),
            Err(source) => {
                let done = format!("{done} all the same; {elsewhere}");
                Err(ValueError::Print { done, source }.into())
            }
        }
    }
}
