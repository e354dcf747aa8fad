//! What tests need beside the code under test: a cluster of their own, people with rights, objects that say only
//! what matters, patience with a deadline, and an HTTP server that answers as told.
//!
//! Objects are plain JSON here, on purpose: the scenarios speak of what a person sends and sees, and must be able to
//! send what our own types could not express. The crate starts no controller; tests do. What goes wrong between a client
//! and its API server is made by [`weather`], in a time that tests make too: [`clock`].
//!
//! Without `KEYDESK_TEST_KUBECONFIG` each [`World`] is an embedded API server in memory. With it, all worlds are the
//! cluster of that kubeconfig, one after the other, wiped in between.
#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test helper that cannot do its part ends the test"
)]

pub mod clock;
pub mod conditions;
pub mod envoy;
pub mod fixtures;
pub mod hidden;
pub mod http_server;
pub mod kinds;
pub mod kubectl;
pub mod manifests;
pub mod news;
mod person;
mod refused;
pub mod up;
pub mod wait;
pub mod weather;
mod world;

pub use kinds::{Address, Kind};
pub use news::{Hears, News};
pub use person::Person;
pub use refused::Refused;
pub use weather::{Odds, Weather};
pub use world::{CONTROLLER_NAMESPACE, World};
