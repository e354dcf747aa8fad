//! Which parts of a policy Keydesk's gate does not evaluate. Whoever writes one of them means to let fewer calls
//! through, so the gate must refuse what it cannot judge, unless the owner says otherwise.

use std::collections::BTreeSet;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::ResourceExt;
use serde_json::Value;

use super::auth_policy::{AuthPolicy, AuthPolicySpec, RulesBlock};
use super::policy_target::PolicyTarget;
use crate::meta::annotation;
use crate::{Authentication, Method};

/// A part of an `AuthPolicy`, or a policy beside it, that the gate does not evaluate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unevaluated {
    /// Rules on what callers may do once they are known.
    Authorization,
    /// Facts that are fetched for rules and responses.
    Metadata,
    /// What is added to a call that passes.
    Response,
    /// Calls to others after the decision.
    Callbacks,
    /// Conditions under which the policy applies.
    When,
    /// Named conditions.
    Patterns,
    /// A policy for one rule or listener only.
    SectionName,
    /// Rules that are merged with those of other policies.
    Strategy,
    /// Overrides of a gateway that are not what is gone by.
    Overrides,
    /// No entry accepts API keys in a way that the gate evaluates.
    Authentication,
    /// A `RateLimitPolicy` with limits of its own.
    RateLimitPolicy,
    /// A field that was not there when this was written.
    Unknown(String),
}

impl Unevaluated {
    /// How an owner names the part in `keydesk.dev/gate-ignore`: the field of the policy.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Authorization => "authorization",
            Self::Metadata => "metadata",
            Self::Response => "response",
            Self::Callbacks => "callbacks",
            Self::When => "when",
            Self::Patterns => "patterns",
            Self::SectionName => "sectionName",
            Self::Strategy => "strategy",
            Self::Overrides => "overrides",
            Self::Authentication => "authentication",
            Self::RateLimitPolicy => "rateLimitPolicy",
            Self::Unknown(field) => field,
        }
    }

    /// Whether an owner may say that the gate need not mind. That nobody could ever pass cannot be waived, nor
    /// what the owner of the gateway put above it.
    fn may_be_ignored(&self) -> bool {
        !matches!(self, Self::Authentication | Self::Overrides)
    }
}

impl fmt::Display for Unevaluated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl AuthPolicy {
    /// The parts of this policy that the gate does not evaluate and the owner does not waive. Empty: it evaluates all
    /// that could keep a call out. Ways to be let in beside API keys are left out, for nobody comes in by them.
    #[must_use]
    pub fn unevaluated(&self) -> BTreeSet<Unevaluated> {
        let mut parts = BTreeSet::new();
        let AuthPolicySpec {
            target_ref,
            rules: _,
            defaults,
            overrides,
            when,
            patterns,
            other,
        } = &self.spec;
        parts.extend(section(target_ref));
        parts.extend(conditions(when.as_ref(), patterns.as_ref(), other.keys()));
        for block in [defaults, overrides].into_iter().flatten() {
            let RulesBlock {
                rules: _,
                strategy,
                when,
                patterns,
                other,
            } = block;
            let merges = strategy.as_deref().is_some_and(|strategy| strategy != "atomic");
            parts.extend(merges.then_some(Unevaluated::Strategy));
            parts.extend(conditions(when.as_ref(), patterns.as_ref(), other.keys()));
        }
        if let Some(rules) = self.spec.effective_rules() {
            parts.extend(rules.0.iter().filter_map(|(name, value)| rule(name, value)));
        }
        if self.evaluated_entries().is_empty() {
            parts.insert(Unevaluated::Authentication);
        }
        parts.retain(|part| !part.may_be_ignored() || !self.ignores(part));
        parts
    }

    /// Whether the owner says that the gate need not mind a part. However they write its name: nobody means another.
    #[must_use]
    pub fn ignores(&self, part: &Unevaluated) -> bool {
        let name = part.name();
        self.ignored()
            .iter()
            .any(|ignored| ignored.eq_ignore_ascii_case(name))
    }

    /// The entries that accept API keys and carry no condition or change of the identity, in the order in which they
    /// are tried.
    #[must_use]
    pub fn evaluated_entries(&self) -> Vec<Authentication> {
        let entries = self
            .spec
            .effective_rules()
            .map(crate::AuthScheme::authentications)
            .unwrap_or_default();
        let takes_keys = |entry: &Authentication| match &entry.method {
            Method::ApiKey(keys) => !entry.is_qualified && is_understood(&keys.selector),
            Method::Jwt { .. } | Method::Other => false,
        };
        entries.into_iter().filter(takes_keys).collect()
    }

    /// The parts that the owner says the gate need not mind.
    #[must_use]
    pub fn ignored(&self) -> BTreeSet<&str> {
        let names = self.annotations().get(annotation::GATE_IGNORE);
        let names = names.map(String::as_str).unwrap_or_default();
        names
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|name| !name.is_empty())
            .collect()
    }
}

/// Whether it is known what a selector selects.
fn is_understood(selector: &LabelSelector) -> bool {
    let operators = selector.match_expressions.iter().flatten();
    operators
        .map(|requirement| requirement.operator.as_str())
        .all(|operator| matches!(operator, "In" | "NotIn" | "Exists" | "DoesNotExist"))
}

