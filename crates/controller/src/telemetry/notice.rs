//! What is worth an Event: pure functions from what was so before and what is so now.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::condition::{self, ApprovalAspect, KeyAspect};
use keydesk_api::meta::annotation;
use keydesk_core::{Flaw, Flaws};

/// Something to be said of one object, as an Event has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Somebody should look.
    pub(crate) is_warning: bool,
    /// One word for what happened.
    pub(crate) reason: String,
    /// One word for what was being done.
    pub(crate) action: &'static str,
    /// A sentence for people.
    pub(crate) note: String,
}

impl Notice {
    fn warning(reason: &str, action: &'static str, note: impl Into<String>) -> Self {
        Self {
            is_warning: true,
            reason: reason.to_owned(),
            action,
            note: note.into(),
        }
    }

    fn normal(reason: &str, action: &'static str, note: impl Into<String>) -> Self {
        Self {
            is_warning: false,
            ..Self::warning(reason, action, note)
        }
    }
}

/// What changed on a key, or on what stands for it: each condition that is True and was not, or not for this reason and
/// in these words. A rotation that is refused is told too.
pub(crate) fn of_key(before: &[Condition], after: &[Condition]) -> Vec<Notice> {
    let is_warning = |aspect: KeyAspect, now: &Condition| match aspect {
        KeyAspect::Pending | KeyAspect::Approved | KeyAspect::TermsChanged => false,
        KeyAspect::Denied | KeyAspect::Expired | KeyAspect::Failed | KeyAspect::EnforcementFailed => true,
        KeyAspect::Rotating => now.status != "True",
    };
    let mut notices = Vec::new();
    for aspect in KeyAspect::ALL {
        let is_told = |now: &&Condition| now.status == "True" || *aspect == KeyAspect::Rotating;
        let Some(now) = condition::find(after, *aspect).filter(is_told) else {
            continue;
        };
        let then = condition::find(before, *aspect);
        if then.is_some_and(|then| {
            then.status == now.status && then.reason == now.reason && then.message == now.message
        }) {
            continue;
        }
        let named = matches!(
            aspect,
            KeyAspect::Failed | KeyAspect::EnforcementFailed | KeyAspect::Rotating
        );
        let note = if named {
            format!("{}: {}", now.reason, now.message)
        } else {
            now.message.clone()
        };
        notices.push(Notice {
            is_warning: is_warning(*aspect, now),
            reason: aspect.to_string(),
            action: "Decide",
            note,
        });
    }
    notices
}

/// What changed on a product: each condition with another status or reason than before.
pub(crate) fn of_product(before: &[Condition], after: &[Condition]) -> Vec<Notice> {
    let same = |then: &Condition, now: &Condition| {
        then.type_ == now.type_ && then.status == now.status && then.reason == now.reason
    };
    after
        .iter()
        .filter(|now| !before.iter().any(|then| same(then, now)))
        .map(|now| Notice {
            is_warning: now.status != "True" && !matches!(now.reason.as_str(), "NotFound" | "NoOIDCAuth"),
            reason: now.reason.clone(),
            action: "Discover",
            note: format!("{} is {}: {}", now.type_, now.status, now.message),
        })
        .collect()
}

/// What changed on an approval: that it does not count, or that a later one counts in its place.
pub(crate) fn of_approval(before: &[Condition], after: &[Condition]) -> Vec<Notice> {
    let turned = |aspect: ApprovalAspect, status: &str| {
        let now = condition::find(after, aspect).filter(|now| now.status == status)?;
        let then = condition::find(before, aspect);
        let known = then.is_some_and(|then| then.status == now.status && then.reason == now.reason);
        (!known).then_some(now)
    };
    let invalid = turned(ApprovalAspect::Valid, "False")
        .map(|now| Notice::warning(&now.reason, "Validate", now.message.as_str()));
    let replaced = turned(ApprovalAspect::Superseded, "True")
        .map(|now| Notice::normal("Superseded", "Decide", now.message.as_str()));
    invalid.into_iter().chain(replaced).collect()
}

/// The approval belongs to somebody else's release; it counts all the same.
pub(crate) fn controlled_by_another() -> Notice {
    Notice::warning(
        "ControlledByAnother",
        "Own",
        "Another object controls this approval: it counts, and goes with its request, but may come back from there",
    )
}

