//! The places in a call where an AuthPolicy can want the key.

use keydesk_api::Credentials;

use super::Presented;
use crate::headers::Headers;
use crate::query;

/// The prefix of an Authorization header of which the policy says nothing.
const DEFAULT_PREFIX: &str = "Bearer";

/// Where a call carries its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// In the Authorization header, after this prefix and exactly one space. The case of the prefix matters.
    AuthorizationHeader {
        /// The word before the space.
        prefix: String,
    },
    /// The whole value of this header.
    CustomHeader {
        /// Its name, in lower case.
        name: String,
    },
    /// The first parameter of this name in the query, decoded.
    QueryString {
        /// Its name, decoded.
        name: String,
    },
    /// The first cookie of this name.
    Cookie {
        /// Its name.
        name: String,
    },
}

impl From<&Credentials> for Location {
    fn from(credentials: &Credentials) -> Self {
        let Credentials {
            authorization_header,
            custom_header,
            query_string,
            cookie,
        } = credentials;
        if let Some(header) = authorization_header {
            return Self::authorization_header(header.prefix.as_deref().unwrap_or_default());
        }
        if let Some(header) = custom_header {
            return Self::CustomHeader {
                name: header.name.to_ascii_lowercase(),
            };
        }
        if let Some(parameter) = query_string {
            return Self::QueryString {
                name: parameter.name.clone(),
            };
        }
        if let Some(cookie) = cookie {
            return Self::Cookie {
                name: cookie.name.clone(),
            };
        }
        Self::authorization_header("")
    }
}

impl Location {
    fn authorization_header(prefix: &str) -> Self {
        let prefix = if prefix.is_empty() { DEFAULT_PREFIX } else { prefix };
        Self::AuthorizationHeader {
            prefix: prefix.to_owned(),
        }
    }

    /// What a call presents here, if anything. The query is given without its `?`.
    #[must_use]
    pub fn extract<'a>(&self, headers: &'a (impl Headers + ?Sized), query: &'a str) -> Option<Presented<'a>> {
        match self {
            Self::AuthorizationHeader { prefix } => {
                let header = Presented::new(headers.get("authorization")?);
                header.part(|value| value.strip_prefix(prefix.as_bytes())?.strip_prefix(b" "))
            }
            Self::CustomHeader { name } => headers.get(name).map(Presented::new),
            Self::QueryString { name } => {
                let mut values = query::pairs(query).filter_map(|pair| pair.decoded(name));
                values
                    .next()
                    .map(Presented::new)
                    .filter(|value| !value.as_bytes().is_empty())
            }
            Self::Cookie { name } => {
                let header = Presented::new(headers.get("cookie")?);
                header.part(|value| cookies(value).find_map(|cookie| value_of(cookie, name)))
            }
        }
    }

    /// What `WWW-Authenticate` says of this location, for the authentication entry of this name. Fit for a header.
    #[must_use]
    pub fn challenge(&self, authentication: &str) -> String {
        let (Self::AuthorizationHeader { prefix: scheme }
        | Self::CustomHeader { name: scheme }
        | Self::QueryString { name: scheme }
        | Self::Cookie { name: scheme }) = self;
        let scheme: String = scheme.chars().filter(|c| is_token(*c)).collect();
        let scheme = if scheme.is_empty() {
            DEFAULT_PREFIX
        } else {
            &scheme
        };
        let mut challenge = format!("{scheme} realm=\"");
        for c in authentication.chars() {
            match c {
                '"' | '\\' => challenge.extend(['\\', c]),
                ' '..='~' => challenge.push(c),
                _ => challenge.push('?'),
            }
        }
        challenge.push('"');
        challenge
    }
}

/// The cookies of a header, without the white space around them.
pub(super) fn cookies(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    header.split(|byte| *byte == b';').map(<[u8]>::trim_ascii)
}

/// The value of a cookie that has this name.
pub(super) fn value_of<'a>(cookie: &'a [u8], name: &str) -> Option<&'a [u8]> {
    cookie.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

/// Whether a character may stand in a token (RFC 9110 §5.6.2), of which schemes are made.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}
