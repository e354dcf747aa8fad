//! `cargo xtask bench`: the measurements behind `docs/performance.md`.

use anyhow::Result;
use clap::Subcommand;

use crate::workspace::Workspace;

mod controller;
mod counting_proxy;
mod load;
mod process;
mod report;

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// What one more approval costs the controller among many approved keys.
    Controller(controller::Options),
}

/// Measures and prints.
pub(crate) fn run(workspace: &Workspace, bench: &Bench) -> Result<()> {
    match bench {
        Bench::Controller(options) => controller::run(workspace, options),
    }
}
