//! CEL expressions within bounds: compiled, measured, evaluated.
//!
//! The engine (`kube-cel`) takes whoever evaluates an expression down on some: it panics on struct literals, its
//! stack grows with their depth, and a few loops in loops run for minutes. [`Expression`] is one that was parsed within
//! bounds, [`Program`] one that is evaluated as far as the work is bounded by the sizes of its variables; what the rules
//! of CRDs make of it is in `keydesk-schema`. [`Predicate`] is one that says which plan a caller is on, for the gate.
//!
//! Deliberately unknown here: schemas, Kubernetes objects, clocks. Everything is a function of its arguments.

mod bounds;
mod cost;
mod expression;
mod functions;
mod identity;
mod names;
mod pattern;
mod predicate;
mod prepare;
mod program;
mod request;
mod rewrite;
mod shape;
mod size;
mod stack;
mod value;

pub use expression::Expression;
pub use functions::functions;
pub use identity::Identity;
pub use names::{FunctionName, Names};
pub use predicate::{CompileError, EvalError, Predicate};
pub use program::{Admitted, Program, TooMuchWork};
pub use request::{RequestFacts, RequestLine};
pub use shape::Shape;
pub use stack::with_room;
pub use value::convert;
