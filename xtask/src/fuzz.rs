//! `cargo xtask fuzz`: lets libFuzzer look for bytes for which a target of `keydesk-fuzz` does not hold.
//!
//! It takes a nightly compiler, whose sanitizer the targets are built with, and a C++ compiler for libFuzzer itself.
//! What is found on the way stays in `target/fuzz`, so that the next run goes on from there.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::capture::show;
use crate::stage;
use crate::workspace::Workspace;

/// The release of `cargo fuzz` that is installed.
const VERSION: &str = "0.13.2";

/// Where the binaries of the targets are.
const BINARIES: &str = "fuzz/fuzz_targets";

/// Bytes of the longest input: each target has enough to do with these, and longer ones cost others their turn.
const LONGEST: &str = "4096";

/// Seconds after which one input is a finding.
const SLOW: u64 = 20;

/// How long it may take to build a target and to read what was found before, beside the time that it is given.
const BEFORE_AND_AFTER: Duration = Duration::from_hours(1);

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// The target; all of them, one after the other, if none is named.
    target: Option<String>,
    /// For how many seconds each is fuzzed.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
}

/// Fuzzes.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let Options { target, seconds } = options;
    let targets = targets(workspace)?;
    let chosen: Vec<_> = match target {
        Some(name) => targets.iter().filter(|target| *target == name).collect(),
        None => targets.iter().collect(),
    };
    if chosen.is_empty() {
        bail!("there is no such target: name one of {}", targets.join(", "));
    }
    let cargo_fuzz = install(workspace)?;
    for target in chosen {
        fuzz(workspace, &cargo_fuzz, target, *seconds)?;
    }
    Ok(())
}

/// The names of all targets, sorted.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root().join(BINARIES);
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("failed to read {}", folder.display()))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// The folder of the executable, built if it is not there yet.
fn install(workspace: &Workspace) -> Result<PathBuf> {
    let nightly = Command::new("rustup")
        .args(["run", "nightly", "rustc", "--version"])
        .output();
    if !nightly.is_ok_and(|output| output.status.success()) {
        bail!("fuzzing needs a nightly compiler: rustup toolchain install nightly");
    }
    let folder = workspace.tool(&format!("cargo-fuzz-{VERSION}"));
    let executables = folder.join("bin");
    let version = Command::new(executables.join("cargo-fuzz"))
        .args(["fuzz", "--version"])
        .output();
    if !version.is_ok_and(|output| output.status.success()) {
        let mut cargo = workspace.cargo();
        // Unoptimised, it is built in a third of the time, and only starts others.
        cargo
            .args(["install", &format!("cargo-fuzz@{VERSION}"), "--locked", "--debug"])
            .args(["--force", "--root"])
            .arg(&folder)
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        stage::must(&format!("cargo-fuzz {VERSION}"), &mut cargo)?;
    }
    Ok(executables)
}

fn fuzz(workspace: &Workspace, cargo_fuzz: &Path, target: &str, seconds: u64) -> Result<()> {
    let found = workspace.target().join("fuzz");
    let corpus = found.join("corpus").join(target);
    let artifacts = found.join("artifacts").join(target);
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    }
    let seeds = workspace.root().join("crates/fuzz/seeds").join(target);
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly", "cargo", "fuzz", "run", target])
        .args([&corpus, &seeds])
        .arg("--")
        .args([
            format!("-max_total_time={seconds}"),
            format!("-max_len={LONGEST}"),
        ])
        .args([format!("-timeout={SLOW}")])
        .args(["-rss_limit_mb=2048", "-print_final_stats=1"])
        .arg(artifact_prefix(&artifacts))
        .current_dir(workspace.root())
        .env("PATH", path(cargo_fuzz)?)
        .env("CARGO_TARGET_DIR", found.join("target"));
    // What cargo says to who it runs is for the other compiler.
    for name in ["CARGO", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    stage::say(&format!("{target}: {seconds} s"));
    if show(&mut command, BEFORE_AND_AFTER + Duration::from_secs(seconds))? {
        return Ok(());
    }
    bail!(
        "{target} does not hold: see {}. Once the input is among crates/fuzz/seeds/{target}, cargo test -p keydesk-fuzz repeats it",
        artifacts.display()
    )
}

/// Where an input is written for which the target does not hold.
fn artifact_prefix(folder: &Path) -> OsString {
    let mut argument = OsString::from("-artifact_prefix=");
    // With the separator at its end.
    argument.push(folder.join(""));
    argument
}

/// The path on which cargo finds its subcommand.
fn path(executables: &Path) -> Result<OsString> {
    let present = std::env::var_os("PATH").unwrap_or_default();
    let folders = [executables.to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&present));
    std::env::join_paths(folders).context("failed to extend PATH")
}