/// That a policy is for a part of its target only.
#[must_use]
pub fn section(target: &PolicyTarget) -> Option<Unevaluated> {
    target.section_name.as_ref().map(|_| Unevaluated::SectionName)
}

fn conditions<'a>(
    when: Option<&Value>,
    patterns: Option<&Value>,
    others: impl Iterator<Item = &'a String>,
) -> Vec<Unevaluated> {
    let when = when
        .filter(|value| says_something(value))
        .map(|_| Unevaluated::When);
    let patterns = patterns
        .filter(|value| says_something(value))
        .map(|_| Unevaluated::Patterns);
    let others = others.cloned().map(Unevaluated::Unknown);
    when.into_iter().chain(patterns).chain(others).collect()
}

/// What a section of the rules amounts to. How a refusal is worded (`response.unauthenticated`, `.unauthorized`) lets
/// nobody in.
fn rule(name: &str, value: &Value) -> Option<Unevaluated> {
    let part = match name {
        "authentication" => return None,
        "authorization" => Unevaluated::Authorization,
        "metadata" => Unevaluated::Metadata,
        "callbacks" => Unevaluated::Callbacks,
        "response" => {
            return value
                .get("success")
                .filter(|value| says_something(value))
                .map(|_| Unevaluated::Response);
        }
        other => Unevaluated::Unknown(other.to_owned()),
    };
    says_something(value).then_some(part)
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(spec: &Value, ignore: &str, expected: &[&str]) {
        let policy: AuthPolicy = serde_json::from_value(json!({
            "metadata": { "name": "p", "annotations": { annotation::GATE_IGNORE: ignore } },
            "spec": spec,
        }))
        .unwrap();
        let found = policy.unevaluated();
        let names: Vec<_> = found.iter().map(Unevaluated::name).collect();
        assert_eq!(names, expected);
    }

    fn keys() -> Value {
        json!({ "keys": { "apiKey": { "selector": { "matchLabels": { "app": "a" } } } } })
    }

    #[test]
    fn keys_alone_are_evaluated_wherever_the_rules_stand() {
        check(&json!({ "rules": { "authentication": keys() } }), "", &[]);
        for block in ["defaults", "overrides"] {
            check(
                &json!({ block: { "strategy": "atomic", "rules": { "authentication": keys() } } }),
                "",
                &[],
            );
        }
    }

    #[test]
    fn other_ways_to_be_let_in_open_nothing_and_hinder_nothing() {
        let mut ways = keys();
        ways["tokens"] = json!({ "jwt": { "issuerUrl": "https://oidc.example.com" } });
        ways["anybody"] = json!({ "anonymous": {} });
        check(&json!({ "rules": { "authentication": ways } }), "", &[]);
        let tokens = json!({ "tokens": { "jwt": { "issuerUrl": "https://oidc.example.com" } } });
        check(
            &json!({ "rules": { "authentication": tokens } }),
            "authentication",
            &["authentication"],
        );
    }

    #[test]
    fn a_selector_that_nobody_understands_selects_nobody() {
        let mut strange = keys();
        strange["keys"]["apiKey"]["selector"] =
            json!({ "matchExpressions": [{ "key": "a", "operator": "Gt", "values": ["1"] }] });
        check(
            &json!({ "rules": { "authentication": strange } }),
            "",
            &["authentication"],
        );
    }

    #[test]
    fn an_entry_under_a_condition_lets_nobody_in() {
        let mut qualified = keys();
        qualified["keys"]["when"] = json!([{ "predicate": "request.method == 'GET'" }]);
        check(
            &json!({ "rules": { "authentication": qualified } }),
            "",
            &["authentication"],
        );
    }

    #[test]
    fn whatever_could_keep_a_call_out_is_named() {
        let spec = json!({
            "targetRef": { "kind": "HTTPRoute", "name": "r", "sectionName": "rule-1" },
            "when": [{ "predicate": "true" }],
            "patterns": { "p": [] },
            "rules": {
                "authentication": keys(),
                "authorization": { "only-admins": { "opa": {} } },
                "metadata": { "facts": { "http": {} } },
                "response": { "success": { "headers": { "x": {} } } },
                "callbacks": { "tell": { "http": {} } },
                "novelty": { "a": 1 },
            },
        });
        let all = [
            "authorization",
            "metadata",
            "response",
            "callbacks",
            "when",
            "patterns",
            "sectionName",
            "novelty",
        ];
        check(&spec, "", &all);
        check(
            &spec,
            "when, response patterns",
            &[all[0], all[1], all[3], all[6], all[7]],
        );
    }

    #[test]
    fn empty_parts_and_words_for_refusals_are_nothing() {
        let spec = json!({
            "when": [],
            "rules": {
                "authentication": keys(),
                "authorization": {},
                "response": { "unauthorized": { "message": { "value": "no" } } },
            },
        });
        check(&spec, "", &[]);
    }

    #[test]
    fn merged_blocks_are_not_evaluated() {
        check(
            &json!({ "defaults": { "strategy": "merge", "rules": { "authentication": keys() } } }),
            "",
            &["strategy"],
        );
    }
}
