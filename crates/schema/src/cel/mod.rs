//! CEL rules (`x-kubernetes-validations`).
//!
//! Rules are written by people who may install custom resource definitions, and run on objects of
//! people who may not. Both are kept from taking the server down: a rule's size, depth and nesting
//! are bounded when it is compiled, and the work that it may cause is estimated before it is run, by
//! `keydesk-cel`. Here is what rules are about: the nodes that they stand on, `self` and `oldSelf`, the
//! types of both, and what is said about a rule that is broken.

mod evaluate;
mod rule;
mod types;
mod value;

pub(crate) use self::evaluate::check;
pub(crate) use self::rule::{Rule, compile, uses_old_self};
