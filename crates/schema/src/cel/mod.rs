//! CEL rules (`x-kubernetes-validations`).
//!
//! Rules are written by people who may install custom resource definitions, and run on objects of
//! people who may not. Both are kept from taking the server down: a rule's size, depth and nesting
//! are bounded when it is compiled, and the work that it may cause is estimated before it is run.

mod bounds;
mod evaluate;
mod functions;
mod names;
mod rewrite;
mod rule;
mod types;
mod value;

pub(crate) use self::evaluate::check;
pub(crate) use self::rule::{Rule, compile, uses_old_self};
