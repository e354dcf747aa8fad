//! What the gate costs: `cargo xtask bench gate`, or `cargo bench -p keydesk-gate`. What is meant by each figure, and
//! the latest ones, stand in `docs/performance.md`.
//!
//! Everything happens on this machine, over loopback, and ends by itself. Names of parts (`decision`, `verify`, `check`,
//! `memory`, `start`) measure only these.

#![expect(
    clippy::print_stdout,
    reason = "the figures are what the person at the terminal waits for"
)]

mod cluster;
mod decision;
mod figures;
mod grpc;
mod http;
mod machine;
mod memory;
mod start;
mod table;
mod traffic;

use std::sync::Arc;

use anyhow::Result;
use keydesk_gate::Gate;

use cluster::{Cluster, Predicates};
use memory::Kept;
use table::Table;

/// Keys of the gates that are asked over sockets, and of the one that starts.
const KEYS: usize = 100_000;
/// Keys among which the decision is measured.
const SIZES: [usize; 3] = [100, KEYS, 1_000_000];

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs this too, and means no measurement.
    let Some(at) = arguments.iter().position(|argument| argument == "--bench") else {
        return Ok(());
    };
    let words: Vec<_> = [&arguments[..at], &arguments[at + 1..]].concat();
    if let [first, rest @ ..] = words.as_slice()
        && first == "measure-memory"
    {
        println!("{}", memory::measure(rest)?);
        return Ok(());
    }
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    let runtime = tokio::runtime::Runtime::new()?;
    if wanted("decision") {
        show(&table::decisions(&decision::run(&SIZES)?))?;
    }
    if wanted("verify") {
        show(&table::verify(&runtime.block_on(http::run(gate()?, KEYS))?))?;
    }
    if wanted("check") {
        show(&table::check(&runtime.block_on(grpc::run(gate()?, KEYS))?))?;
    }
    if wanted("memory") {
        let whole = memory::run(Kept::WithCatalog, 1_000_000)?;
        let own = memory::run(Kept::Own, 1_000_000)?;
        show(&table::memory(&whole, &own))?;
    }
    if wanted("start") {
        show(&table::start(&runtime.block_on(start::run(KEYS))?))?;
    }
    Ok(())
}

fn gate() -> Result<Arc<Gate>> {
    Cluster::new(Predicates::Identity)?
        .with_keys(KEYS, false)?
        .used_gate()
}

fn show(table: &Table) -> Result<()> {
    println!("{table}\n(load average {})\n", machine::load()?);
    Ok(())
}
