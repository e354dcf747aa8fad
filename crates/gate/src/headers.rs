//! The headers of a call, whichever protocol brought it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasher;

use http::HeaderMap;

/// Headers by name. Repeated ones are one, joined as Envoy joins them: so two keys are one wrong key, over HTTP as over
/// gRPC.
pub trait Headers {
    /// The value of a header whose name is given in lower case.
    fn get(&self, lower_name: &str) -> Option<Cow<'_, [u8]>>;

    /// The names of all headers.
    fn names(&self) -> impl Iterator<Item = &str>;

    /// All headers that are text, for predicates.
    fn texts(&self) -> impl Iterator<Item = (&str, &str)>;
}

/// The values of one header as one.
pub(crate) fn joined<'a>(
    lower_name: &str,
    mut values: impl Iterator<Item = &'a [u8]>,
) -> Option<Cow<'a, [u8]>> {
    let first = values.next()?;
    let Some(second) = values.next() else {
        return Some(Cow::Borrowed(first));
    };
    // Cookies may come in pieces (RFC 9113 §8.2.3).
    let separator: &[u8] = if lower_name == "cookie" { b"; " } else { b"," };
    let values: Vec<_> = [first, second].into_iter().chain(values).collect();
    Some(Cow::Owned(values.join(separator)))
}

impl Headers for HeaderMap {
    fn get(&self, lower_name: &str) -> Option<Cow<'_, [u8]>> {
        let values = self.get_all(lower_name).iter();
        joined(lower_name, values.map(http::HeaderValue::as_bytes))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.keys().map(http::HeaderName::as_str)
    }

    fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter()
            .filter_map(|(name, value)| Some((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?)))
    }
}

/// Headers whose names are in lower case and come once.
impl<S: BuildHasher> Headers for HashMap<String, String, S> {
    fn get(&self, lower_name: &str) -> Option<Cow<'_, [u8]>> {
        self.get(lower_name).map(|value| Cow::Borrowed(value.as_bytes()))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.keys().map(String::as_str)
    }

    fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(entries: &[(&'static str, &'static str)]) -> HeaderMap {
        let entries = entries.iter();
        entries
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn repeated_headers_are_one() {
        let headers = headers(&[
            ("x-key", "a"),
            ("x-key", "b"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("x", "1"),
        ]);
        let get =
            |name| Headers::get(&headers, name).map(|value| String::from_utf8_lossy(&value).into_owned());
        assert_eq!(get("x-key").as_deref(), Some("a,b"));
        assert_eq!(get("cookie").as_deref(), Some("a=1; b=2"));
        assert_eq!(get("x").as_deref(), Some("1"));
        assert_eq!(get("y"), None);
    }

    #[test]
    fn one_header_is_not_copied() {
        let headers = headers(&[("x-key", "a")]);
        assert!(matches!(
            Headers::get(&headers, "x-key"),
            Some(Cow::Borrowed(b"a"))
        ));
        let map = HashMap::from([("x-key".to_owned(), "a".to_owned())]);
        assert!(matches!(Headers::get(&map, "x-key"), Some(Cow::Borrowed(b"a"))));
    }
}
