//! A `PlanPolicy` before the gate.

use keydesk_api::{
    foreign::{Plan, PlanPolicy, section},
    meta::annotation::GATE_IGNORE,
};
use keydesk_catalog::{PolicyEnd, limits};
use keydesk_cel::Predicate;

use super::{Enforcement, InForce, Reason, calls, precedence::overridden_by};

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
    if let Err(error) = Predicate::compile(predicate) {
        return Some((Reason::InvalidCelExpression, format!("Tier {tier:?}: {error}")));
    }
    let error = limits(&plan.limits).err()?;
    Some((Reason::InvalidLimits, format!("Tier {tier:?}: {error}")))
}

/// To be unlimited is something to say.
fn enforced(plans: &[Plan]) -> String {
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
