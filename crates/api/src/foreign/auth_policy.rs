//! Kuadrant's `AuthPolicy`.

use std::collections::BTreeMap;

use crate::kind::kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::KUADRANT_GROUP;
use super::policy_target::PolicyTarget;
use super::status::ForeignStatus;
use crate::{AuthScheme, tolerant};

kind! {
    /// Who may call what a route or gateway serves.
    AuthPolicy {
        group: KUADRANT_GROUP,
        version: "v1",
        plural: "authpolicies",
        scope: NamespaceResourceScope,
        spec: AuthPolicySpec,
        status: ForeignStatus,
    }
}

/// What a policy demands of callers: bare rules, or a block of defaults or of overrides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthPolicySpec {
    /// What it applies to.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub target_ref: PolicyTarget,
    /// The rules, where they stand alone.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub rules: Option<AuthScheme>,
    /// Rules that a more specific policy replaces.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub defaults: Option<RulesBlock>,
    /// Rules that replace those of a more specific policy.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub overrides: Option<RulesBlock>,
    /// Conditions under which the policy applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Value>,
    /// Named conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patterns: Option<Value>,
    /// Everything else that it says.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl AuthPolicySpec {
    /// The rules, wherever they stand. A policy has them in one place only; overrides come first, then defaults.
    #[must_use]
    pub fn effective_rules(&self) -> Option<&AuthScheme> {
        let overrides = self.overrides.as_ref().and_then(|block| block.rules.as_ref());
        let defaults = self.defaults.as_ref().and_then(|block| block.rules.as_ref());
        overrides.or(defaults).or(self.rules.as_ref())
    }
}

/// Rules in a block of defaults or overrides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RulesBlock {
    /// The rules.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub rules: Option<AuthScheme>,
    /// How the block goes together with other policies: `atomic` when absent.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub strategy: Option<String>,
    /// Conditions under which the block applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Value>,
    /// Named conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patterns: Option<Value>,
    /// Everything else that it says.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}
