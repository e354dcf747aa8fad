//! What the gate costs. The measuring program is `keydesk-gate`'s own (`crates/gate/benches/gate`), built for release;
//! here it is only started, so that `xtask` need not be built with all of the gate in it.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::stage;
use crate::workspace::Workspace;

/// The parts that can be measured alone.
const PARTS: [&str; 5] = ["decision", "verify", "check", "memory", "start"];

/// What is measured.
#[derive(Args)]
pub(crate) struct Options {
    /// Which parts; all of them if none is named.
    #[arg(value_parser = PARTS)]
    parts: Vec<String>,
}

/// Builds, then measures, and lets the figures through as they come.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let bench = || {
        let mut command = workspace.cargo();
        command.args(["bench", "--package", "keydesk-gate", "--bench", "gate"]);
        command
    };
    stage::must("build the gate for release", bench().arg("--no-run"))?;
    let mut measure: Command = bench();
    measure.arg("--quiet").arg("--").args(&options.parts);
    let status = measure.status().context("failed to start cargo")?;
    if !status.success() {
        bail!("the measurement ended with {status}");
    }
    Ok(())
}
