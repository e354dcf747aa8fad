//! Schemas and patches as the API server uses them, in the words of a real kube-apiserver.

#![expect(
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests hand over literals, and panic with what they found"
)]

mod budget;
mod check;
mod definitions;
mod hostile;
mod laws;
mod patches;
mod pruning;
mod rules;
mod validation;
