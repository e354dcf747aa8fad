//! What a request asks for, read from its method and URL.

mod target;

pub use target::{ResourceTarget, Target, Verb};
