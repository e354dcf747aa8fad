//! Taking the key out of a call before the API behind the gate sees it.

use std::fmt;

use zeroize::Zeroizing;

use super::Location;
use super::location::{cookies, value_of};
use crate::headers::Headers;
use crate::query;

/// What to change in a call so that it no longer carries its key.
///
/// Of query and cookies everything goes that could be read as the key, not only the first: what was not looked at may
/// be another key of the caller's.
#[derive(Clone, PartialEq, Eq)]
pub enum Removal {
    /// Nothing of that name is there.
    Nothing,
    /// Remove a header.
    Header {
        /// Its name, in lower case.
        name: String,
    },
    /// Set the `cookie` header to the cookies that are left.
    Cookies {
        /// The cookies that are left.
        rest: Zeroizing<Vec<u8>>,
    },
    /// Remove parameters of the query.
    Query {
        /// The names to remove, as they are written in the call: Envoy compares them undecoded.
        names: Vec<String>,
        /// The query without them, without its `?`; nothing when none is left.
        rest: Option<Zeroizing<String>>,
    },
}

impl Location {
    /// What to change in a call so that it carries no key at this location. The query is given without its `?`.
    #[must_use]
    pub fn removal(&self, headers: &(impl Headers + ?Sized), query: &str) -> Removal {
        match self {
            Self::AuthorizationHeader { .. } => without_header("authorization", headers),
            Self::CustomHeader { name } => without_header(name, headers),
            Self::QueryString { name } => without_parameter(name, query),
            Self::Cookie { name } => headers.get("cookie").map_or(Removal::Nothing, |header| {
                // A joined header is a copy.
                let header = super::Presented::new(header);
                without_cookie(name, header.as_bytes())
            }),
        }
    }
}

fn without_header(name: &str, headers: &(impl Headers + ?Sized)) -> Removal {
    if headers.get(name).map(super::Presented::new).is_none() {
        return Removal::Nothing;
    }
    Removal::Header {
        name: name.to_owned(),
    }
}

fn without_cookie(name: &str, header: &[u8]) -> Removal {
    let (gone, left): (Vec<_>, Vec<_>) = cookies(header)
        .filter(|cookie| !cookie.is_empty())
        .partition(|cookie| value_of(cookie, name).is_some());
    if gone.is_empty() {
        return Removal::Nothing;
    }
    if left.is_empty() {
        return Removal::Header {
            name: "cookie".to_owned(),
        };
    }
    Removal::Cookies {
        rest: Zeroizing::new(left.join(&b"; "[..])),
    }
}

fn without_parameter(name: &str, query: &str) -> Removal {
    let (gone, left): (Vec<_>, Vec<_>) = query::pairs(query).partition(|pair| pair.resembles(name));
    if gone.is_empty() {
        return Removal::Nothing;
    }
    let mut names: Vec<_> = gone.iter().map(|pair| pair.name.to_owned()).collect();
    names.sort();
    names.dedup();
    let left: Vec<_> = left.iter().map(|pair| pair.written).collect();
    Removal::Query {
        names,
        rest: (!left.is_empty()).then(|| Zeroizing::new(left.join("&"))),
    }
}

impl fmt::Debug for Removal {
    // What is left may hold secrets of others.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Header { name } => f.debug_struct("Header").field("name", name).finish(),
            Self::Cookies { .. } => f.debug_struct("Cookies").finish_non_exhaustive(),
            Self::Query { names, .. } => f
                .debug_struct("Query")
                .field("names", names)
                .finish_non_exhaustive(),
        }
    }
}
