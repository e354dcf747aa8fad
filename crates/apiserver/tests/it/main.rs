//! The server as its clients see it: through `kube::Client` and raw HTTP.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod bodies;
mod cluster;
mod definitions;
mod deleting;
mod kubectl;
mod lists;
mod objects;
mod options;
mod sockets;
mod storage;
mod watches;
