//! Which rule of which route a call meets: the gateway's own choice, made again before it.
//!
//! What protects a call hangs on its rule, so this is a decision about authorisation. Where the gateway could choose
//! otherwise, because a path or a query can be read in several ways or because a rule has a match that we cannot
//! evaluate, the answer says so, and the call is refused.
//!
//! ```text
//!   host ──► exact name ─► longest wildcard ─► … ─► any        [host]
//!                 │
//!                 ▼  each: unreadable ► exact path ► regular expression ► longest prefix   [index]
//!            candidates, by the precedence of Gateway API      [candidate]
//! ```
//!
//! Knows routes as values. Whether a route is attached and accepted, and what protects a rule, is said by whoever
//! builds the table.

mod candidate;
mod expression;
mod host;
mod index;
mod path;
mod readings;
mod table;

pub use candidate::Unevaluated;
pub use host::{HostPattern, intersection};
pub(crate) use readings::{Malformed, Met, Reading, serves};
pub use table::{Found, Route, RouteTable};

#[cfg(test)]
mod tests;
