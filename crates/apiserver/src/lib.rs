//! A small Kubernetes-compatible API server that knows no kind of Keydesk's.
//!
//! One tower service that is at once the test double, the laptop control plane and what kubectl talks to.
//! It holds everything in memory, durable in one file, and runs no pods. Kinds of its users arrive as CRDs.

mod admit;
mod api;
mod audit;
pub mod auth;
mod background;
mod builtin;
mod caller;
mod crd;
mod discovery;
mod http;
mod kept;
mod openapi;
mod registry;
mod request;
mod resource;
mod select;
mod server;
mod status;
mod store;
mod table;
mod verb;
mod wire;

pub use auth::Tokens;
pub use caller::User;
pub use registry::Registry;
pub use request::{ResourceTarget, Target, Verb};
pub use resource::{Column, NameFormat, NoRules, Part, ResourceType, Rules, Serves};
pub use server::{ApiServer, Builder, InProcess, StartError};
pub use status::{Cause, Reason, Refusal};
pub use store::{Store, StoreError};
