//! ClusterRoles that are made of others, by label.

use serde_json::Value;

use crate::select::LabelSelector;

/// The rules that every aggregated `ClusterRole` should have and does not: (name, rules).
///
/// The rules of the selected roles in order of their names, each once. A role never selects itself; roles that are
/// aggregated themselves count with the rules they have now, so that a chain settles in as many rounds as it is long.
#[must_use]
pub(crate) fn aggregated<'a>(
    cluster_roles: impl IntoIterator<Item = &'a Value>,
) -> Vec<(String, Vec<Value>)> {
    let mut roles: Vec<(&str, &Value)> = cluster_roles.into_iter().map(|role| (name(role), role)).collect();
    roles.sort_by_key(|(name, _)| *name);
    let mut wanted = Vec::new();
    for (name, role) in &roles {
        let Some(selectors) = role
            .pointer("/aggregationRule/clusterRoleSelectors")
            .and_then(Value::as_array)
        else {
            continue;
        };
        let selectors: Vec<LabelSelector> = selectors
            .iter()
            .filter_map(|selector| LabelSelector::from_object(selector).ok())
            .collect();
        let mut gathered: Vec<Value> = Vec::new();
        for (other, candidate) in &roles {
            let labels = candidate.pointer("/metadata/labels").and_then(Value::as_object);
            if other == name || !selectors.iter().any(|selector| selector.matches(labels)) {
                continue;
            }
            for rule in rules_of(candidate) {
                if !gathered.contains(rule) {
                    gathered.push(rule.clone());
                }
            }
        }
        if !gathered.iter().eq(rules_of(role)) {
            wanted.push(((*name).to_owned(), gathered));
        }
    }
    wanted
}

fn name(role: &Value) -> &str {
    role.pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn rules_of(role: &Value) -> impl Iterator<Item = &Value> {
    role.get("rules").and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn role(name: &str, label: &str, rules: &[&str]) -> Value {
        json!({"metadata": {"name": name, "labels": {label: "true"}}, "rules": rules})
    }

    #[test]
    fn rules_of_labelled_roles_are_gathered_once_in_order() {
        let mut whole = role("whole", "x", &["old"]);
        whole["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"x": "true"}}]});
        let roles = [
            role("b", "x", &["2", "1"]),
            role("a", "x", &["1"]),
            role("c", "y", &["3"]),
            whole.clone(),
        ];
        assert_eq!(
            aggregated(&roles),
            [("whole".to_owned(), vec![json!("1"), json!("2")])]
        );
        whole["rules"] = json!(["1", "2"]);
        let [b, a, c, _] = roles;
        assert_eq!(aggregated(&[b, a, c, whole]), []);
    }
}
