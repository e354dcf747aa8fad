//! Whether gateways take a key that is not in force: they go by its enforcement secret, which outlives a passing failure of
//! the product for a while.

use jiff::Timestamp;
use keydesk_api::condition::{KeyAspect, KeyReason};
use keydesk_api::rfc3339;
use keydesk_core::{Decision, Failure, PRODUCT_FAILURE_GRACE, Ruling, SecretFacts, Standing};

use super::decisions::approval;
use super::scene::{Part, Sight, Subject};
use crate::explain::gate;
use crate::explain::step::{State, Step};
use crate::missing_entry;

/// Until when the key is spared although its product fails, if it is: as the controller reckons, or as far as what it says
/// tells.
pub(super) fn spared_until(
    subject: &Subject<'_>,
    ruling: Option<&Ruling<'_>>,
    decisions: Option<&[Decision]>,
    now: Timestamp,
) -> Option<Timestamp> {
    let failed = subject.says(KeyAspect::Failed);
    let passing = [
        KeyReason::KuadrantNotFound,
        KeyReason::AuthSchemeNotFound,
        KeyReason::APIKeyAuthSchemeNotFound,
    ];
    let may_pass = match ruling.map(|ruling| &ruling.standing) {
        Some(Standing::Failed(failure)) => Failure::may_pass(failure),
        Some(_) => false,
        None => subject.failed_for(&passing).is_some(),
    };
    let was_approved = decisions.is_none() || approval(subject, decisions).is_some();
    // Its own failing, behind the product's, is the consumer's will and no disturbance.
    let may_have_value = subject.key.is_none()
        || subject
            .secret_facts()
            .is_none_or(|secret| secret == SecretFacts::Usable);
    if !may_pass || !was_approved || !may_have_value {
        return None;
    }
    let since = failed.map_or(now, |failed| failed.last_transition_time.0);
    let until = since.checked_add(PRODUCT_FAILURE_GRACE).ok()?;
    let ends_at = ruling.and_then(|ruling| ruling.ends_at);
    Some(ends_at.map_or(until, |end| end.min(until))).filter(|until| now < *until)
}

/// In one sentence, what it comes to for a key that is not in force, and whether calls pass all the same.
pub(super) fn verdict(
    subject: &Subject<'_>,
    steps: &[Step],
    obstacle: &str,
    spared_until: Option<Timestamp>,
) -> (bool, String) {
    let bad = steps.iter().filter(|step| step.state == State::Bad);
    let bad: Vec<_> = bad.map(|step| step.topic).collect();
    let passes = |topic: &str| match topic {
        "platform" | "scheme" => true,
        "enforced" => are_limits_enforced(subject),
        _ => false,
    };
    let until = spared_until.filter(|_| bad.iter().copied().all(passes));
    // Our gate goes by the policy as it is written, whether that is in force or not, and by the Kuadrant that is there.
    let gate_takes = if bad.contains(&"platform") {
        Some(false)
    } else {
        takes_keys(subject)
    };
    let fails = |but: &str| (false, format!("does not work: {obstacle}{but}"));
    let alone = "gateways that go by the enforcement secret alone take it";
    let Some(until) = until.map(rfc3339) else {
        return match subject.scene.enforcement {
            Sight::There => fails(&format!("; but {alone} still")),
            Sight::Missing | Sight::Hidden => fails(""),
        };
    };
    match (subject.scene.enforcement, gate_takes) {
        (Sight::Missing, _) => fails(""),
        (Sight::There, Some(false)) => fails(&format!("; but {alone} until about {until}")),
        (Sight::Hidden, Some(false)) => {
            fails(&format!("; but {alone} until about {until}, if it is approved"))
        }
        (Sight::There, Some(true)) => (
            true,
            format!("works until about {until}, unless this is mended: {obstacle}"),
        ),
        (Sight::There, None) | (Sight::Hidden, Some(true) | None) => (
            false,
            format!(
                "not known: {obstacle}; if it is approved and worked before, it does until about {until}"
            ),
        ),
    }
}

/// Whether no policy of limits on the product's route says that it is not enforced: for that, unlike for an `AuthPolicy` that
/// is not in force, no key is spared.
fn are_limits_enforced(subject: &Subject<'_>) -> bool {
    let route = subject.route();
    route.is_none_or(|route| gate::unenforced_limits(subject.scene.catalog, &route).is_empty())
}

/// Whether the policy on the product's route takes keys of the product as it is written, if that is known.
fn takes_keys(subject: &Subject<'_>) -> Option<bool> {
    let product = subject.product.as_deref()?;
    let route = subject.route().filter(|_| !subject.hides(Part::Policies))?;
    let attached = subject.scene.catalog.auth_policies_of(&route);
    Some(attached.choose().is_some_and(|policy| {
        policy.unevaluated().is_empty()
            && !policy.evaluated_entries().is_empty()
            && missing_entry(product, policy).is_none()
    }))
}
