//! Which of several replicas may act: a Lease in the cluster, written as client-go writes it, so that a replica of
//! upstream's controller and one of ours never act together.
//!
//! Only writes need the lease. A replica that waits fills its caches meanwhile, answers its probes, and acts within
//! moments of its turn. One that cannot renew stops acting first, and goes on waiting: an API server that is away for a
//! while costs nobody a restart.
//!
//! ```text
//!  Lease ◀─read, write─ Election ─what it knows─▶ Candidate   pure: whose turn is it, by our own clock alone
//!                          └──────may we act?───▶ Lead ─▶ whoever works; and a client that refuses to write without
//! ```

mod candidate;
mod election;
mod lead;
mod record;

pub use candidate::Pace;
pub use election::{Election, identity};
pub use lead::{Lead, NotLeading};
