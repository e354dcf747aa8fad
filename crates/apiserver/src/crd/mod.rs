//! `CustomResourceDefinition`s: what they must say, and the kinds they make.

mod compiled;
mod resources;
mod status;
mod validate;

pub(crate) use self::resources::{resources, stored};
pub(crate) use self::status::{CLEANUP, apply_defaults, establish, terminate};
pub(crate) use self::validate::validate;
