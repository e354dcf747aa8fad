//! The host of a fetch, as an error tells of it.

use std::fmt;

/// A host. Its text may appear in a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Of the URL that was to be fetched.
    Asked(String),
    /// Of a redirect: the other side's word, which is for the operator alone.
    Redirected(String),
}

impl Host {
    /// Its name, for the operator.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Asked(name) | Self::Redirected(name) => name,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(name) => write!(f, "host {name:?}"),
            Self::Redirected(_) => f.write_str("the host of a redirect"),
        }
    }
}
