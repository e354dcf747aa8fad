//! The real program: how it starts, refuses, stops and starts again.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot do its part ends the test"
)]

mod commands;
mod controller;
mod demo;
mod deployment;
mod explain;
mod gate;
mod imperative;
mod operations;
mod refusals;
mod restart;

/// The program under test.
const KEYDESK: &str = env!("CARGO_BIN_EXE_keydesk");
