//! A Secret that carries the value of a key: as much of it as is kept, as small as can be.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::meta::{annotation, is_previous_secret, label};
use keydesk_core::Digest;
use keydesk_feed::KeySecret;

use super::packed::Packed;

/// What is kept of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The digest of its value.
    pub digest: Digest,
    common: Arc<Common>,
    /// The label that names the key's namespace, which some others have too.
    key_namespace: Option<Arc<str>>,
    /// Its annotations, where they speak for it: for those that Keydesk manages the approved terms do, but for the end of a
    /// value that is being rotated out.
    #[expect(
        clippy::box_collection,
        reason = "almost nobody has them, and there may be a million"
    )]
    annotations: Option<Box<BTreeMap<String, String>>>,
    /// In whole seconds, as Kubernetes has it; [`UNKNOWN`] where it does not say.
    created_at: i64,
    /// Whether it has the label that names the key, which no other Secret has.
    has_key: bool,
    texts: Packed<3>,
}

/// What a Secret has in common with many: a million keys have a handful of sets of labels, but for two labels.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Common {
    namespace: String,
    labels: BTreeMap<String, String>,
}

/// No moment that there is.
const UNKNOWN: i64 = i64::MIN;

/// Places in the texts.
const NAME: usize = 0;
const UID: usize = 1;
const KEY: usize = 2;

impl Carrier {
    /// Takes a Secret in, unless it carries nothing; `share` and `share_text` give an equal value that is there already, or keep this one.
    pub(crate) fn new(
        secret: KeySecret,
        share: impl FnOnce(Common) -> Arc<Common>,
        share_text: impl FnOnce(String) -> Arc<str>,
    ) -> Option<Self> {
        let KeySecret {
            id,
            uid,
            created_at,
            mut labels,
            mut annotations,
            digest,
        } = secret;
        let is_ours = is_ours(&labels);
        if is_ours {
            annotations.retain(|name, _| name == annotation::PREVIOUS_UNTIL);
        }
        let key = labels.remove(label::API_KEY);
        let key_namespace = labels.remove(label::API_KEY_NAMESPACE);
        Some(Self {
            digest: digest?,
            common: share(Common {
                namespace: id.namespace,
                labels,
            }),
            key_namespace: key_namespace.map(share_text),
            annotations: (!is_ours || !annotations.is_empty()).then(|| Box::new(annotations)),
            created_at: created_at.map_or(UNKNOWN, Timestamp::as_second),
            has_key: key.is_some(),
            texts: Packed::new([&id.name, &uid, key.as_deref().unwrap_or_default()]),
        })
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.common.namespace
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.texts.get(NAME)
    }

    /// Its UID.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.texts.get(UID)
    }

    /// Whether another has the same namespace and name.
    pub(crate) fn is_named_as(&self, other: &Self) -> bool {
        self.namespace() == other.namespace() && self.name() == other.name()
    }

    /// Whether it says to be one of those that Keydesk manages.
    pub(crate) fn is_ours(&self) -> bool {
        is_ours(&self.common.labels)
    }

    /// When it was created.
    #[must_use]
    pub fn created_at(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.created_at).ok()
    }

    /// The value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        match name {
            label::API_KEY => self.has_key.then(|| self.texts.get(KEY)),
            label::API_KEY_NAMESPACE => self.key_namespace.as_deref(),
            _ => self.common.labels.get(name).map(String::as_str),
        }
    }

    /// All its labels.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let shared = self
            .common
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let own = [label::API_KEY, label::API_KEY_NAMESPACE].into_iter();
        shared.chain(own.filter_map(|name| Some((name, self.label(name)?))))
    }

    /// Until when its value is accepted, if it is one that is being rotated out; what cannot be read has passed.
    pub(crate) fn accepted_until(&self) -> Option<Timestamp> {
        match self
            .annotations()
            .and_then(|all| all.get(annotation::PREVIOUS_UNTIL))
        {
            Some(until) => Some(until.parse().unwrap_or(Timestamp::MIN)),
            None => is_previous_secret(self.name()).then_some(Timestamp::MIN),
        }
    }

    /// Kuadrant's annotations, unless Keydesk manages it.
    #[must_use]
    pub fn annotations(&self) -> Option<&BTreeMap<String, String>> {
        self.annotations.as_deref()
    }
}

fn is_ours(labels: &BTreeMap<String, String>) -> bool {
    labels.get(label::ENFORCEMENT).map(String::as_str) == Some(label::ENFORCEMENT_VALUE)
}

#[cfg(test)]
mod tests {
    use keydesk_core::NamespacedName;

    use super::*;

    const OURS: (&str, &str) = (label::ENFORCEMENT, label::ENFORCEMENT_VALUE);

    fn carrier(labels: &[(&str, &str)]) -> Carrier {
        named("devportal-k", labels, &[("a", "b")])
    }

    fn named(name: &str, labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> Carrier {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let secret = KeySecret {
            id: NamespacedName::new("kuadrant-system", name),
            uid: "7a6f".to_owned(),
            created_at: "2026-01-01T00:00:00Z".parse().ok(),
            labels: labels.iter().map(own).collect(),
            annotations: annotations.iter().map(own).collect(),
            digest: Some(Digest::of(b"hunter2")),
        };
        Carrier::new(secret, Arc::new, Arc::from).unwrap()
    }

    #[test]
    fn it_reads_as_it_came() {
        let labels = [
            ("app", "gamestore"),
            (label::API_KEY, "k"),
            (label::API_KEY_NAMESPACE, "consumer-app"),
        ];
        let carrier = carrier(&labels);
        for (name, value) in labels {
            assert_eq!(carrier.label(name), Some(value));
        }
        assert_eq!(carrier.label("role"), None);
        assert_eq!(carrier.labels().collect::<Vec<_>>(), labels);
        assert_eq!((carrier.name(), carrier.uid()), ("devportal-k", "7a6f"));
        let created_at = carrier.created_at().map(|time| time.to_string());
        assert_eq!(created_at.as_deref(), Some("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn annotations_are_kept_only_where_nobody_approved_anything() {
        assert!(carrier(&[("app", "gamestore")]).annotations().is_some());
        let ours = carrier(&[OURS]);
        assert_eq!((ours.annotations(), ours.label(label::API_KEY)), (None, None));
    }

    #[test]
    fn a_value_that_is_rotated_out_ends_when_its_secret_says_or_has_ended() {
        let until = |name: &str, until: Option<&str>| {
            let annotation = until.map(|until| (annotation::PREVIOUS_UNTIL, until));
            named(name, &[OURS], annotation.as_slice()).accepted_until()
        };
        let end = "2026-06-01T12:00:00Z";
        assert_eq!(until("devportal-k-8dee3e06", None), None);
        assert_eq!(
            until("devportal-k-8dee3e06.previous", Some(end)),
            end.parse().ok()
        );
        for odd in [None, Some("tomorrow")] {
            assert_eq!(until("devportal-k-8dee3e06.previous", odd), Some(Timestamp::MIN));
        }
    }
}
