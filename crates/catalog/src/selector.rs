//! Label selectors: which labels satisfy one, and whether given labels do.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// The value of a label that only has to exist.
const ANY: &str = "true";

/// Labels that the selector demands: its pairs as they are; of `In` the first value that the pairs leave open.
#[must_use]
pub fn labels(selector: &LabelSelector) -> BTreeMap<String, String> {
    let mut labels = selector.match_labels.clone().unwrap_or_default();
    for requirement in requirements(selector) {
        let value = match requirement.operator.as_str() {
            "In" => requirement.values.iter().flatten().next().cloned(),
            "Exists" => Some(ANY.to_owned()),
            // The others ask for what must not be there.
            _ => None,
        };
        if let Some(value) = value {
            labels.entry(requirement.key.clone()).or_insert(value);
        }
    }
    labels
}

/// Whether the selector finds an object whose labels are given by name. An operator that nobody knows matches nothing.
pub fn matches<'a>(selector: &LabelSelector, label: impl Fn(&str) -> Option<&'a str>) -> bool {
    unmet(selector, label).is_none()
}

/// The label for which the selector does not find an object whose labels are given by name.
pub fn unmet<'a, 's>(
    selector: &'s LabelSelector,
    label: impl Fn(&str) -> Option<&'a str>,
) -> Option<&'s str> {
    let pairs = selector.match_labels.iter().flatten();
    let pair = pairs
        .into_iter()
        .find(|(name, value)| label(name) != Some(value.as_str()));
    let requirement =
        || requirements(selector).find(|requirement| !holds(requirement, label(&requirement.key)));
    pair.map(|(name, _)| name.as_str())
        .or_else(|| requirement().map(|requirement| requirement.key.as_str()))
}

fn holds(requirement: &LabelSelectorRequirement, value: Option<&str>) -> bool {
    let listed = |value: &str| requirement.values.iter().flatten().any(|listed| listed == value);
    match requirement.operator.as_str() {
        "In" => value.is_some_and(listed),
        "NotIn" => !value.is_some_and(listed),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

fn requirements(selector: &LabelSelector) -> impl Iterator<Item = &LabelSelectorRequirement> {
    selector.match_expressions.iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(selector: Value, expected: &[(&str, &str)], satisfied: bool) {
        let selector: LabelSelector = serde_json::from_value(selector).unwrap();
        let labels = labels(&selector);
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(labels.clone().into_iter().collect::<Vec<_>>(), expected);
        let by_name = |name: &str| labels.get(name).map(String::as_str);
        assert_eq!(matches(&selector, by_name), satisfied);
    }

    #[test]
    fn pairs_and_expressions_become_labels() {
        let selector = json!({
            "matchLabels": { "app": "gamestore" },
            "matchExpressions": [
                { "key": "tier", "operator": "In", "values": ["vip", "gold"] },
                { "key": "team", "operator": "Exists" },
                { "key": "old", "operator": "DoesNotExist" },
                { "key": "app", "operator": "NotIn", "values": ["toystore"] },
            ],
        });
        check(
            selector,
            &[("app", "gamestore"), ("team", "true"), ("tier", "vip")],
            true,
        );
    }

    #[test]
    fn a_selector_that_contradicts_itself_is_not_satisfied() {
        let selector = json!({
            "matchLabels": { "app": "gamestore" },
            "matchExpressions": [{ "key": "app", "operator": "In", "values": ["toystore"] }],
        });
        check(selector, &[("app", "gamestore")], false);
        check(
            json!({ "matchExpressions": [{ "key": "a", "operator": "Near" }] }),
            &[],
            false,
        );
    }
}
