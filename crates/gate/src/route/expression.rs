//! Regular expressions of rules.

use regex::bytes::{Regex, RegexBuilder};

/// Bytes of memory that one compiled expression may take. An expression that needs more is not evaluated.
const MOST_BYTES: usize = 256 * 1024;

/// An expression that must match from end to end, as gateways have it.
#[derive(Clone, Debug)]
pub(super) struct Expression(Regex);

impl Expression {
    /// Compiles an expression; nothing if it is not one of ours, or too large.
    pub(super) fn compile(written: &str) -> Option<Self> {
        let compile = |text: &str| {
            RegexBuilder::new(text)
                .size_limit(MOST_BYTES)
                .dfa_size_limit(MOST_BYTES)
                .build()
                .ok()
        };
        // By itself first: `a)|(b` would be one only inside the anchors.
        compile(written)?;
        compile(&format!(r"\A(?:{written})\z")).map(Self)
    }

    pub(super) fn matches(&self, value: &[u8]) -> bool {
        self.0.is_match(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_matches_from_end_to_end() {
        let matches = |written, value: &str| Expression::compile(written).unwrap().matches(value.as_bytes());
        assert!(matches("a|ab", "ab"));
        assert!(matches("/items/[0-9]+", "/items/12"));
        assert!(!matches("/items/[0-9]+", "/items/12/x"));
        assert!(!matches("/items/[0-9]+", "/x/items/12"));
        assert!(!matches("(?m)^/a$", "/a\n/b"));
    }

    #[test]
    fn what_does_not_compile_by_itself_is_no_expression() {
        for written in [
            "a)|(b",
            "(",
            "[",
            "/(?!admin).*",
            r"(a)\1",
            "(?x)a # b",
            "((a{1000}){1000}){1000}",
        ] {
            assert!(Expression::compile(written).is_none(), "{written}");
        }
    }
}
