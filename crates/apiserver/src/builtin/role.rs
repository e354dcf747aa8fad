//! Roles and ClusterRoles: what a rule must say.

use keydesk_schema::Violation;
use serde_json::Value;

use crate::resource::Rules;

/// Rules of `Role` (namespaced) and `ClusterRole`.
#[derive(Debug)]
pub(super) struct RoleRules {
    pub(super) namespaced: bool,
}

impl Rules for RoleRules {
    fn validate(&self, object: &Value, _old: Option<&Value>) -> Vec<Violation> {
        let mut violations = Vec::new();
        let rules = object
            .get("rules")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for (position, rule) in rules.enumerate() {
            violations.extend(self.rule_violations(&format!("rules[{position}]"), rule));
        }
        if let Some(aggregation) = object.get("aggregationRule").filter(|rule| !rule.is_null()) {
            violations.extend(aggregation_violations(aggregation));
        }
        violations
    }
}

impl RoleRules {
    fn rule_violations(&self, path: &str, rule: &Value) -> Vec<Violation> {
        let is_empty = |field: &str| {
            rule.get(field)
                .and_then(Value::as_array)
                .is_none_or(Vec::is_empty)
        };
        let mut violations = Vec::new();
        if is_empty("verbs") {
            let detail = "verbs must contain at least one value";
            violations.push(Violation::required(&format!("{path}.verbs"), detail));
        }
        if !is_empty("nonResourceURLs") {
            let urls = rule.get("nonResourceURLs").cloned().unwrap_or_default();
            let field = format!("{path}.nonResourceURLs");
            if self.namespaced {
                let detail = "namespaced rules cannot apply to non-resource URLs";
                violations.push(Violation::invalid(&field, urls.clone(), detail));
            }
            if !is_empty("apiGroups") || !is_empty("resources") || !is_empty("resourceNames") {
                let detail = "rules cannot apply to both regular resources and non-resource URLs";
                violations.push(Violation::invalid(&field, urls, detail));
            }
            return violations;
        }
        if is_empty("apiGroups") {
            let detail = "resource rules must supply at least one api group";
            violations.push(Violation::required(&format!("{path}.apiGroups"), detail));
        }
        if is_empty("resources") {
            let detail = "resource rules must supply at least one resource";
            violations.push(Violation::required(&format!("{path}.resources"), detail));
        }
        violations
    }
}

fn aggregation_violations(aggregation: &Value) -> Vec<Violation> {
    const FIELD: &str = "aggregationRule.clusterRoleSelectors";
    let selectors = aggregation.get("clusterRoleSelectors").and_then(Value::as_array);
    let Some(selectors) = selectors.filter(|selectors| !selectors.is_empty()) else {
        let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        return vec![Violation::required(FIELD, detail)];
    };
    let is_bad = |selector: &&Value| crate::select::LabelSelector::from_object(selector).is_err();
    selectors
        .iter()
        .enumerate()
        .filter(|(_, selector)| is_bad(selector))
        .map(|(position, _)| {
            Violation::invalid(
                &format!("{FIELD}[{position}]"),
                Value::Null,
                "invalid label selector.",
            )
        })
        .collect()
}
