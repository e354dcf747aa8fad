//! The labels of a Secret, kept small: a million keys have a handful of sets of labels among them, but for two labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use keydesk_api::meta::label;

/// The labels of one Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Those that many Secrets share.
    shared: Arc<BTreeMap<String, String>>,
    /// The label that names the key, which no other Secret has.
    key: Option<Box<str>>,
    /// The label that names the key's namespace, which few others have.
    key_namespace: Option<Arc<str>>,
}

impl Labels {
    /// Takes labels in; `share` and `share_text` give an equal value that is there already, or keep this one.
    pub(crate) fn new(
        mut labels: BTreeMap<String, String>,
        share: impl FnOnce(BTreeMap<String, String>) -> Arc<BTreeMap<String, String>>,
        share_text: impl FnOnce(String) -> Arc<str>,
    ) -> Self {
        let key = labels.remove(label::API_KEY).map(String::into_boxed_str);
        let key_namespace = labels.remove(label::API_KEY_NAMESPACE).map(share_text);
        Self {
            shared: share(labels),
            key,
            key_namespace,
        }
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match name {
            label::API_KEY => self.key.as_deref(),
            label::API_KEY_NAMESPACE => self.key_namespace.as_deref(),
            _ => self.shared.get(name).map(String::as_str),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let shared = self
            .shared
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let own = [
            (label::API_KEY, self.key.as_deref()),
            (label::API_KEY_NAMESPACE, self.key_namespace.as_deref()),
        ];
        shared.chain(own.into_iter().filter_map(|(name, value)| Some((name, value?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_read_as_they_came() {
        let all: BTreeMap<_, _> = [
            (label::API_KEY, "k"),
            (label::API_KEY_NAMESPACE, "consumer-app"),
            ("app", "gamestore"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let labels = Labels::new(all.clone(), Arc::new, Arc::from);
        for (name, value) in &all {
            assert_eq!(labels.get(name), Some(value.as_str()));
        }
        assert_eq!(labels.get("role"), None);
        let read: BTreeMap<_, _> = labels
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(read, all);
    }
}
