//! One object at a time: gather, plan, apply.
