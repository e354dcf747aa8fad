//! A call as the seeds write it: `GET api.example.com /a?b`, then a header a line, `name: value`.

use http::{HeaderMap, HeaderName, HeaderValue};

/// A call, its parts as they are written.
pub(super) struct Written<'a> {
    pub(super) method: &'a str,
    pub(super) host: &'a str,
    pub(super) target: &'a str,
    pub(super) headers: HeaderMap,
}

impl<'a> Written<'a> {
    /// Reads one. What is no header is none.
    pub(super) fn parse(data: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(data).ok()?;
        let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
        let mut parts = line.splitn(3, ' ');
        let (method, host, target) = (parts.next()?, parts.next()?, parts.next()?);
        let headers = rest.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            // As any server takes white space away.
            let value = value.trim_matches([' ', '\t']);
            Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        });
        Some(Self {
            method,
            host,
            target,
            headers: headers.collect(),
        })
    }

    /// Path and query.
    pub(super) fn split(&self) -> (&'a str, &'a str) {
        self.target.split_once('?').unwrap_or((self.target, ""))
    }
}
