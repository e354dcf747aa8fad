//! The server as its clients see it: through `kube::Client` and raw HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod audit;
mod bodies;
mod builtin_kinds;
mod cluster;
mod definitions;
mod deleting;
mod kubectl;
mod lists;
mod objects;
mod options;
mod published;
mod reviews;
mod rights;
mod room;
mod selectors;
mod sockets;
mod storage;
mod watches;
