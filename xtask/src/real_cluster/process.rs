//! One process of the cluster, with its log in a file. It ends with its standard input, hence with this process.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// How much of a log is shown.
const LOG_LINES: usize = 30;

/// A running process. Dropping it ends it.
pub(super) struct Process {
    role: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `executable` in the given role, with its log in `directory`.
    pub(super) fn start(
        executable: &Path,
        directory: &Path,
        role: &'static str,
        arguments: &[&str],
    ) -> Result<Self> {
        let log = directory.join(role).with_extension("log");
        let file = File::create(&log).with_context(|| format!("failed to create {}", log.display()))?;
        let child = Command::new(executable)
            .arg(role)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("failed to start {role}"))?;
        Ok(Self { role, child, log })
    }

    /// Fails if the process has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}:\n{}", self.role, self.log()),
        }
    }

    /// The last lines of its log.
    pub(super) fn log(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // Nothing is left to do with a failure: the process is gone or ends with its input.
        let _ = self.child.wait();
    }
}

/// Ports on loopback that were free a moment ago.
pub(super) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let listeners: Vec<_> = (0..N)
        .map(|_| TcpListener::bind(("127.0.0.1", 0)))
        .collect::<Result<_, _>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}
