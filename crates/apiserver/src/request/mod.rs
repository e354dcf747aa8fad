//! What a request asks for, read from its method, URL and headers.

mod accept;
mod list_options;
mod query;
mod target;
mod write_options;

pub(crate) use accept::{Accepted, Form};
pub(crate) use list_options::{Continue, ListOptions, Match};
pub(crate) use query::Query;
pub use target::{ResourceTarget, Target, Verb};
pub(crate) use write_options::{FieldValidation, manager, refuse_dry_run, refuse_unsupported, write_options};
