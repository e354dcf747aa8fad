//! A new value in a Secret, and what becomes of the old one.

use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::APIKey;
use keydesk_api::condition::{self, KeyAspect, KeyReason};
use keydesk_api::meta::{API_KEY_ENTRY, PREVIOUS_API_KEY_ENTRY, annotation};
use keydesk_api::rfc3339;
use kube::Resource as _;

use crate::command::imperative::WipedSecret;

/// How long both values may work at most.
pub(super) const LONGEST_OVERLAP: Duration = Duration::from_hours(7 * 24);

/// What becomes of the old value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Previous {
    /// There was none.
    None,
    /// It ends now.
    Ends,
    /// It works beside the new one until then.
    Until(Timestamp),
}

/// Why a Secret takes no new value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RotateError {
    #[error("the Secret is marked immutable; nothing was changed")]
    Change,
    #[error("that value is in the Secret already; nothing was changed")]
    Differ,
    #[error("a rotation is under way: the value before this one works until {}; nothing was changed", rfc3339(*.0))]
    Finish(Timestamp),
}

impl RotateError {
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Change => "make another Secret and let the APIKey name that",
            Self::Differ => "give another value, or leave --key-stdin out",
            Self::Finish(_) => {
                "wait until then; or say --drop-previous, and that value ends now while the present one gets the overlap"
            }
        }
    }
}

/// The Secret with the new value.
pub(super) fn rotated(
    secret: &WipedSecret,
    value: &[u8],
    overlap: Duration,
    drop_previous: bool,
    now: Timestamp,
) -> Result<(WipedSecret, Previous), RotateError> {
    if secret.immutable == Some(true) {
        return Err(RotateError::Change);
    }
    let mut next = secret.clone();
    next.meta_mut().managed_fields = None;
    if let Some(end) = previous_until(secret, now).filter(|_| !drop_previous) {
        return Err(RotateError::Finish(end));
    }
    let old = next.remove(API_KEY_ENTRY).filter(|old| !old.is_empty());
    if old.as_ref().is_some_and(|old| **old == value) {
        return Err(RotateError::Differ);
    }
    next.insert(API_KEY_ENTRY, value);
    next.remove(PREVIOUS_API_KEY_ENTRY);
    let annotations = next.meta_mut().annotations.get_or_insert_default();
    annotations.remove(annotation::PREVIOUS_UNTIL);
    let Some(old) = old else {
        return Ok((next, Previous::None));
    };
    let end = now.checked_add(overlap).ok().filter(|end| *end > now);
    let Some(end) = end.and_then(|end| Timestamp::from_second(end.as_second()).ok()) else {
        return Ok((next, Previous::Ends));
    };
    annotations.insert(annotation::PREVIOUS_UNTIL.to_owned(), rfc3339(end));
    next.insert(PREVIOUS_API_KEY_ENTRY, &old);
    Ok((next, Previous::Until(end)))
}

/// Until when an earlier value works beside the present one by what the Secret says: only an end that the controller accepts
/// counts.
pub(in crate::command) fn previous_until(secret: &WipedSecret, now: Timestamp) -> Option<Timestamp> {
    let previous = secret.entry(PREVIOUS_API_KEY_ENTRY)?;
    let annotations = secret.metadata.annotations.as_ref()?;
    let end: Timestamp = annotations.get(annotation::PREVIOUS_UNTIL)?.parse().ok()?;
    let latest = now.checked_add(LONGEST_OVERLAP).unwrap_or(Timestamp::MAX);
    (!previous.is_empty() && end > now && end <= latest).then_some(end)
}

/// Whether gateways do not accept the earlier value for a reason that the Secret does not show.
pub(super) fn is_refused(key: &APIKey) -> bool {
    let conditions = key.status.as_ref().map_or(&[][..], |status| &status.conditions);
    let rotating = condition::find(conditions, KeyAspect::Rotating);
    rotating.is_some_and(|rotating| {
        let reasons = [
            KeyReason::PreviousValueDuplicate,
            KeyReason::PreviousSecretConflict,
        ];
        rotating.status == "False" && reasons.iter().any(|reason| rotating.reason == reason.as_str())
    })
}

