//! Rotation of a value: for a while the one before it is accepted as well.
//!
//! The consumer's Secret says until when. An end that is too far ahead is not cut short: for that somebody would have to
//! remember when it was first seen. The value is not accepted before its end is near enough, and the key says so.

use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::condition::KeyReason;
use keydesk_api::meta::annotation;
use keydesk_api::rfc3339;
use keydesk_core::{Fingerprint, NamespacedName};

use crate::values::{Previous, Until};

/// What becomes of the value that is being rotated out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// There is none, or its time is over.
    #[default]
    Settled,
    /// It is accepted.
    Until {
        /// Stands for the value.
        value: Fingerprint,
        /// When that ends.
        end: Timestamp,
    },
    /// It is not accepted, and this is why.
    Refused(Refusal),
}

/// Why a previous value is not accepted although it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing says until when.
    Undated,
    /// What says until when is no time.
    Unreadable,
    /// It is to be accepted for too long.
    TooFar {
        /// From when the end is near enough.
        from: Timestamp,
        /// The end.
        end: Timestamp,
    },
    /// Another key of the product has the value.
    Duplicate,
    /// Somebody else's Secret has the name of its enforcement secret.
    NameTaken(NamespacedName),
}

/// Whoever wrote an end that is as far ahead as it may be, by a clock that is ahead of ours by less than this, is believed.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);

impl Rotation {
    /// Of a value whose end may be at most `overlap` ahead.
    pub(super) fn of(previous: Previous, overlap: Duration, now: Timestamp) -> Self {
        let Previous { value, until } = previous;
        let end = match until {
            Until::Unsaid => return Self::Refused(Refusal::Undated),
            Until::Unreadable => return Self::Refused(Refusal::Unreadable),
            Until::Moment(end) => end,
        };
        if end <= now {
            return Self::Settled;
        }
        match end.checked_sub(overlap.saturating_add(CLOCKS_DIFFER)) {
            Ok(from) if now < from => Self::Refused(Refusal::TooFar { from, end }),
            Ok(_) | Err(_) => Self::Until { value, end },
        }
    }

    /// When this changes by itself.
    pub(super) fn changes_at(&self) -> Option<Timestamp> {
        match self {
            Self::Until { end, .. } => Some(*end),
            Self::Refused(Refusal::TooFar { from, .. }) => Some(*from),
            Self::Settled | Self::Refused(_) => None,
        }
    }

    /// What the key says of it: whether the value is accepted, and why or until when.
    pub(super) fn report(&self, secret: &NamespacedName) -> Option<(bool, KeyReason, String)> {
        let refusal = match self {
            Self::Settled => return None,
            Self::Until { end, .. } => {
                let message = format!("The previous value is accepted until {}", rfc3339(*end));
                return Some((true, KeyReason::PreviousValueAccepted, message));
            }
            Self::Refused(refusal) => refusal,
        };
        let name = annotation::PREVIOUS_UNTIL;
        let (reason, why) = match refusal {
            Refusal::Undated => (
                KeyReason::PreviousUntilNotSet,
                format!("set annotation {name} on secret {secret} to the time of its end"),
            ),
            Refusal::Unreadable => (
                KeyReason::PreviousUntilNotReadable,
                format!("annotation {name} on secret {secret} must be a time such as 2030-01-31T12:00:00Z"),
            ),
            Refusal::TooFar { from, end } => (
                KeyReason::PreviousUntilTooFar,
                format!(
                    "annotation {name} on secret {secret} is too far ahead, which makes it accepted from {} to {} only",
                    rfc3339(*from),
                    rfc3339(*end)
                ),
            ),
            // Never whose key it is.
            Refusal::Duplicate => (
                KeyReason::PreviousValueDuplicate,
                format!("the one in secret {secret} is in use already"),
            ),
            Refusal::NameTaken(id) => (
                KeyReason::PreviousSecretConflict,
                format!("Secret {id} exists and is no enforcement secret: remove or rename it"),
            ),
        };
        Some((
            false,
            reason,
            format!("The previous value is not accepted: {why}"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use keydesk_core::FingerprintKey;

    use super::*;

    #[test]
    fn an_end_is_at_most_a_week_ahead() {
        let value = FingerprintKey::new([1; 32]).fingerprint(b"old");
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let week = Duration::from_hours(7 * 24);
        let of = |until| Rotation::of(Previous { value, until }, week, now);
        let at = |end: &str| of(Until::Moment(end.parse().unwrap()));
        let until = |end: &str| Rotation::Until {
            value,
            end: end.parse().unwrap(),
        };
        for end in [
            "2026-06-01T12:00:01Z",
            "2026-06-08T12:00:00Z",
            "2026-06-08T12:05:00Z",
        ] {
            assert_eq!(at(end), until(end));
        }
        for over in ["2026-06-01T12:00:00Z", "2020-01-01T00:00:00Z"] {
            assert_eq!(at(over), Rotation::Settled);
        }
        assert_eq!(of(Until::Unreadable), Rotation::Refused(Refusal::Unreadable));
        assert_eq!(of(Until::Unsaid), Rotation::Refused(Refusal::Undated));
        let far = at("2026-06-08T12:05:01Z");
        assert_eq!(far.changes_at(), "2026-06-01T12:00:01Z".parse().ok());
        let (accepted, reason, message) = far.report(&NamespacedName::new("a", "s")).unwrap();
        assert!(!accepted && reason == KeyReason::PreviousUntilTooFar, "{message}");
    }
}
