//! What predicates may name.
//!
//! CEL's standard library, which is what Authorino has, and a few functions on texts. Left out is whatever gives a
//! result whose size its arguments do not bound (`lists.range`, `format`), and bytes, which no request brings here.

/// The variables of predicates, as Kuadrant names them.
pub(super) const VARIABLES: [&str; 2] = ["auth", REQUEST];
/// The call at hand.
pub(super) const REQUEST: &str = "request";

/// Whether predicates may call a function, by its whole name.
pub(super) fn has(function: &str) -> bool {
    matches!(
        function,
        "contains"
            | "double"
            | "duration"
            | "dyn"
            | "endsWith"
            | "getDate"
            | "getDayOfMonth"
            | "getDayOfWeek"
            | "getDayOfYear"
            | "getFullYear"
            | "getHours"
            | "getMilliseconds"
            | "getMinutes"
            | "getMonth"
            | "getSeconds"
            | "hasValue"
            | "int"
            | "join"
            | "lowerAscii"
            | "matches"
            | "optional.none"
            | "optional.of"
            | "optional.ofNonZeroValue"
            | "or"
            | "orValue"
            | "replace"
            | "size"
            | "split"
            | "startsWith"
            | "string"
            | "substring"
            | "timestamp"
            | "trim"
            | "type"
            | "uint"
            | "upperAscii"
            | "value"
    )
}
