//! Who is counted.

use std::fmt;
use std::io::Write as _;
use std::str::FromStr;

use keydesk_core::NamespacedName;
use sha2::{Digest, Sha256};

/// What shares one count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every key has its own.
    #[default]
    Key,
    /// All keys of one user and namespace for one product share theirs.
    Consumer,
    /// All callers of one tier of one route share theirs, as in stock Kuadrant (`spec/gate.md` §0).
    Tier,
}

/// Why a text names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no scope of counters is named {text:?}: there are key, consumer and tier")]
pub struct ParseScopeError {
    text: String,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 3] = [Self::Key, Self::Consumer, Self::Tier];

    /// Its name in flags.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Consumer => "consumer",
            Self::Tier => "tier",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| ParseScopeError {
                text: text.to_owned(),
            })
    }
}

/// Whose count it is: the first half of a SHA-256, so that all are equally long, evenly spread, and say nothing about
/// a user to who reads the ledger. Stable across restarts and releases: counts are kept under it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject([u8; 16]);

impl Subject {
    /// One key, by the UID of its `APIKey` or, unmanaged, of its Secret.
    #[must_use]
    pub fn key(uid: &(impl fmt::Display + ?Sized)) -> Self {
        Self::digest(format_args!("key/{uid}"))
    }

    /// One user in one namespace, for one product.
    #[must_use]
    pub fn consumer(product: &NamespacedName, namespace: &str, user: &str) -> Self {
        // Names and namespaces of Kubernetes have no slash and the user comes last: no two read the same.
        Self::digest(format_args!("consumer/{product}/{namespace}/{user}"))
    }

    /// One tier of one route.
    #[must_use]
    pub fn tier(route: &NamespacedName, tier: &str) -> Self {
        Self::digest(format_args!("tier/{route}/{tier}"))
    }

    /// A subject as [`Subject::as_bytes`] gave it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn digest(text: fmt::Arguments<'_>) -> Self {
        let mut hash = Sha256::new();
        // Writing to a hash cannot fail.
        let _ = hash.write_fmt(text);
        let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = <[u8; 32]>::from(hash.finalize());
        Self(bytes)
    }

    /// Which of up to 256 shards it belongs to: in their order when subjects are in theirs.
    pub(crate) fn shard(&self) -> u8 {
        self.0[0]
    }

    /// Where it is within a shard. It is a digest already; its first bytes say nothing more there.
    pub(crate) fn spread(&self) -> u64 {
        let [_, _, _, _, _, _, _, _, spread @ ..] = self.0;
        u64::from_le_bytes(spread)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({:032x})", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_subject_is_half_a_sha_256_of_its_text() {
        // sha256sum of "key/7a6f", as every release has to compute it.
        assert_eq!(
            format!("{:?}", Subject::key("7a6f")),
            "Subject(3e2019f329ba32b57caed8b01ec6b130)"
        );
    }

    #[test]
    fn subjects_of_different_scopes_and_parts_differ() {
        let name = NamespacedName::new;
        let subjects = [
            Subject::key("gamestore/api/gold"),
            Subject::tier(&name("gamestore", "api"), "gold"),
            Subject::tier(&name("gamestore", "api"), "silver"),
            Subject::consumer(&name("gamestore", "api"), "team", "ada"),
            Subject::consumer(&name("gamestore", "api"), "team", "ada/b"),
            Subject::consumer(&name("gamestore", "api"), "other", "ada"),
        ];
        assert_eq!(BTreeSet::from(subjects).len(), subjects.len());
    }

    #[test]
    fn scopes_are_read_as_they_print() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        let refused = "keys".parse::<Scope>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "no scope of counters is named \"keys\": there are key, consumer and tier"
        );
    }
}
