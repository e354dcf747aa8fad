//! Which objects a list or watch asks for: label selectors and field selectors.
//!
//! Selectors are parsed once, with the real server's errors, and then only compared. Which fields a kind can be
//! selected by is `fields`' business; how objects are stored is nobody's here.

mod fields;
mod label;
mod name;

pub(crate) use self::fields::FieldSelector;
pub(crate) use self::label::LabelSelector;
pub(crate) use self::name::{label_value_problem, qualified_name_problem, subdomain_problem};
