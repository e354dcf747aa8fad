//! Who a caller is and what they may do.
//!
//! [`Tokens`] turns a bearer token into a user; `Policy` is everything that roles and bindings say, as one
//! immutable value, rebuilt when one of them changes. Everything here is a function of values: storing roles,
//! reading headers and waiting are others' business.

mod aggregation;
mod attributes;
mod bootstrap;
mod escalation;
mod policy;
mod reviews;
mod rule;
#[cfg(test)]
mod tests;
mod tokens;

pub use self::tokens::Tokens;

pub(crate) use self::aggregation::aggregated;
pub(crate) use self::attributes::Attributes;
pub(crate) use self::bootstrap::objects as bootstrap_objects;
pub(crate) use self::escalation::check as check_escalation;
pub(crate) use self::policy::{Decision, Policy};
pub(crate) use self::reviews::{Asked, answer as answer_review};

/// The API group of roles and bindings.
pub(crate) const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// Its members pass every check.
pub(crate) const MASTERS: &str = "system:masters";
