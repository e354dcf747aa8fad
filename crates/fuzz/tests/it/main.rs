//! The targets without a fuzzer: each holds for its seeds, and each has what `cargo fuzz` needs of it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that misses a file fails with its name"
)]

mod listed;
mod seeds;

use std::path::{Path, PathBuf};

/// The names in a folder of the repository, sorted.
fn names_in(folder: &str) -> Vec<String> {
    let folder = root().join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
