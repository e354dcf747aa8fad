//! One object at a time: gather, plan, apply.
//!
//! ```text
//!  feed ──Affected──▶ queue ──Target──▶ reconcile ──▶ gather   the catalog, rarely a GET
//!                       ▲                    ├───▶ plan     pure: what was seen, now ──▶ writes to make
//!                       │                    └───▶ apply    writes, revocation first
//!                       └── news of fetches, moments that were waited for
//! ```
//!
//! Every reconcile computes from the present state alone, so it does not matter which event caused it, how often, or what
//! was lost in a restart. One object that cannot be written holds up nobody else: it comes back after its own delay.
//! It knows neither gate nor portal; where a key stands is said by `keydesk-core`.

mod approval;
mod awaited;
mod claims;
mod clock;
mod context;
mod departed;
mod enforcement_secret;
pub mod fetch;
mod key;
mod kinds;
mod live_approvals;
pub mod local_gateway;
mod managed;
mod metrics;
mod opened;
mod product;
mod queue;
mod recent;
mod reconcile;
mod rights;
mod run;
mod settings;
mod telemetry;
mod values;
mod write;

pub use clock::Clock;
pub use kinds::{KINDS, absent};
pub use run::{Controller, RunError, run};
pub use settings::Settings;
