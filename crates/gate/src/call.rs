//! A call, as any protocol may bring it.

use keydesk_cel::{RequestFacts, RequestLine};

use crate::headers::Headers;

/// A call that somebody wants to make.
#[derive(Debug)]
pub struct Call<'a, H: ?Sized> {
    /// `http` or `https`, where known.
    pub scheme: &'a str,
    /// The host as the caller sent it, with its port if there is one.
    pub host: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path with its query, as the caller sent it.
    pub target: &'a str,
    /// The headers.
    pub headers: &'a H,
}

impl<H: Headers + ?Sized> Call<'_, H> {
    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The query, without its `?`.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// What predicates may know about it.
    pub(crate) fn facts(&self) -> RequestFacts {
        let line = RequestLine {
            method: self.method,
            scheme: self.scheme,
            host: self.host,
            path: self.target,
        };
        RequestFacts::new(&line, self.headers.texts())
    }
}
