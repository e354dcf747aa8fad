//! What a developer of Keydesk runs besides `cargo`: generated files, the tests with everything they need,
//! a real Kubernetes API server to compare with, and the measurements behind `docs/performance.md`.
//!
//! It knows how things are built and run, and nothing of what Keydesk does.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod bench;
mod capture;
mod envoy;
mod fuzz;
mod generate;
mod kubectl;
mod python_package;
mod real_cluster;
mod stage;
mod test;
mod workspace;

use workspace::Workspace;

/// The tasks of Keydesk's repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write the files that are made from code.
    Generate(generate::Options),
    /// Run all tests, having set up what they need.
    Test(test::Options),
    /// Look for bytes that break a parser (needs a nightly compiler).
    Fuzz(fuzz::Options),
    /// Measure.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Build and start a real Kubernetes API server, until Ctrl-C.
    RealCluster(real_cluster::Options),
}

fn main() -> ExitCode {
    let Xtask { task } = Xtask::parse();
    match run(&task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            stage::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> Result<()> {
    let workspace = Workspace::find()?;
    match task {
        Task::Generate(options) => generate::run(&workspace, options),
        Task::Test(options) => test::run(&workspace, options),
        Task::Fuzz(options) => fuzz::run(&workspace, options),
        Task::Bench(bench) => bench::run(&workspace, bench),
        Task::RealCluster(options) => real_cluster::run(&workspace, options),
    }
}
