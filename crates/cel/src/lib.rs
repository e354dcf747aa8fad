//! CEL expressions within bounds: compiled, measured, evaluated.
//!
//! The engine (`kube-cel`) takes whoever evaluates an expression down on some: it panics on struct literals, its
//! stack grows with their depth, and a few loops in loops run for minutes. [`Expression`] is one that was parsed within
//! bounds; what the rules of CRDs make of it is in `keydesk-schema`. [`Predicate`] is one that says which plan a caller
//! is on, for the gate.
//!
//! Deliberately unknown here: schemas, Kubernetes objects, clocks. Everything is a function of its arguments.

mod bounds;
mod expression;
mod functions;
mod identity;
mod names;
mod predicate;
mod request;
mod rewrite;
mod size;
mod stack;
mod value;

pub use bounds::Work;
pub use expression::Expression;
pub use functions::functions;
pub use identity::Identity;
pub use names::{FunctionName, Names};
pub use predicate::{CompileError, EvalError, Predicate};
pub use request::{RequestFacts, RequestLine};
pub use stack::with_room;
pub use value::convert;
