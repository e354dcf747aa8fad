//! `kill -9` at random points while decisions come in: what was acknowledged is there, everything converges, and no
//! enforcement secret is left for a key that is not approved.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends here"
)]

mod decisions;
mod rounds;
