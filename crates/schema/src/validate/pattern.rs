//! Patterns, written for Go's regular expressions and run by Rust's.

use std::fmt::Write as _;

use regex::{Regex, RegexBuilder};

/// What a compiled pattern may take in memory.
const MAX_SIZE: usize = 1 << 20;

/// A compiled pattern, with the text it was written as.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    compiled: Result<Regex, String>,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let compiled = RegexBuilder::new(&translated(text))
            .size_limit(MAX_SIZE)
            .build()
            .map_err(|error| {
                let report = error.to_string();
                // The last line says what is wrong; those before draw a picture.
                let last = report.lines().last().unwrap_or_default();
                last.strip_prefix("error: ").unwrap_or(last).to_owned()
            });
        Self {
            text: text.to_owned(),
            compiled,
        }
    }

    /// Why the pattern cannot be used.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.compiled.as_ref().err().map(String::as_str)
    }

    pub(crate) fn matches(&self, value: &str) -> bool {
        self.compiled
            .as_ref()
            .is_ok_and(|compiled| compiled.is_match(value))
    }
}

/// The same pattern in Rust's dialect: Go's `\d`, `\s`, `\w` and `\b` know only ASCII, and its
/// classes have no nesting and no set operations.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    let mut class_is_empty = false;
    while let Some(c) = chars.next() {
        let first_in_class = std::mem::take(&mut class_is_empty);
        match c {
            '\\' => {
                let Some(escaped) = chars.next() else {
                    out.push('\\');
                    break;
                };
                translate_escape(escaped, in_class, &mut out);
            }
            '[' if !in_class => {
                in_class = true;
                class_is_empty = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            '[' if chars.peek() == Some(&':') => out.push('['),
            ':' if in_class && out.ends_with('[') && !out.ends_with("\\[") => {
                // A named class, such as `[:alpha:]`: the same in both dialects.
                out.push(':');
                while let Some(c) = chars.next() {
                    out.push(c);
                    if c == ':' && chars.next_if_eq(&']').is_some() {
                        out.push(']');
                        break;
                    }
                }
            }
            ']' if in_class && !first_in_class => {
                in_class = false;
                out.push(']');
            }
            '[' | ']' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn translate_escape(escaped: char, in_class: bool, out: &mut String) {
    let replaced = match (escaped, in_class) {
        ('d', true) => "0-9",
        ('d', false) => "[0-9]",
        ('D', _) => "[^0-9]",
        ('w', true) => "0-9A-Za-z_",
        ('w', false) => "[0-9A-Za-z_]",
        ('W', _) => "[^0-9A-Za-z_]",
        ('s', true) => "\\t\\n\\f\\r ",
        ('s', false) => "[\\t\\n\\f\\r ]",
        ('S', _) => "[^\\t\\n\\f\\r ]",
        ('b', false) => "(?-u:\\b)",
        // Not a boundary of ASCII words, said without leaving text: Rust refuses `(?-u:\B)`.
        ('B', false) => "\\B",
        _ => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\{escaped}");
            return;
        }
    };
    out.push_str(replaced);
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], other: &[&str]) {
        let pattern = Pattern::new(pattern);
        assert_eq!(pattern.fault(), None);
        for text in matching {
            assert!(pattern.matches(text), "{pattern:?} should match {text:?}");
        }
        for text in other {
            assert!(!pattern.matches(text), "{pattern:?} should not match {text:?}");
        }
    }

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        check(r"^\d+$", &["12"], &["١٢", "a"]);
        check(r"^[\w.-]+$", &["a_b-c.d"], &["é", "a b"]);
        check(r"^[^\s]+$", &["a\u{a0}b"], &["a b"]);
        check("^[[a]+$", &["[a["], &["]"]);
        check("^[]a]+$", &["]a"], &["["]);
        check("^[a&&b~~c]+$", &["&a~b"], &["-"]);
        check("^[[:alpha:]_]+$", &["ab_"], &["1"]);
        check(r"^[a\]b]+$", &["a]"], &["["]);
        check(r"\bfoo\b", &["a foo b"], &["afoo"]);
    }

    #[test]
    fn patterns_are_searched_for_anywhere() {
        check("b", &["abc"], &["ac"]);
    }

    #[test]
    fn a_broken_or_enormous_pattern_has_a_fault() {
        for pattern in ["(", "[a", r"\", "(?=a)", "((a{1000}){1000}){1000}"] {
            assert!(Pattern::new(pattern).fault().is_some(), "{pattern}");
        }
    }
}
