//! `cargo xtask bench`: the measurements behind `docs/performance.md`.

use anyhow::Result;
use clap::Subcommand;

use crate::workspace::Workspace;

mod controller;
mod counting_proxy;
mod gate;
mod load;
mod process;
mod report;
mod scale;

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// What one more approval costs the controller among many approved keys.
    Controller(controller::Options),
    /// What a decision of the gate costs, over sockets and without, and what a million keys take.
    Gate(gate::Options),
}

/// Measures and prints.
pub(crate) fn run(workspace: &Workspace, bench: &Bench) -> Result<()> {
    match bench {
        Bench::Controller(options) => controller::run(workspace, options),
        Bench::Gate(options) => gate::run(workspace, options),
    }
}
