//! May this call pass: verify, `ext_authz`, forward-auth, limits, self.
//!
//! ```text
//!  cluster ──feed──▶ catalog ──▶ index ──▶ Snapshot ─┐ swapped whole
//!                                                    ▼
//!  gRPC, HTTP, front door ──▶ Call ──▶ Gate: judge ──▶ count ──▶ Verdict ──▶ reply
//! ```
//!
//! The gate trusts nobody's word: a call passes only if an enforcement secret carries the value *and* the gate's own
//! evaluation of the key's standing says approved now. It never waits for the controller, which it does not know. What it
//! cannot evaluate it refuses.

pub mod explain;
pub mod front_door;
pub mod reviewer;
pub mod snapshot;

mod call;
mod credential;
mod decide;
mod door;
mod gate;
mod grpc;
mod headers;
mod http;
mod index;
mod metrics;
mod query;
mod reply;
mod route;
mod run;
mod verdict;

pub use call::Call;
pub use credential::{Location, Presented, Removal};
pub use door::Door;
pub use gate::{Gate, State};
pub use grpc::grpc;
pub use headers::Headers;
pub use http::Http;
pub use index::{Index, Scope};
pub use metrics::Way;
pub use route::{Found, HostPattern, Route, RouteTable, Unevaluated, intersection};
pub use run::{Follower, KINDS, RunError, Settings};
pub use verdict::{Admitted, Counted, Refused, Verdict};
