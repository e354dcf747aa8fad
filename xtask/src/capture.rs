//! Runs a command, for at most a given time, and keeps what it prints or lets it be seen.

use std::fmt::Write as _;
use std::io::{self, PipeReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use parking_lot::Mutex;

/// After a command has ended, how long processes that it left behind may go on printing.
const LAST_WORDS: Duration = Duration::from_secs(1);

const POLL: Duration = Duration::from_millis(10);

/// What a command printed, and whether it succeeded.
pub(crate) struct Outcome {
    /// Whether it exited with 0.
    pub(crate) passed: bool,
    /// Its standard output and standard error, as they came.
    pub(crate) output: String,
}

/// Runs `command` with nothing to read. It is killed after `limit`, and has failed then.
pub(crate) fn capture(command: &mut Command, limit: Duration) -> Result<Outcome> {
    let (reader, writer) = io::pipe().context("failed to make a pipe")?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let child = command
        .spawn()
        .with_context(|| format!("failed to run {}", command.get_program().display()));
    // The command holds the pipe's writing end too: only without it does reading come to an end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child?;
    let output = collect(reader);
    let status = wait(&mut child, limit)?;
    let mut text = output.text();
    if status.is_none() {
        let _ = writeln!(text, "\nkilled: it did not end within {} s", limit.as_secs());
    }
    Ok(Outcome {
        passed: status.is_some_and(|status| status.success()),
        output: text,
    })
}

/// Runs `command` with nothing to read, and lets everybody see what it prints; says whether it exited with 0. It is killed
/// after `limit`, and has failed then.
pub(crate) fn show(command: &mut Command, limit: Duration) -> Result<bool> {
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("failed to run {}", command.get_program().display()))?;
    let status = wait(&mut child, limit)?;
    Ok(status.is_some_and(|status| status.success()))
}

/// The exit status, or nothing if it had to be killed.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let started = Instant::now();
    while started.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        sleep(POLL);
    }
    child.kill().context("failed to kill a command")?;
    child.wait()?;
    Ok(None)
}

/// Bytes that a thread reads from a pipe.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: thread::JoinHandle<()>,
}

fn collect(mut reader: PipeReader) -> Collected {
    let bytes = Arc::<Mutex<Vec<u8>>>::default();
    let sink = Arc::clone(&bytes);
    let thread = thread::spawn(move || {
        let mut chunk = [0; 8192];
        while let Ok(length @ 1..) = reader.read(&mut chunk) {
            sink.lock().extend_from_slice(&chunk[..length]);
        }
    });
    Collected { bytes, thread }
}

impl Collected {
    /// Everything, once the pipe is closed; or what there is, if somebody keeps it open.
    fn text(&self) -> String {
        let started = Instant::now();
        while !self.thread.is_finished() && started.elapsed() < LAST_WORDS {
            sleep(POLL);
        }
        String::from_utf8_lossy(&self.bytes.lock()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, capture, show};
    use std::process::Command;
    use std::time::Duration;

    fn shell(script: &str, limit: Duration) -> Outcome {
        capture(Command::new("sh").args(["-c", script]), limit).unwrap()
    }

    #[test]
    fn both_streams_are_captured_and_a_failure_is_seen() {
        let outcome = shell("echo out; echo err >&2; exit 3", Duration::from_mins(1));
        assert!(!outcome.passed);
        assert_eq!(outcome.output, "out\nerr\n");
    }

    #[test]
    fn of_what_everybody_sees_the_outcome_is_known() {
        let passes = |script: &str, limit| show(Command::new("sh").args(["-c", script]), limit).unwrap();
        assert!(passes("exit 0", Duration::from_mins(1)));
        assert!(!passes("exit 3", Duration::from_mins(1)));
        assert!(!passes("exec sleep 60", Duration::from_millis(300)));
    }

    #[test]
    fn a_command_that_hangs_is_killed_and_what_it_printed_is_kept() {
        let outcome = shell("echo begun; exec sleep 60", Duration::from_millis(300));
        assert!(!outcome.passed);
        assert!(
            outcome.output.starts_with("begun\n\nkilled"),
            "{}",
            outcome.output
        );
    }

    #[test]
    fn a_process_that_outlives_its_command_does_not_hold_up_the_rest() {
        let outcome = shell("sleep 5 & echo done", Duration::from_mins(1));
        assert!(outcome.passed);
        assert_eq!(outcome.output, "done\n");
    }
}
