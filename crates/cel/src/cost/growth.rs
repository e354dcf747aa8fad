//! How large the results of functions are.

/// How large the result of a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// A truth value, a number, a time, a name.
    Scalar,
    /// One of the arguments, or a part of one that is as long.
    Same,
    /// An optional of one of the arguments.
    Optional,
    /// An item of an argument, or an argument.
    Item,
    /// An optional of an item of an argument.
    OptionalItem,
    /// All items of the items of the arguments.
    Flat,
    /// A text with so many bytes for each byte of the arguments.
    Text(u64),
    /// The parts of a text, as many as it has bytes.
    Parts,
    /// An optional of what is wrong with the parts of a text.
    Faults,
    /// A text with another put in between, as often as it has bytes.
    Replaced,
    /// Items printed, with a text put in between.
    Joined,
    /// Items printed into a text.
    Formatted,
    /// As many numbers as `lists.range` gives at the most.
    Range,
}

/// How large the result of a function is, by its whole name; `None` for what is no function.
pub(crate) fn growth(function: &str) -> Option<Growth> {
    Some(match function {
        "asApproximateFloat"
        | "asInteger"
        | "cidr"
        | "compareTo"
        | "contains"
        | "containsCIDR"
        | "containsIP"
        | "double"
        | "duration"
        | "endsWith"
        | "family"
        | "format.byte"
        | "format.date"
        | "format.datetime"
        | "format.dns1035Label"
        | "format.dns1035LabelPrefix"
        | "format.dns1123Label"
        | "format.dns1123LabelPrefix"
        | "format.dns1123Subdomain"
        | "format.dns1123SubdomainPrefix"
        | "format.labelValue"
        | "format.qualifiedName"
        | "format.uri"
        | "format.uuid"
        | "getDate"
        | "getDayOfMonth"
        | "getDayOfWeek"
        | "getDayOfYear"
        | "getFullYear"
        | "getHours"
        | "getMilliseconds"
        | "getMinutes"
        | "getMonth"
        | "getPort"
        | "getSeconds"
        | "hasValue"
        | "indexOf"
        | "int"
        | "ip"
        | "ip.isCanonical"
        | "isCIDR"
        | "isCIDRv4"
        | "isCIDRv6"
        | "isGlobalUnicast"
        | "isGreaterThan"
        | "isIP"
        | "isIPv4"
        | "isIPv6"
        | "isInteger"
        | "isLessThan"
        | "isLinkLocalMulticast"
        | "isLinkLocalUnicast"
        | "isLoopback"
        | "isQuantity"
        | "isSemver"
        | "isSorted"
        | "isURL"
        | "isUnspecified"
        | "lastIndexOf"
        | "major"
        | "masked"
        | "matches"
        | "minor"
        | "patch"
        | "prefixLength"
        | "quantity"
        | "sets.contains"
        | "sets.equivalent"
        | "sets.intersects"
        | "sign"
        | "size"
        | "startsWith"
        | "sub"
        | "add"
        | "sum"
        | "timestamp"
        | "type"
        | "uint" => Growth::Scalar,
        "charAt" | "distinct" | "dyn" | "find" | "getEscapedPath" | "getHost" | "getHostname"
        | "getScheme" | "lowerAscii" | "orValue" | "reverse" | "semver" | "slice" | "sort" | "substring"
        | "trim" | "upperAscii" | "value" => Growth::Same,
        "optional.none" | "optional.of" | "optional.ofNonZeroValue" | "or" => Growth::Optional,
        "max" | "min" => Growth::Item,
        "first" | "last" => Growth::OptionalItem,
        "flatten" => Growth::Flat,
        "bytes" => Growth::Text(1),
        "jsonpatch.escapeKey" | "strings.quote" => Growth::Text(2),
        "string" | "url" => Growth::Text(3),
        "findAll" | "getQuery" | "split" => Growth::Parts,
        "validate" => Growth::Faults,
        "replace" => Growth::Replaced,
        "join" => Growth::Joined,
        "format" => Growth::Formatted,
        "lists.range" => Growth::Range,
        _ => return None,
    })
}

/// What a function does beside reading its arguments once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Nothing.
    Once,
    /// It compares items in order.
    Sorted,
    /// It compares each item with each.
    Pairs,
    /// It looks for one text at every place of another.
    Places,
    /// It searches a text for a pattern.
    Pattern,
    /// It does so again from every place.
    Patterns,
}

/// What a function does beside reading its arguments once, by its whole name.
pub(crate) fn effort(function: &str) -> Effort {
    match function {
        "sort" => Effort::Sorted,
        "distinct" | "sets.contains" | "sets.equivalent" | "sets.intersects" => Effort::Pairs,
        "indexOf" | "lastIndexOf" => Effort::Places,
        "matches" | "find" => Effort::Pattern,
        "findAll" => Effort::Patterns,
        _ => Effort::Once,
    }
}

/// Whether the engine evaluates the first argument of a function twice where it is not called as a method.
pub(crate) fn reads_twice(function: &str) -> bool {
    matches!(
        function,
        "add"
            | "compareTo"
            | "findAll"
            | "flatten"
            | "indexOf"
            | "ip"
            | "isGreaterThan"
            | "isLessThan"
            | "isSemver"
            | "join"
            | "lastIndexOf"
            | "max"
            | "min"
            | "replace"
            | "semver"
            | "split"
            | "sub"
            | "substring"
    )
}

#[cfg(test)]
mod tests {
    use super::growth;
    use crate::names::FUNCTIONS;

    #[test]
    fn it_is_known_how_large_the_result_of_every_function_is() {
        for function in FUNCTIONS {
            assert!(growth(function).is_some(), "{function}");
        }
    }
}
