//! The tier under which a key's calls are counted, and whether there is such a one.

use keydesk_api::condition::{KeyAspect, KeyReason};
use keydesk_core::Decision;

use super::decisions::approval;
use super::scene::Subject;
use super::terms::grant;
use crate::explain::difference::tier_in_force;
use crate::explain::step::{Step, Who};
use crate::explain::words::allowance;

pub(super) fn tier(subject: &Subject<'_>, decisions: Option<&[Decision]>) -> Step {
    let topic = "tier";
    let missing = subject.failed_for(&[KeyReason::PlanTierNotFound]);
    // Whoever may not read the decisions knows the limits in force by the status alone.
    if decisions.is_none()
        && missing.is_none()
        && subject.is_current
        && subject.says(KeyAspect::TermsChanged).is_some()
        && let Some(status) = subject.key.as_deref().and_then(|key| key.status.as_ref())
    {
        let in_force = match &status.limits {
            Some(limits) => format!("in force: {}", allowance(limits)),
            None => "in force: what was approved before, whose limits are not known here".to_owned(),
        };
        return Step::note(topic, in_force).and(format!(
            "tier {} is asked for, beside what else is; nothing of that is in force yet",
            subject.asked.tier
        ));
    }
    let asked = &subject.asked.tier;
    let approved = approved(subject, decisions);
    let tier = approved.as_ref().unwrap_or(asked);
    let Some(product) = &subject.product else {
        let Some(message) = missing else {
            let words = format!("what {tier} allows is not known without the product");
            return Step::unknown(topic, words);
        };
        let step = Step::bad(topic, message);
        return if tier == asked {
            step.fix(Who::Consumer, "ask for one of these tiers")
        } else {
            retired(step, subject)
        };
    };
    let plans = product
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.discovered_plans);
    if plans.is_empty() {
        return Step::note(
            topic,
            format!("{tier}: the product has no plans, so there is no limit"),
        );
    }
    if let Some(plan) = plans.iter().find(|plan| plan.tier == *tier) {
        return Step::good(topic, format!("{tier}: {}", allowance(&plan.limits)));
    }
    let words = format!("{} has no tier {tier}", subject.asked.product);
    if tier != asked && is_offered(subject) {
        return retired(Step::bad(topic, format!("{words}, which was approved")), subject);
    }
    let known: Vec<_> = plans.iter().map(|plan| plan.tier.as_str()).collect();
    Step::bad(topic, words).fix(Who::Consumer, format!("ask for one of {}", known.join(", ")))
}

/// The tier that was approved, by the decision or, where that may not be read, by what the controller says of it.
fn approved(subject: &Subject<'_>, decisions: Option<&[Decision]>) -> Option<String> {
    match decisions {
        Some(_) => Some(approval(subject, decisions)?.terms.tier.clone()),
        None => tier_in_force(
            &subject.says(KeyAspect::TermsChanged)?.message,
            &subject.asked.tier,
        ),
    }
}

/// The consumer has asked for another tier than the one that is offered no more: it is somebody else's turn.
fn retired(step: Step, subject: &Subject<'_>) -> Step {
    let (who, what) = grant(subject);
    let asked = &subject.asked.tier;
    step.and(format!(
        "it asks for tier {asked} by now, which is not approved yet"
    ))
    .fix(who, what)
}

/// Whether the product offers the tier that is asked for, as far as that is known.
pub(super) fn is_offered(subject: &Subject<'_>) -> bool {
    let status = subject
        .product
        .as_deref()
        .and_then(|product| product.status.as_ref());
    let plans = status.map_or(&[][..], |status| &status.discovered_plans);
    plans.is_empty() || plans.iter().any(|plan| plan.tier == subject.asked.tier)
}
