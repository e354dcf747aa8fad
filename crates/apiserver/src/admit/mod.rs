//! From what a client sent to an object that may be kept: decoding, completing, validating.
//!
//! Everything here is a function of values; nothing is read or written.

mod decode;
mod managed;
mod metadata;
mod names;
mod settle;
mod validate;

pub(crate) use self::decode::{Submitted, decode, typed};
pub(crate) use self::managed::Writer;
pub(crate) use self::metadata::text;
pub(crate) use self::names::generated;
pub(crate) use self::settle::{complete, is_free_to_go, seconds, settle};
pub(crate) use self::validate::{checked_size, validate};
