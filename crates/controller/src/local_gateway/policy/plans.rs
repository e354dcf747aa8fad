//! A `PlanPolicy` before the gate.

use std::fmt::Display;

use keydesk_api::{
    foreign::{Plan, PlanPolicy, section},
    meta::annotation::GATE_IGNORE,
};
use keydesk_catalog::{PolicyEnd, limits};
use keydesk_cel::Predicate;

use super::{
    Enforcement, InForce, Reason, calls,
    precedence::overridden_by,
    trial::{Trial, trial},
};

pub(super) fn judge(in_force: &InForce<PlanPolicy>, policy: &PlanPolicy, end: &PolicyEnd) -> Enforcement {
    if let Some(part) = section(&policy.spec.target_ref) {
        let message = format!(
            "Keydesk's gate counts by no part of a target: it refuses {} until {part} is removed, or is named in the \
             annotation {GATE_IGNORE} of the AuthPolicy",
            calls(end),
        );
        return Enforcement::not(Reason::NotSupported, message);
    }
    if let Some(other) = in_force.instead_of(policy, end) {
        return Enforcement::not(Reason::Overridden, overridden_by(other));
    }
    let plans = &policy.spec.plans;
    let mistakes: Vec<_> = plans.iter().filter_map(mistake).collect();
    match mistakes.split_first() {
        None => Enforcement::by_the_gate(enforced(plans)),
        Some(((reason, first), others)) => {
            let more = match others.len() {
                0 => String::new(),
                count => format!(" ({count} more like it)"),
            };
            let message = format!("{first}{more}; Keydesk's gate refuses callers who come to such a tier");
            Enforcement::not(*reason, message)
        }
    }
}

/// Why nobody can have a plan.
fn mistake(plan: &Plan) -> Option<(Reason, String)> {
    let tier = &plan.tier;
    let Some(predicate) = plan.predicate.as_deref().filter(|_| !tier.is_empty()) else {
        let message = format!("Tier {tier:?} has no name or no predicate");
        return Some((Reason::InvalidCelExpression, message));
    };
    let invalid = |error: &dyn Display| (Reason::InvalidCelExpression, format!("Tier {tier:?}: {error}"));
    match Predicate::compile(predicate) {
        Err(error) => return Some(invalid(&error)),
        Ok(predicate) => {
            if let Trial::NeverAnswers(error) = trial(&predicate, tier) {
                return Some(invalid(&error));
            }
        }
    }
    let error = limits(&plan.limits).err()?;
    Some((Reason::InvalidLimits, format!("Tier {tier:?}: {error}")))
}

/// What the gate does by plans that it understands, with what their owner may not have meant.
fn enforced(plans: &[Plan]) -> String {
    match plans.iter().find_map(unguarded) {
        None => counted(plans),
        Some(note) => format!("{}. {note}", counted(plans)),
    }
}

/// Who comes to a tier without what its predicate takes for granted.
fn unguarded(plan: &Plan) -> Option<String> {
    let predicate = Predicate::compile(plan.predicate.as_deref()?).ok()?;
    let Trial::FailsOnPlainCalls(error) = trial(&predicate, &plan.tier) else {
        return None;
    };
    Some(format!(
        "Tier {:?} on a plain call: {error}; Keydesk's gate refuses such calls: let the predicate ask first whether \
         there is one, as in \"x-plan\" in request.headers",
        plan.tier
    ))
}

/// To be unlimited is something to say.
fn counted(plans: &[Plan]) -> String {
    let unlimited = |plan: &&Plan| limits(&plan.limits).is_ok_and(|limits| limits.is_unlimited());
    let tiers: Vec<_> = plans
        .iter()
        .filter(unlimited)
        .map(|plan| plan.tier.as_str())
        .collect();
    if tiers.is_empty() {
        "Keydesk's gate counts calls by the policy".to_owned()
    } else {
        format!(
            "Keydesk's gate counts calls by the policy, which sets no limit for {}",
            tiers.join(", ")
        )
    }
}
