//! Keeps a catalog in step with a cluster: one watch per kind, each in its own task with its own backoff, so that a kind
//! that cannot be watched costs the others nothing.
//!
//! All reading of a cluster in bulk happens here. It decides nothing: what changed goes into the catalog, and what the
//! catalog says is affected goes down a channel.
//!
//! ```text
//! cluster ──watch──▶ Seen (pruned while decoding) ──▶ Catalog ──Affected──▶ whoever asked
//!                                                └──▶ Readiness, Pulse
//! ```

mod drive;
mod events;
mod interruption;
mod key_secrets;
mod odd;
mod pulse;
mod ready;
mod seen;
mod watch;
mod watched;

pub use drive::drive;
pub use key_secrets::{Following, KeySecret, SecretEvent, follow_key_secrets, read_key_secret};
pub use pulse::Pulse;
pub use ready::{Readiness, State};

#[cfg(test)]
mod tests;