/// Whether two versions of a Secret hold the same values.
pub(super) fn holds_the_same(one: &WipedSecret, other: &WipedSecret) -> bool {
    let until = |secret: &WipedSecret| {
        let annotations = secret.metadata.annotations.as_ref()?;
        annotations.get(annotation::PREVIOUS_UNTIL).cloned()
    };
    one.metadata.uid == other.metadata.uid && one.data == other.data && until(one) == until(other)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::Secret;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn secret(entries: &[(&str, &str)]) -> WipedSecret {
        let mut secret = WipedSecret::default();
        for (name, value) in entries {
            secret.insert(name, value.as_bytes());
        }
        secret
    }

    fn entries(secret: &WipedSecret) -> BTreeMap<&str, &str> {
        let data = secret.data.iter().flatten();
        data.map(|(name, value)| (name.as_str(), std::str::from_utf8(&value.0).unwrap()))
            .collect()
    }

    #[test]
    fn the_old_value_stays_beside_the_new_one_for_the_overlap() {
        let (next, previous) = rotated(
            &secret(&[("api_key", "old"), ("x", "y")]),
            b"new",
            DAY,
            false,
            at(0),
        )
        .unwrap();
        assert_eq!(
            entries(&next),
            [("api_key", "new"), ("api_key.previous", "old"), ("x", "y")].into()
        );
        assert_eq!(previous, Previous::Until(at(86_400)));
        let annotations = next.metadata.annotations.as_ref().unwrap();
        assert_eq!(annotations[annotation::PREVIOUS_UNTIL], "1970-01-02T00:00:00Z");
    }

    #[test]
    fn without_an_overlap_the_old_value_is_gone_at_once() {
        let (next, previous) = rotated(
            &secret(&[("api_key", "old")]),
            b"new",
            Duration::ZERO,
            false,
            at(0),
        )
        .unwrap();
        assert_eq!(entries(&next), [("api_key", "new")].into());
        assert_eq!(previous, Previous::Ends);
        assert_eq!(next.metadata.annotations, Some(BTreeMap::new()));
    }

    #[test]
    fn a_secret_without_a_value_gets_one() {
        for empty in [
            secret(&[("x", "y")]),
            secret(&[("api_key", "")]),
            WipedSecret::default(),
        ] {
            let (next, previous) = rotated(&empty, b"new", DAY, false, at(0)).unwrap();
            assert_eq!((entries(&next)["api_key"], previous), ("new", Previous::None));
        }
    }

    #[test]
    fn a_rotation_that_is_under_way_is_not_cut_short_silently() {
        let (first, _) = rotated(&secret(&[("api_key", "one")]), b"two", DAY, false, at(0)).unwrap();
        let refused = rotated(&first, b"three", DAY, false, at(10)).unwrap_err();
        assert_eq!(refused, RotateError::Finish(at(86_400)));
        let (second, _) = rotated(&first, b"three", DAY, true, at(10)).unwrap();
        assert_eq!(
            entries(&second),
            [("api_key", "three"), ("api_key.previous", "two")].into()
        );
        let refused = rotated(&first, b"three", Duration::ZERO, false, at(10)).unwrap_err();
        assert_eq!(refused, RotateError::Finish(at(86_400)));
        let (second, _) = rotated(&first, b"three", Duration::ZERO, true, at(10)).unwrap();
        assert_eq!(entries(&second), [("api_key", "three")].into());
        assert!(
            rotated(&first, b"three", DAY, false, at(86_400)).is_ok(),
            "it is over"
        );
    }

    #[test]
    fn a_value_before_that_is_not_accepted_is_in_nobodys_way() {
        let (first, _) = rotated(&secret(&[("api_key", "one")]), b"two", DAY, false, at(0)).unwrap();
        for until in ["soon", "1970-01-09T00:00:00Z"] {
            let mut odd = first.clone();
            let annotations = odd.meta_mut().annotations.get_or_insert_default();
            annotations.insert(annotation::PREVIOUS_UNTIL.to_owned(), until.to_owned());
            assert!(rotated(&odd, b"three", DAY, false, at(10)).is_ok(), "{until}");
        }
        for (status, reason, refused) in [
            ("False", "PreviousValueDuplicate", true),
            ("False", "PreviousUntilNotSet", false),
            ("True", "PreviousValueAccepted", false),
        ] {
            let key = serde_json::from_value(serde_json::json!({
                "metadata": { "name": "k", "namespace": "app" },
                "spec": {
                    "apiProductRef": { "name": "p" }, "secretRef": { "name": "s" }, "planTier": "gold",
                    "requestedBy": { "userId": "u", "email": "u@example.com" },
                },
                "status": { "conditions": [{
                    "type": "Rotating", "status": status, "reason": reason, "message": "",
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                }] },
            }));
            assert_eq!(is_refused(&key.unwrap()), refused, "{reason}");
        }
    }

    #[test]
    fn what_cannot_be_changed_and_what_changes_nothing_is_refused() {
        let fixed = WipedSecret::new(Secret {
            immutable: Some(true),
            ..Secret::default()
        });
        assert_eq!(
            rotated(&fixed, b"new", DAY, false, at(0)),
            Err(RotateError::Change)
        );
        let same = secret(&[("api_key", "old")]);
        assert_eq!(
            rotated(&same, b"old", DAY, false, at(0)),
            Err(RotateError::Differ)
        );
    }

    #[test]
    fn versions_are_the_same_while_their_values_are() {
        let one = secret(&[("api_key", "old")]);
        let mut labelled = one.clone();
        labelled.meta_mut().labels = Some([("a".to_owned(), "b".to_owned())].into());
        assert!(holds_the_same(&one, &labelled));
        assert!(!holds_the_same(&one, &secret(&[("api_key", "new")])));
    }
}
