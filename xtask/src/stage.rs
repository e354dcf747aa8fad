//! One step of a longer task: a line with its time when it ends, and everything it printed if it fails. One that takes
//! minutes may show what it does meanwhile.

#![expect(
    clippy::print_stdout,
    reason = "the lines are what the person at the terminal waits for"
)]

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::capture::{Outcome, capture, show};

/// How long a stage may take: a stage that hangs ends with its name, and not with the patience of whoever waits.
const LIMIT: Duration = Duration::from_mins(25);

/// Runs `command` as the stage `name`, and prints its line. What `note` finds in the output stands on the line too.
/// `repeat` is what a person types to run it alone.
pub(crate) fn run(
    name: &str,
    command: &mut Command,
    repeat: &str,
    note: impl FnOnce(&str) -> String,
) -> Result<Outcome> {
    let started = begin(name)?;
    let outcome = capture(command, LIMIT)?;
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

/// As [`must`], for a command that shows by itself how far it is. It has a line before that and one after.
pub(crate) fn must_shown(name: &str, hint: &str, command: &mut Command) -> Result<()> {
    println!("{name} {hint}");
    let started = Instant::now();
    let passed = show(command, LIMIT)?;
    print!("{name:<44} ");
    end(started, if passed { "ok" } else { "FAILED" });
    if !passed {
        println!("to repeat it: {}", spell(command));
        bail!("{name} failed");
    }
    Ok(())
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
    use super::spell;
    use std::process::Command;

    #[test]
    fn a_command_is_spelled_so_that_a_shell_repeats_it() {
        let mut command = Command::new("cargo");
        command.args(["test", "it's", "a b"]).env("NAME", "value");
        assert_eq!(spell(&command), r"NAME=value cargo test 'it'\''s' 'a b'");
    }
}
