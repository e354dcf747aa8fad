//! What has been used of each limit: exact under concurrency, and kept across restarts.
//!
//! ```text
//!  gate ──▶ Store::admit ──▶ Counters ◀── keep: every second ──▶ Ledger
//!                            (memory)     what changed           (file)
//! ```
//!
//! The decision itself is [`keydesk_core::Tally`]'s. Here it is made one at a time for each [`Subject`], and what came
//! of it is written down behind the call, never in it. Whose key it was, and which limits it has, is not known here.
//!
//! The interplay of admitting, sweeping and saving is modelled with loom, in `tests/counting/model.rs`:
//! `RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test -p keydesk-quota --test counting --release`.

mod counters;
#[cfg(not(loom))]
mod keep;
#[cfg(not(loom))]
mod ledger;
mod store;
mod subject;
mod sync;

pub use counters::{Changes, Counters};
#[cfg(not(loom))]
pub use keep::keep;
#[cfg(not(loom))]
pub use ledger::{Ledger, LedgerError};
pub use store::{Store, Unavailable};
pub use subject::{ParseScopeError, Scope, Subject};
