//! What the machine says of itself and of this process, from `/proc`.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// `/proc` counts in hundredths of a second on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// The load of the last minute: what else was going on.
pub(crate) fn load() -> Result<String> {
    let load = read("/proc/loadavg")?;
    Ok(load.split(' ').next().unwrap_or_default().to_owned())
}

/// The memory that this process holds, in bytes.
pub(crate) fn memory() -> Result<u64> {
    let status = read("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("/proc has no VmRSS")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024)
}

/// The processor time that this process has used.
pub(crate) fn processor_time() -> Result<Duration> {
    let stat = read("/proc/self/stat")?;
    // The name of the program, in parentheses, may hold spaces.
    let (_, fields) = stat.rsplit_once(") ").context("/proc has an unknown form")?;
    let fields: Vec<_> = fields.split(' ').collect();
    let ticks = |index: usize| -> Result<u32> { Ok(fields.get(index).context("/proc is short")?.parse()?) };
    Ok(TICK * (ticks(11)? + ticks(12)?))
}

fn read(file: &str) -> Result<String> {
    let path = PathBuf::from(file);
    fs::read_to_string(&path).with_context(|| format!("failed to read {file}"))
}
