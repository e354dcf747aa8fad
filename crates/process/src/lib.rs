//! What every long-running role shares: arguments, logs, listeners, the admin port, whose turn it is to write, and an
//! orderly end.
//!
//! It knows no kind of ours and takes no decision: roles hand it closures ("are you ready?") and futures
//! ("this is the work"), and it wraps them in the manners that an operator expects of a process.

mod admin;
mod args;
mod audit;
mod drain;
mod host;
pub mod lease;
mod listen;
mod log;
mod serve;
mod vitals;

pub use admin::{Health, metrics_router, probe_router, serve as serve_admin};
pub use args::{AdminArgs, LogArgs, LogFormat};
pub use audit::{AuditFile, AuditRecords};
pub use drain::{Forced, Stop, WatchSignals, until_drained};
pub use host::host;
pub use listen::{ListenError, bind};
pub use log::{Chain, LogError, chain, init as init_log};
/// Where roles register their metrics; the admin port serves it.
pub use prometheus_client::registry::Registry;
pub use serve::{Bounds, parting, serve};
pub use vitals::register as register_vitals;
