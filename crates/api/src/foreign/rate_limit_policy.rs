//! Kuadrant's `RateLimitPolicy`: only that it is there, and for what.

use crate::kind::kind;
use serde::{Deserialize, Serialize};

use super::KUADRANT_GROUP;
use super::policy_target::PolicyTarget;
use super::status::ForeignStatus;
use crate::tolerant;

kind! {
    /// Limits on what a route or gateway serves, beside those of plans.
    RateLimitPolicy {
        group: KUADRANT_GROUP,
        version: "v1",
        plural: "ratelimitpolicies",
        scope: NamespaceResourceScope,
        spec: RateLimitPolicySpec,
        status: ForeignStatus,
    }
}

/// What the limits are for. What they are is not read: nothing here counts by them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RateLimitPolicySpec {
    /// What it applies to.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub target_ref: PolicyTarget,
}

impl RateLimitPolicy {
    /// Whether a `PlanPolicy` made it, to have its own plans counted (`spec/gate.md` §2): then it says nothing more.
    #[must_use]
    pub fn is_of_plans(&self) -> bool {
        let owners = self.metadata.owner_references.iter().flatten();
        owners
            .into_iter()
            .any(|owner| owner.kind == "PlanPolicy" && owner.controller == Some(true))
    }
}
