//! What predicates may call, and how large the results are.
//!
//! CEL's standard library, which is what Authorino has, and a few functions on texts. Left out is whatever gives a
//! result whose size its arguments do not bound (`lists.range`, `format`), and bytes, which no request brings here.

/// The variables of predicates, as Kuadrant names them.
pub(super) const VARIABLES: [&str; 2] = ["auth", REQUEST];
/// The call at hand.
pub(super) const REQUEST: &str = "request";
/// The one function that takes a pattern.
pub(super) const MATCHES: &str = "matches";

/// How large the result of a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Growth {
    /// A truth value, a number, a time, a name.
    Scalar,
    /// No larger than the arguments together.
    Sum,
    /// An optional, no larger than the arguments together.
    Optional,
    /// The parts of a text, as many as it has bytes.
    Parts,
    /// A text with another put in between, as often as it has bytes or items.
    Product,
}

/// How large the result of a function is, by its whole name; `None` for one that predicates may not call.
pub(super) fn growth(function: &str) -> Option<Growth> {
    Some(match function {
        "contains" | "double" | "duration" | "endsWith" | "getDate" | "getDayOfMonth" | "getDayOfWeek"
        | "getDayOfYear" | "getFullYear" | "getHours" | "getMilliseconds" | "getMinutes" | "getMonth"
        | "getSeconds" | "hasValue" | "int" | MATCHES | "size" | "startsWith" | "timestamp" | "type"
        | "uint" => Growth::Scalar,
        "dyn" | "lowerAscii" | "orValue" | "string" | "substring" | "trim" | "upperAscii" | "value" => {
            Growth::Sum
        }
        "optional.none" | "optional.of" | "optional.ofNonZeroValue" | "or" => Growth::Optional,
        "split" => Growth::Parts,
        "join" | "replace" => Growth::Product,
        _ => return None,
    })
}
