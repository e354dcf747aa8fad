//! A small Kubernetes-compatible API server that knows no kind of Keydesk's.
//!
//! One tower service that is at once the test double, the laptop control plane and what kubectl talks to.
//! It holds everything in memory, durable in one file, and runs no pods. Kinds of its users arrive as CRDs.

pub mod auth;
mod builtin;
mod caller;
mod discovery;
mod openapi;
mod registry;
mod request;
mod resource;
mod select;
mod status;
mod table;
mod wire;

pub use caller::User;
pub use registry::Registry;
pub use request::{ResourceTarget, Target, Verb};
pub use resource::{Column, NameFormat, NoRules, Part, ResourceType, Rules, Serves};
pub use status::{Cause, Reason, Refusal};
