//! What is known of the values in Secrets: whether there is one, and a fingerprint to compare it. Never the value.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use keydesk_api::meta::{API_KEY_ENTRY, PREVIOUS_API_KEY_ENTRY, annotation};
use keydesk_catalog::SecretMeta;
use keydesk_core::{Fingerprint, FingerprintKey, Flaws, NamespacedName};
use kube::ResourceExt as _;
use parking_lot::Mutex;

use crate::opened::Opened;
use crate::write::{self, Cluster, WriteError};

/// What a Secret holds under `api_key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The Secret is gone.
    Missing,
    /// No such entry.
    WithoutEntry,
    /// An entry of no bytes.
    Empty,
    /// A value.
    Value(Held),
}

/// The values in a Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    value: Fingerprint,
    /// The value that is being rotated out, if it is another one.
    previous: Option<Previous>,
    /// Whether the value is all that is there.
    is_alone: bool,
}

/// A value that is being rotated out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) value: Fingerprint,
    /// As it was written beside that very value: two reconciles might see the one without the other.
    pub(crate) until: Until,
}

/// Until when a value is to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Nothing says so.
    Unsaid,
    /// What says so is no time.
    Unreadable,
    /// Until then; in whole seconds, as in everything that is written of it.
    Moment(Timestamp),
}

impl Until {
    fn read(annotation: Option<&str>) -> Self {
        let Some(text) = annotation else {
            return Self::Unsaid;
        };
        let moment = text.parse().ok().map(|moment: Timestamp| moment.as_second());
        moment
            .and_then(|second| Timestamp::from_second(second).ok())
            .map_or(Self::Unreadable, Self::Moment)
    }
}

impl Content {
    /// The value, whatever else is there.
    pub(crate) fn value(self) -> Option<Fingerprint> {
        self.held().map(|held| held.value)
    }

    /// The value, if it is all that is there.
    pub(crate) fn sole_value(self) -> Option<Fingerprint> {
        self.held().filter(|held| held.is_alone).map(|held| held.value)
    }

    /// The value that is being rotated out, unless it is the same.
    pub(crate) fn previous(self) -> Option<Previous> {
        self.held()?.previous
    }

    fn held(self) -> Option<Held> {
        match self {
            Self::Value(held) => Some(held),
            Self::Missing | Self::WithoutEntry | Self::Empty => None,
        }
    }
}

/// Remembers, for each version of a Secret that was read, what it holds.
#[derive(Debug)]
pub(crate) struct Values {
    key: FingerprintKey,
    known: Mutex<HashMap<NamespacedName, Known>>,
    /// Of so many some may be of Secrets that no key refers to any more.
    sweep_at: AtomicUsize,
}

/// Fewer are not worth a sweep.
const SWEEP_FROM: usize = 1024;

#[derive(Debug)]
struct Known {
    uid: String,
    resource_version: String,
    content: Content,
    flaws: Flaws,
}

impl Values {
    pub(crate) fn new(key: FingerprintKey) -> Self {
        Self {
            key,
            known: Mutex::default(),
            sweep_at: AtomicUsize::new(SWEEP_FROM),
        }
    }

    /// Forgets, from time to time, what is of no use any more.
    pub(crate) fn sweep(&self, is_of_use: impl Fn(&NamespacedName) -> bool) {
        let mut known = self.known.lock();
        if known.len() >= self.sweep_at.load(Ordering::Relaxed) {
            known.retain(|id, _| is_of_use(id));
            let next = (known.len() * 2).max(SWEEP_FROM);
            self.sweep_at.store(next, Ordering::Relaxed);
        }
    }

    /// What this version of the Secret holds, if it was read before.
    pub(crate) fn known(&self, secret: &SecretMeta) -> Option<Content> {
        let known = self.known.lock();
        let known = known.get(&secret.id)?;
        (known.uid == secret.uid && known.resource_version == secret.resource_version)
            .then_some(known.content)
    }

    /// What the Secret holds; reads it only if this version of it was never read.
    pub(crate) async fn content(
        &self,
        cluster: &Cluster,
        secret: &SecretMeta,
    ) -> Result<Content, WriteError> {
        if let Some(known) = self.known(secret) {
            return Ok(known);
        }
        match Opened::read(cluster, &secret.id).await? {
            Some(opened) => Ok(self.learn(&opened)),
            None => Ok(Content::Missing),
        }
    }

