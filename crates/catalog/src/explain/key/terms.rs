//! What came of decisions: terms and an end, and whose turn it is where they are not as they are asked for.

use jiff::Timestamp;
use keydesk_api::condition::{KeyAspect, KeyReason};
use keydesk_api::meta::{auto_approval, auto_approval_name};
use keydesk_api::rfc3339;
use keydesk_core::{Decision, NamespacedName};

use super::Stands;
use super::decisions::approval;
use super::scene::Subject;
use super::tier::is_offered;
use crate::explain::difference::{changes, end_in_force};
use crate::explain::mode::Mode;
use crate::explain::step::{Step, Who};
use crate::explain::words::end;

/// What was approved beside what is asked for; nothing while nothing is.
pub(super) fn terms(
    subject: &Subject<'_>,
    decisions: Option<&[Decision]>,
    stands: &Stands,
    now: Timestamp,
) -> Option<Step> {
    let topic = "terms";
    if decisions.is_none() {
        let changed = subject.says(KeyAspect::TermsChanged)?;
        return Some(granted(Step::note(topic, changed.message.clone()), subject, now));
    }
    let approved = &approval(subject, decisions)?.terms;
    let word = if stands.is_approved() {
        "in force"
    } else {
        "approved"
    };
    if approved.covers(&subject.asked) {
        return Some(Step::good(topic, format!("{word} as they are asked for")));
    }
    let before = format!(
        "{word}: tier {}, until {}",
        approved.tier,
        end(approved.end(&subject.asked))
    );
    let wish = format!(
        "asks for {}: not approved",
        changes(approved, &subject.asked).join(", ")
    );
    Some(granted(Step::note(topic, before).and(wish), subject, now))
}

/// With what has to be done for what is asked for to be granted, if that is of any use.
fn granted(step: Step, subject: &Subject<'_>, now: Timestamp) -> Step {
    if subject.asked.expires_at.is_some_and(|end| end <= now) {
        return step.and("to approve that would not make it work: the end that it asks for has passed");
    }
    if !is_offered(subject) {
        return step.and("to approve that would not make it work: the product does not offer that tier");
    }
    let fails = subject.says(KeyAspect::Failed).is_some();
    if fails && subject.failed_for(&[KeyReason::PlanTierNotFound]).is_none() && approves_by_itself(subject) {
        return step.and("the product approves that by itself once the key no longer fails");
    }
    let (who, what) = grant(subject);
    step.fix(who, what)
}

/// How what is asked for is granted, and by whom.
pub(super) fn grant(subject: &Subject<'_>) -> (Who, String) {
    if approves_by_itself(subject) {
        let what = "the product approves that by itself: see that the controller runs";
        return (Who::Platform, what.to_owned());
    }
    let (key, namespace) = (subject.scene.id, &subject.request_id.namespace);
    let approve = subject.keydesk(Who::Owner, format_args!("approve {key} -n {namespace}"));
    (Who::Owner, format!("to grant it: {approve}"))
}

/// Whether the controller approves what a key asks for by now that was approved once: that takes no new place, so no cap
/// matters. It leaves alone what somebody else wrote under the name of its own approval.
fn approves_by_itself(subject: &Subject<'_>) -> bool {
    let request = &subject.request_id;
    let own = NamespacedName::new(request.namespace.as_str(), auto_approval_name(&request.name));
    let own = subject.scene.catalog.approval(&own);
    let is_free = own.is_none_or(|own| {
        let spec = &own.object.spec;
        spec.approved && spec.reviewed_by == auto_approval::REVIEWED_BY
    });
    is_free && matches!(subject.mode(), Some(Mode::Automatic(_) | Mode::Garbled(_)))
}

pub(super) fn expiry(subject: &Subject<'_>, decisions: Option<&[Decision]>, now: Timestamp) -> Step {
    let topic = "expiry";
    let asked = subject.asked.expires_at;
    let has_come = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
    let approval = match (decisions, approval(subject, decisions)) {
        (None, _) => {
            let changed = subject.says(KeyAspect::TermsChanged);
            let in_force = changed.and_then(|changed| end_in_force(&changed.message, asked));
            let ends_at = in_force.unwrap_or(asked);
            return match subject.says(KeyAspect::Expired) {
                Some(expired) if has_come(asked) => Step::bad(topic, expired.message.clone())
                    .fix(Who::Consumer, later(subject, Bound::Unread)),
                Some(expired) => asked_already(Step::bad(topic, expired.message.clone()), subject),
                None if has_come(asked) => in_vain(subject, Bound::Unread),
                None if has_come(ends_at) => {
                    asked_already(Step::bad(topic, format!("it ended at {}", end(ends_at))), subject)
                }
                None => Step::good(topic, end(ends_at)),
            };
        }
        (Some(_), None) if has_come(asked) => return in_vain(subject, Bound::Nothing),
        (Some(_), None) => {
            let words = format!("asked for: {}; it begins with an approval", end(asked));
            return Step::good(topic, words);
        }
        (Some(_), Some(approval)) => approval,
    };
    let ends_at = approval.terms.end(&subject.asked);
    if !has_come(ends_at) {
        return Step::good(topic, end(ends_at));
    }
    let step = Step::bad(topic, format!("it ended at {}", end(ends_at)));
    if !has_come(asked) {
        return asked_already(step, subject);
    }
    let bound = match approval.terms.expires_at {
        None => Bound::Never,
        Some(bound) if bound > now => Bound::Ahead(bound),
        Some(_) => Bound::Nothing,
    };
    step.fix(Who::Consumer, later(subject, bound))
}

/// Nobody's consent would make it work.
fn in_vain(subject: &Subject<'_>, bound: Bound) -> Step {
    let words = format!(
        "the end that is asked for has passed: {}",
        end(subject.asked.expires_at)
    );
    Step::bad("expiry", words).fix(Who::Consumer, later(subject, bound))
}

/// Once they have asked for a later end it is somebody else's turn.
fn asked_already(step: Step, subject: &Subject<'_>) -> Step {
    let (who, what) = grant(subject);
    let wish = end(subject.asked.expires_at);
    step.and(format!("a later end is asked for already: {wish}"))
        .fix(who, what)
}

/// Up to when a later end needs nobody's consent.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// Whoever asks may not know.
    Unread,
    /// For ever.
    Never,
    /// Up to then.
    Ahead(Timestamp),
    /// Any later end needs it.
    Nothing,
}

/// How a consumer comes by a later end.
fn later(subject: &Subject<'_>, bound: Bound) -> String {
    let consent = |what: &str| {
        if approves_by_itself(subject) {
            format!("the product approves {what} by itself")
        } else {
            format!("the owner has to approve {what}")
        }
    };
    match bound {
        Bound::Unread => format!(
            "set a later spec.expiresAt: within what was approved it holds at once; {}",
            consent("a later one")
        ),
        Bound::Never => "set a later spec.expiresAt, or take it off: what was approved has no end, so nobody has to approve \
                         that"
            .to_owned(),
        Bound::Ahead(bound) => format!(
            "set a later spec.expiresAt: one until {} is approved already; {}",
            rfc3339(bound),
            consent("a later one")
        ),
        Bound::Nothing => format!("set a later spec.expiresAt; {}", consent("it")),
    }
}
