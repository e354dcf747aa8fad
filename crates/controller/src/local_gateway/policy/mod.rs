//! What policies are told: whether the gate that runs beside us enforces them, and if not, why.
//!
//! Of several policies of one kind on one target one is in force (`precedence`); what the gate makes of it is in the file
//! of its kind.

mod auth;
mod enforcement;
mod plans;
mod precedence;
mod rate_limit;
#[cfg(test)]
mod tests;
mod trial;

use keydesk_api::foreign::{AuthPolicy, PlanPolicy, PolicyTarget, RateLimitPolicy};
use keydesk_catalog::PolicyEnd;
use kube::{Resource, ResourceExt as _, api::DynamicObject};
use serde::de::DeserializeOwned;

use super::{
    attach,
    conditions::Wanted,
    world::{Kind, World},
};
use enforcement::{Enforcement, Reason};
use precedence::InForce;

/// The policies of a world.
pub(super) struct Policies<'a> {
    world: &'a World,
    auth: InForce<AuthPolicy>,
    plans: InForce<PlanPolicy>,
}

impl<'a> Policies<'a> {
    pub(super) fn of(world: &'a World) -> Self {
        Self {
            world,
            auth: InForce::among(world.of(Kind::AuthPolicy).filter_map(read)),
            plans: InForce::among(world.of(Kind::PlanPolicy).filter_map(read)),
        }
    }

    /// What a policy is to be told; nothing where it is on nothing of ours.
    pub(super) fn conditions(&self, kind: Kind, object: &DynamicObject) -> Vec<Wanted> {
        let enforcement = match kind {
            Kind::AuthPolicy => self.judge(
                object,
                |policy: &AuthPolicy| &policy.spec.target_ref,
                |policy, end| auth::judge(self.world, &self.auth, policy, end),
            ),
            Kind::PlanPolicy => self.judge(
                object,
                |policy: &PlanPolicy| &policy.spec.target_ref,
                |policy, end| plans::judge(&self.plans, policy, end),
            ),
            Kind::RateLimitPolicy => self.judge(
                object,
                |policy: &RateLimitPolicy| &policy.spec.target_ref,
                rate_limit::judge,
            ),
            Kind::GatewayClass | Kind::Gateway | Kind::HTTPRoute => None,
        };
        let Some(enforcement) = enforcement else {
            return Vec::new();
        };
        vec![
            Wanted::new("Accepted", true, "Accepted", "The policy is accepted"),
            enforcement.condition(),
        ]
    }

    fn judge<P: Resource + DeserializeOwned>(
        &self,
        object: &DynamicObject,
        target: impl Fn(&P) -> &PolicyTarget,
        judge: impl FnOnce(&P, &PolicyEnd) -> Enforcement,
    ) -> Option<Enforcement> {
        let policy = read(object)?;
        let end = PolicyEnd::of(&object.namespace().unwrap_or_default(), target(&policy))?;
        if !attach::is_ours(self.world, &end) {
            return None;
        }
        if object.metadata.deletion_timestamp.is_some() {
            let message = "The policy is being deleted and counts no more";
            return Some(Enforcement::not(Reason::Unknown, message));
        }
        Some(judge(&policy, &end))
    }
}

fn read<P: Resource + DeserializeOwned>(object: &DynamicObject) -> Option<P> {
    object.clone().try_parse().ok()
}

/// The calls that a policy on this target decides on, for sentences.
fn calls(end: &PolicyEnd) -> &'static str {
    match end {
        PolicyEnd::Route(_) => "every call on the route",
        PolicyEnd::Gateway(_) => "every call on the routes that the policy applies to",
    }
}
