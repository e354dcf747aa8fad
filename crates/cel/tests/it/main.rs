//! Predicates as owners write them, and as nobody should.

#![expect(clippy::panic, reason = "tests panic with what they found")]

mod check;
mod hostile;
mod laws;
mod predicates;
