//! Kuadrant's `PlanPolicy`.

use crate::kind::kind;
use serde::{Deserialize, Serialize};

use super::EXTENSIONS_GROUP;
use super::policy_target::PolicyTarget;
use super::status::ForeignStatus;
use crate::{Limits, tolerant};

kind! {
    /// How much callers of a route or gateway may call, by plan tier.
    PlanPolicy {
        group: EXTENSIONS_GROUP,
        version: "v1alpha1",
        plural: "planpolicies",
        scope: NamespaceResourceScope,
        spec: PlanPolicySpec,
        status: ForeignStatus,
    }
}

/// The plan tiers of a route or gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanPolicySpec {
    /// What it applies to.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub target_ref: PolicyTarget,
    /// The tiers; the first whose predicate holds is a caller's.
    #[serde(
        default,
        deserialize_with = "tolerant::each",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub plans: Vec<Plan>,
}

/// One plan tier. An entry that cannot be understood becomes a tier without a name, which nobody can ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Name of the tier.
    pub tier: String,
    /// CEL expression that says whose tier it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
    /// What the tier allows.
    #[serde(default)]
    pub limits: Limits,
}