/// What is unwise about a key's value. It never says what the value is.
pub(crate) fn of_flaws(flaws: Flaws) -> impl Iterator<Item = Notice> {
    flaws.iter().map(|flaw| {
        let reason = match flaw {
            Flaw::SpaceAround | Flaw::SpaceWithin => "SecretAPIKeyHasSpace",
            Flaw::Unsendable => "SecretAPIKeyNotPrintable",
            Flaw::Guessable => "SecretAPIKeyWeak",
            Flaw::Mistyped => "SecretAPIKeyMistyped",
        };
        Notice::warning(
            reason,
            "ReadSecret",
            format!("Entry \"api_key\" of the Secret: {flaw}"),
        )
    })
}

/// A key in force whose tier has no limits.
pub(crate) fn unlimited(tier: &str) -> Notice {
    Notice::warning(
        "UnlimitedPlan",
        "Decide",
        format!("Plan tier {tier:?} has no limits: calls with this key are not bounded"),
    )
}

/// Gateways were given another value.
pub(crate) fn rotated() -> Notice {
    Notice::normal(
        "Rotated",
        "Enforce",
        "The value in the Secret was replaced: gateways take the new one",
    )
}

/// A product's cap that nobody can read.
pub(crate) fn unreadable_cap() -> Notice {
    Notice::warning(
        "AnnotationNotReadable",
        "Decide",
        format!(
            "Annotation {} must be a whole number, such as 5: until then no key is approved automatically",
            annotation::MAX_KEYS_PER_NAMESPACE
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    fn condition(type_: &str, status: &str, reason: &str) -> Condition {
        Condition {
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
            message: format!("because of {reason}"),
            observed_generation: None,
            reason: reason.into(),
            status: status.into(),
            type_: type_.into(),
        }
    }

    fn reasons(notices: &[Notice]) -> Vec<(&str, bool)> {
        notices
            .iter()
            .map(|notice| (notice.reason.as_str(), notice.is_warning))
            .collect()
    }

    #[test]
    fn a_transition_is_told_once() {
        let (pending, approved) = (
            [condition("Pending", "True", "AwaitingApproval")],
            [condition("Approved", "True", "Approved")],
        );
        assert_eq!(reasons(&of_key(&[], &pending)), [("Pending", false)]);
        assert_eq!(reasons(&of_key(&pending, &approved)), [("Approved", false)]);
        assert_eq!(of_key(&approved, &approved), []);
    }

    #[test]
    fn a_failure_for_another_reason_is_told_too() {
        let (then, now) = (
            [condition("Failed", "True", "SecretNotFound")],
            [condition("Failed", "True", "SecretAPIKeyEmpty")],
        );
        let notices = of_key(&then, &now);
        assert_eq!(reasons(&notices), [("Failed", true)]);
        assert_eq!(notices[0].note, "SecretAPIKeyEmpty: because of SecretAPIKeyEmpty");
    }

    #[test]
    fn a_product_without_a_policy_is_no_reason_to_worry_one_without_a_route_is() {
        let before = [condition("Ready", "True", "HTTPRouteAccepted")];
        let after = [
            condition("Ready", "False", "HTTPRouteNotFound"),
            condition("PlanPolicyDiscovered", "False", "NotFound"),
        ];
        assert_eq!(
            reasons(&of_product(&before, &after)),
            [("HTTPRouteNotFound", true), ("NotFound", false)]
        );
        assert_eq!(of_product(&after, &after), []);
    }

    #[test]
    fn an_approval_that_stops_counting_is_told_one_that_counts_is_not() {
        let valid = condition("Valid", "True", "Valid");
        let replaced = [valid.clone(), condition("Superseded", "True", "LaterDecision")];
        let invalid = [condition("Valid", "False", "TermsNotReadable")];
        assert_eq!(of_approval(&[], std::slice::from_ref(&valid)), []);
        assert_eq!(
            reasons(&of_approval(&[valid], &replaced)),
            [("Superseded", false)]
        );
        assert_eq!(
            reasons(&of_approval(&replaced, &invalid)),
            [("TermsNotReadable", true)]
        );
        assert_eq!(of_approval(&invalid, &invalid), []);
    }
}
