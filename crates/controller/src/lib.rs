//! One object at a time: gather, plan, apply.

pub mod fetch;
pub mod queue;
