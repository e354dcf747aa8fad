//! The real program: how it starts, refuses, stops and starts again.

mod commands;
mod refusals;
mod restart;

/// The program under test.
const KEYDESK: &str = env!("CARGO_BIN_EXE_keydesk");
