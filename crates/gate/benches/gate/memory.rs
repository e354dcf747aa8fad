//! What keys cost in memory: each figure in a process of its own, from which nothing else takes and to which nothing
//! was given back.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::cluster::{Cluster, Predicates};
use crate::machine;

/// What is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// What the gate decides by, and its index.
    Own,
    /// That and the catalog, with what it keeps of keys, requests and approvals: a gate.
    WithCatalog,
}

/// Bytes of a number of keys.
pub(crate) struct Memory {
    pub(crate) keys: u64,
    /// When all are known.
    pub(crate) known: u64,
    /// When each has called once: its plan is remembered, and its windows are open.
    pub(crate) called: u64,
}

impl Kept {
    fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::WithCatalog => "with-catalog",
        }
    }
}

/// Measures in a new process.
pub(crate) fn run(kept: Kept, keys: usize) -> Result<Memory> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--bench", "measure-memory", kept.name(), &keys.to_string()])
        .output()
        .context("failed to start another process")?;
    ensure!(
        output.status.success(),
        "the other process failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let mut next = || anyhow::Ok(numbers.next().context("the other process said too little")??);
    Ok(Memory {
        keys: u64::try_from(keys)?,
        known: next()?,
        called: next()?,
    })
}

/// In that process: what is to be told.
pub(crate) fn measure(arguments: &[String]) -> Result<String> {
    let [kept, keys] = arguments else {
        anyhow::bail!("what is kept, and how many keys?");
    };
    let keep = *kept == Kept::WithCatalog.name();
    let keys = keys.parse()?;
    let before = machine::memory()?;
    let mut cluster = Cluster::new(Predicates::Identity)?.with_keys(keys, keep)?;
    let snapshot = cluster.gate().snapshot();
    let known = machine::memory()? - before;
    ensure!(snapshot.holders.len() == keys, "not every key is known");
    let _gate = cluster.used_gate()?;
    let called = machine::memory()? - before;
    Ok(format!("{known} {called}"))
}
