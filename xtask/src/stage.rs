//! One step of a longer task: a line with its time when it ends, and everything it printed if it fails.

#![expect(
    clippy::print_stdout,
    reason = "the lines are what the person at the terminal waits for"
)]

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// What a command printed, and whether it succeeded.
pub(crate) struct Outcome {
    /// Whether it exited with 0.
    pub(crate) passed: bool,
    /// Its standard output and standard error, as they came.
    pub(crate) output: String,
}

/// Runs `command` as the stage `name`, and prints its line. What `note` finds in the output stands on the line too.
/// `repeat` is what a person types to run it alone.
pub(crate) fn run(
    name: &str,
    command: &mut Command,
    repeat: &str,
    note: impl FnOnce(&str) -> String,
) -> Result<Outcome> {
    let started = begin(name)?;
    let outcome = capture(command)?;
    let verdict = if outcome.passed { "ok" } else { "FAILED" };
    end(started, &format!("{verdict} {}", note(&outcome.output)));
    if !outcome.passed {
        println!("{}", outcome.output.trim_end());
        println!("to repeat it: {repeat}");
    }
    Ok(outcome)
}

/// As [`run`], for a stage without which the task cannot go on.
pub(crate) fn must(name: &str, command: &mut Command) -> Result<String> {
    let repeat = spell(command);
    let outcome = run(name, command, &repeat, |_| String::new())?;
    if !outcome.passed {
        bail!("{name} failed");
    }
    Ok(outcome.output)
}

/// Runs a step that is not a command as the stage `name`.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = begin(name)?;
    let result = work();
    end(started, if result.is_ok() { "ok" } else { "FAILED" });
    result
}

/// A line of its own, for what belongs to no stage.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Runs `command` and returns what it printed on either stream.
pub(crate) fn capture(command: &mut Command) -> Result<Outcome> {
    let (mut reader, writer) = io::pipe().context("failed to make a pipe")?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command
        .spawn()
        .with_context(|| format!("failed to run {}", spell(command)))?;
    // The command holds the pipe's writing end too: only without it does reading come to an end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut bytes = Vec::new();
    reader
        .read_to_end(&mut bytes)
        .context("failed to read a command's output")?;
    let passed = child.wait()?.success();
    Ok(Outcome {
        passed,
        output: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// A command as one would type it in a shell.
pub(crate) fn spell(command: &Command) -> String {
    let mut line = String::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            let _ = write!(line, "{}={} ", name.display(), quote(&value.to_string_lossy()));
        }
    }
    line.push_str(&quote(&command.get_program().to_string_lossy()));
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&quote(&argument.to_string_lossy()));
    }
    line
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn begin(name: &str) -> Result<Instant> {
    print!("{name:<44} ");
    io::stdout().flush().context("failed to write to the terminal")?;
    Ok(Instant::now())
}

fn end(started: Instant, verdict: &str) {
    println!("{:>7}  {verdict}", seconds(started.elapsed()));
}

/// A duration in seconds, with one decimal.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::{capture, spell};
    use std::process::Command;

    #[test]
    fn a_command_is_spelled_so_that_a_shell_repeats_it() {
        let mut command = Command::new("cargo");
        command.args(["test", "it's", "a b"]).env("NAME", "value");
        assert_eq!(spell(&command), r"NAME=value cargo test 'it'\''s' 'a b'");
    }

    #[test]
    fn both_streams_are_captured_and_a_failure_is_seen() {
        let outcome = capture(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap();
        assert!(!outcome.passed);
        assert_eq!(outcome.output, "out\nerr\n");
    }
}
