//! A process whose use of the machine is read from `/proc`.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// `/proc` counts in hundredths of a second on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// A running process. Dropping it kills it.
pub(super) struct Process(Child);

impl Process {
    /// Starts it with nothing to read and its output thrown away.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command
            .spawn()
            .with_context(|| format!("failed to start {}", command.get_program().display()))?;
        Ok(Self(child))
    }

    /// The processor time that it has used.
    pub(super) fn processor_time(&self) -> Result<Duration> {
        let stat = self.read("stat")?;
        // The name of the program, in parentheses, may hold spaces.
        let (_, fields) = stat.rsplit_once(") ").context("/proc has an unknown form")?;
        let fields: Vec<_> = fields.split(' ').collect();
        let ticks =
            |index: usize| -> Result<u32> { Ok(fields.get(index).context("/proc is short")?.parse()?) };
        Ok(TICK * (ticks(11)? + ticks(12)?))
    }

    /// The memory that it holds now, in bytes.
    pub(super) fn memory(&self) -> Result<u64> {
        self.bytes("VmRSS:")
    }

    /// The most memory that it has ever held, in bytes.
    pub(super) fn most_memory(&self) -> Result<u64> {
        self.bytes("VmHWM:")
    }

    fn bytes(&self, name: &str) -> Result<u64> {
        let status = self.read("status")?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .with_context(|| format!("/proc has no {name}"))?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024)
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.0.id());
        fs::read_to_string(&path).with_context(|| format!("failed to read {path}: has the process ended?"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
