//! The parameters of a query, as Go's `url.ParseQuery` reads them.
//!
//! That is what Authorino does, so a key that passes there passes here. A pair that Go refuses (a malformed escape, a
//! `;`) is as good as absent, the others count.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

/// One `name=value` of a query, as written.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    /// All of it.
    pub(crate) written: &'a str,
    /// What is before the first `=`, or all.
    pub(crate) name: &'a str,
    /// What is after it.
    pub(crate) value: &'a str,
}

/// The pairs of a query that is given without its `?`. Empty ones are no pairs.
pub(crate) fn pairs(query: &str) -> impl DoubleEndedIterator<Item = Pair<'_>> {
    query
        .split('&')
        .filter(|written| !written.is_empty())
        .map(|written| {
            let (name, value) = written.split_once('=').unwrap_or((written, ""));
            Pair { written, name, value }
        })
}

impl<'a> Pair<'a> {
    /// The value, decoded, if the pair has this name and Go accepts it.
    pub(crate) fn decoded(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        if self.written.contains(';') || decode(self.name)?.as_ref() != name.as_bytes() {
            return None;
        }
        decode(self.value)
    }

    /// Whether somebody could read the pair as one of this name, whatever is wrong with it.
    pub(crate) fn resembles(&self, name: &str) -> bool {
        self.name == name || decode_loosely(self.name).as_ref() == name.as_bytes()
    }
}

/// The text without escapes; nothing if one is malformed.
fn decode(text: &str) -> Option<Cow<'_, [u8]>> {
    has_whole_escapes(text.as_bytes()).then(|| decode_loosely(text))
}

fn decode_loosely(text: &str) -> Cow<'_, [u8]> {
    if text.contains('+') {
        // It may be a key.
        let spaced = Zeroizing::new(text.replace('+', " "));
        return Cow::Owned(percent_decode(spaced.as_bytes()).collect());
    }
    percent_decode(text.as_bytes()).into()
}

/// Whether each `%` is followed by two hexadecimal digits.
pub(crate) fn has_whole_escapes(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(query: &str, name: &str) -> Option<String> {
        let mut values = pairs(query).filter_map(|pair| pair.decoded(name));
        values
            .next()
            .map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    #[test]
    fn pairs_are_decoded_as_go_decodes_them() {
        for (query, value) in [
            ("key=a", Some("a")),
            ("x=1&key=a&key=b", Some("a")),
            ("key=a%2Bb+c%20d", Some("a+b c d")),
            ("k%65y=a", Some("a")),
            ("key=a=b", Some("a=b")),
            ("key", Some("")),
            ("key=", Some("")),
            ("KEY=a", None),
            ("xkey=a", None),
            ("key=%zz&key=b", Some("b")),
            ("key=%2&key=b", Some("b")),
            ("key=a;b&key=c", Some("c")),
            ("&&key=a", Some("a")),
            ("", None),
        ] {
            assert_eq!(first(query, "key").as_deref(), value, "{query}");
        }
    }

    #[test]
    fn a_malformed_pair_still_resembles_its_name() {
        let resembles = |query| pairs(query).any(|pair| pair.resembles("key"));
        for query in ["key=%zz", "k%65y=a;b", "key", "%6bey=1"] {
            assert!(resembles(query), "{query}");
        }
        assert!(!resembles("keys=1&x=key"));
    }
}
