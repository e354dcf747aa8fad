//! How much a caller may, and by which predicate.

use keydesk_core::{Denial, NamespacedName};
use kube::ResourceExt as _;

use super::{Known, LimitFinding, PlanFinding};
use crate::snapshot::{Protection, Tier};
use crate::verdict::Verdict;

/// Nothing if it did not come to that: nobody is known.
pub(super) fn find(known: Known<'_>, protection: &Protection, verdict: &Verdict) -> Option<PlanFinding> {
    let (tier, unresolved) = match verdict {
        Verdict::Admitted(admitted) => (admitted.counted.tier(), None),
        Verdict::Refused(refused) => {
            refused.holder.as_ref()?;
            match refused.denial {
                Denial::PlanUnresolved => (None, refused.because.as_deref().map(str::to_owned)),
                Denial::LimitReached => (refused.counted.as_ref()?.tier(), None),
                _ => return None,
            }
        }
    };
    let route = known.catalog.route(&protection.route)?;
    let attached = known.catalog.plan_policies_of(&route);
    let policy = attached.choose();
    let written = tier.and_then(|tier| policy?.spec.plans.iter().find(|plan| plan.tier == tier.name));
    let plans = protection.plans.iter();
    Some(PlanFinding {
        plan_policy: policy
            .map(|policy| NamespacedName::new(policy.namespace().unwrap_or_default(), policy.name_any())),
        tier: tier.map(|tier| tier.name.clone()),
        predicate: written.and_then(|plan| plan.predicate.clone()),
        limits: tier.map(limits).unwrap_or_default(),
        unresolved,
        mistakes: plans
            .flat_map(|plans| plans.mistakes().collect::<Vec<_>>())
            .collect(),
    })
}

fn limits(tier: &Tier) -> Vec<LimitFinding> {
    let limits = tier.limits.iter().flat_map(keydesk_core::Limits::as_slice);
    limits
        .map(|limit| LimitFinding {
            limit: limit.max,
            window: limit.window.to_string(),
        })
        .collect()
}
