//! What holds for the repository as a whole: who may use whom, and what every file keeps to.

#![expect(clippy::panic, reason = "a test that misses a file fails with its name")]

mod dependencies;
mod edges;
mod packages;
mod repository;
mod tidy;