    /// Takes in a Secret that was read or written.
    pub(crate) fn learn(&self, opened: &Opened) -> Content {
        let content = self.read(opened);
        let flaws = opened.entry(API_KEY_ENTRY).map(Flaws::of).unwrap_or_default();
        let secret = opened.secret();
        self.known.lock().insert(
            write::id(secret),
            Known {
                uid: secret.uid().unwrap_or_default(),
                resource_version: secret.resource_version().unwrap_or_default(),
                content,
                flaws,
            },
        );
        content
    }

    fn read(&self, opened: &Opened) -> Content {
        let Some(value) = opened.entry(API_KEY_ENTRY) else {
            return Content::WithoutEntry;
        };
        if value.is_empty() {
            return Content::Empty;
        }
        let until = opened.secret().annotations().get(annotation::PREVIOUS_UNTIL);
        let previous = opened.entry(PREVIOUS_API_KEY_ENTRY);
        Content::Value(Held {
            value: self.key.fingerprint(value),
            previous: previous
                .filter(|previous| !previous.is_empty() && *previous != value)
                .map(|previous| Previous {
                    value: self.key.fingerprint(previous),
                    until: Until::read(until.map(String::as_str)),
                }),
            is_alone: opened.len() == 1,
        })
    }

    /// Forgets a Secret that is gone.
    pub(crate) fn forget(&self, id: &NamespacedName) {
        self.known.lock().remove(id);
    }

    /// What is unwise about the value in a Secret, as it was last read.
    pub(crate) fn flaws(&self, id: &NamespacedName) -> Flaws {
        self.known
            .lock()
            .get(id)
            .map(|known| known.flaws)
            .unwrap_or_default()
    }

    pub(crate) fn fingerprint(&self, value: &[u8]) -> Fingerprint {
        self.key.fingerprint(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn content(data: &Value) -> Content {
        let secret = json!({ "metadata": { "namespace": "a", "name": "s" }, "data": data });
        Values::new(FingerprintKey::new([1; 32])).learn(&Opened::new(serde_json::from_value(secret).unwrap()))
    }

    #[test]
    fn what_is_of_no_use_is_forgotten_from_time_to_time() {
        let values = Values::new(FingerprintKey::new([1; 32]));
        for number in 0..SWEEP_FROM {
            let secret = json!({ "metadata": { "namespace": "a", "name": format!("s{number}") } });
            values.sweep(|_| unreachable!("there are only {number}"));
            values.learn(&Opened::new(serde_json::from_value(secret).unwrap()));
        }
        values.sweep(|id| id.name == "s7");
        assert_eq!(values.known.lock().len(), 1);
    }

    #[test]
    fn an_end_is_a_time() {
        let until = |text| Until::read(Some(text));
        for (text, moment) in [
            ("2026-06-01T12:00:01Z", "2026-06-01T12:00:01Z"),
            ("2026-06-01T15:00:00.7+02:00", "2026-06-01T13:00:00Z"),
        ] {
            assert_eq!(until(text), Until::Moment(moment.parse().unwrap()));
        }
        for odd in ["", "tomorrow", "2026-06-02", "1780300000", "2026-06-02T12:00:00"] {
            assert_eq!(until(odd), Until::Unreadable, "{odd}");
        }
        assert_eq!(Until::read(None), Until::Unsaid);
    }

    #[test]
    fn a_previous_value_is_another_one() {
        let [new, old] = [b"new", b"old"].map(|value| FingerprintKey::new([1; 32]).fingerprint(value));
        let both = content(&json!({ "api_key": "bmV3", "api_key.previous": "b2xk" }));
        assert_eq!(
            (both.value(), both.previous(), both.sole_value()),
            (
                Some(new),
                Some(Previous {
                    value: old,
                    until: Until::Unsaid
                }),
                None
            )
        );
        for previous in [json!("bmV3"), json!("")] {
            let same = content(&json!({ "api_key": "bmV3", "api_key.previous": previous }));
            assert_eq!((same.value(), same.previous()), (Some(new), None));
        }
        assert_eq!(content(&json!({ "api_key": "bmV3" })).sole_value(), Some(new));
        assert_eq!(
            content(&json!({ "api_key.previous": "b2xk" })),
            Content::WithoutEntry
        );
        assert_eq!(content(&json!({ "api_key": "" })), Content::Empty);
    }
}
