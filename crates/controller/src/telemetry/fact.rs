//! What can become of a decision.

use std::fmt;

/// What became of a decision, or of what it granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// It holds: what was approved is enforced, what was denied is not.
    Honoured,
    /// It counts for nothing.
    Refused,
    /// A later one holds in its place.
    Superseded,
    /// The time for which it was granted is over.
    Expired,
    /// The key has another value under the same decision.
    Rotated,
}

impl Fact {
    /// The word of the record and of the metric.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Honoured => "honoured",
            Self::Refused => "refused",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::Rotated => "rotated",
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
