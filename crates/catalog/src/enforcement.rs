//! The labels of enforcement secrets, and whether the selector of an `AuthPolicy` can find a Secret that has them.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use keydesk_api::meta::{is_label_name, is_label_value, label, label_value};
use keydesk_core::NamespacedName;

use crate::selector;

/// Stands for the name of whatever key.
const SOME_KEY: &str = "some-key-of-the-product";

/// The labels of an enforcement secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnforcementLabels {
    /// Those that the selector asks for, and those that no selector may override.
    pub labels: BTreeMap<String, String>,
    /// Why the selector finds no Secret with them; nothing if it does.
    pub mismatch: Option<Mismatch>,
}

/// Why a selector cannot find an enforcement secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It asks for a label of a name that no label can have.
    Name(String),
    /// It asks for a value that no label can have.
    Value {
        /// The label.
        name: String,
        /// The value.
        value: String,
    },
    /// It asks of a label what no enforcement secret has.
    Unmet {
        /// The label.
        name: String,
        /// What it is, where it is known.
        has: Option<String>,
    },
}

impl EnforcementLabels {
    /// Of the enforcement secret of a key of a product.
    #[must_use]
    pub fn of(selector: &LabelSelector, product: &NamespacedName, key: &NamespacedName) -> Self {
        let reserved = [
            (label::ENFORCEMENT, label::ENFORCEMENT_VALUE.to_owned()),
            (label::API_PRODUCT, label_value(&product.name)),
            (label::API_PRODUCT_NAMESPACE, product.namespace.clone()),
            (label::API_KEY, label_value(&key.name)),
            (label::API_KEY_NAMESPACE, key.namespace.clone()),
            (
                label::AUTHORINO_MANAGED_BY,
                label::AUTHORINO_MANAGED_BY_VALUE.to_owned(),
            ),
        ];
        let mut labels = selector::labels(selector);
        labels.extend(reserved.map(|(name, value)| (name.to_owned(), value)));
        Self {
            mismatch: Mismatch::of(selector, &labels),
            labels,
        }
    }
}

/// Why the selector finds the enforcement secret of no key of the product, whatever that key is called.
#[must_use]
pub fn mismatch(selector: &LabelSelector, product: &NamespacedName) -> Option<Mismatch> {
    let asked = selector::labels(selector);
    let some = |name: &str| asked.get(name).map_or(SOME_KEY, String::as_str);
    let key = NamespacedName::new(some(label::API_KEY_NAMESPACE), some(label::API_KEY));
    let of_one = EnforcementLabels::of(selector, product, &key).mismatch?;
    Some(match of_one {
        Mismatch::Unmet { name, .. } if [label::API_KEY, label::API_KEY_NAMESPACE].contains(&&*name) => {
            Mismatch::Unmet { name, has: None }
        }
        other => other,
    })
}

impl Mismatch {
    fn of(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> Option<Self> {
        let asked = selector::labels(selector);
        let impossible = asked.into_iter().chain(labels.clone()).find_map(Self::of_label);
        impossible.or_else(|| {
            let has = |name: &str| labels.get(name).map(String::as_str);
            let name = selector::unmet(selector, has)?;
            Some(Self::Unmet {
                name: name.to_owned(),
                has: has(name).map(str::to_owned),
            })
        })
    }

    fn of_label((name, value): (String, String)) -> Option<Self> {
        if !is_label_name(&name) {
            Some(Self::Name(name))
        } else if !is_label_value(&value) {
            Some(Self::Value { name, value })
        } else {
            None
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "no label can be called {name:?}"),
            Self::Value { name, value } => write!(
                f,
                "no label can have the value {value:?} that it asks of {name:?}"
            ),
            Self::Unmet { name, has: Some(has) } if label::RESERVED.contains(&name.as_str()) => {
                write!(
                    f,
                    "{name:?} is {has:?} on the enforcement secrets that it should find"
                )
            }
            Self::Unmet { name, .. } => {
                write!(f, "no enforcement secret can satisfy what it asks of {name:?}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(selector: &Value, expected: &str) {
        let selector = serde_json::from_value(selector.clone()).unwrap();
        let product = NamespacedName::new("store", "games");
        let mismatch = mismatch(&selector, &product);
        let words = mismatch.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(words, expected);
    }

    #[test]
    fn a_selector_finds_what_it_asks_for_if_labels_can_be_so() {
        check(&json!({}), "");
        check(
            &json!({ "matchLabels": { "example.com/app": "games", "empty": "" } }),
            "",
        );
        check(
            &json!({ "matchExpressions": [{ "key": "app", "operator": "In", "values": ["games"] }] }),
            "",
        );
    }

    #[test]
    fn a_label_that_cannot_be_is_asked_for_in_vain() {
        check(
            &json!({ "matchLabels": { "app": "not a label!" } }),
            r#"no label can have the value "not a label!" that it asks of "app""#,
        );
        check(
            &json!({ "matchLabels": { "not a key!": "x" } }),
            r#"no label can be called "not a key!""#,
        );
        let long = "k".repeat(70);
        check(
            &json!({ "matchExpressions": [{ "key": long, "operator": "Exists" }] }),
            &format!("no label can be called {long:?}"),
        );
    }

    #[test]
    fn the_labels_of_every_enforcement_secret_are_not_the_selectors_to_choose() {
        check(
            &json!({ "matchLabels": { label::ENFORCEMENT: "no" } }),
            r#""devportal.kuadrant.io/enforcement" is "true" on the enforcement secrets that it should find"#,
        );
        check(
            &json!({ "matchLabels": { label::API_PRODUCT: "toys" } }),
            r#""devportal.kuadrant.io/apiproduct" is "games" on the enforcement secrets that it should find"#,
        );
        let absent = json!({ "matchExpressions": [{ "key": label::API_KEY, "operator": "DoesNotExist" }] });
        check(
            &absent,
            r#"no enforcement secret can satisfy what it asks of "devportal.kuadrant.io/apikey""#,
        );
        check(
            &json!({ "matchLabels": { label::API_KEY: "not a label!" } }),
            r#"no label can have the value "not a label!" that it asks of "devportal.kuadrant.io/apikey""#,
        );
    }

    #[test]
    fn a_selector_of_one_key_finds_that_one() {
        check(
            &json!({ "matchLabels": { label::API_KEY: "mobile", label::API_KEY_NAMESPACE: "app" } }),
            "",
        );
    }

    #[test]
    fn what_contradicts_itself_finds_nothing() {
        let words = r#"no enforcement secret can satisfy what it asks of "app""#;
        for requirement in [
            json!({ "key": "app", "operator": "In", "values": ["toys"] }),
            json!({ "key": "app", "operator": "Near" }),
        ] {
            let selector = json!({ "matchLabels": { "app": "games" }, "matchExpressions": [requirement] });
            check(&selector, words);
        }
    }
}
