//! Kubernetes structural schemas and patches as pure functions on JSON values.
//!
//! A [`Schema`] is compiled once, from a CustomResourceDefinition or from an OpenAPI document, and
//! then fills in defaults, prunes unknown fields and validates objects, in the words and order of a
//! real kube-apiserver. [`decode`] turns bytes into JSON values without trusting them; [`patch`]
//! computes what an object becomes.
//!
//! Deliberately unknown here: HTTP, kinds, storage, clocks. Everything is a function of its
//! arguments, and nothing panics or overflows the stack, whatever the input.

pub mod decode;
pub mod patch;

mod cel;
mod compile;
mod defaults;
mod node;
mod place;
mod prune;
mod quote;
mod schema;
mod stack;
mod structural;
mod validate;
mod violation;

pub use schema::{ParseError, Schema};
pub use violation::{Violation, ViolationKind};
