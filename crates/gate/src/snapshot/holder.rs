//! Who holds a value: a Secret with it, and by what right the value is accepted. As small as can be, for there may be a
//! million.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use keydesk_api::meta::{annotation, enforcement_secret_name, is_previous_secret, label};
use keydesk_core::{Digest, NamespacedName, Uid};
use keydesk_feed::KeySecret;
use keydesk_quota::{Scope, Subject};

use super::packed::Packed;
use super::{Approved, Entitlement, Found, Grant};

/// A Secret that carries a value, and by what right the value is accepted, if by any.
///
/// What every decision reads comes first, in the order of this text, so that it is close together.
#[repr(C)]
pub struct Holder {
    digest: Digest,
    /// What is granted, of an approved key.
    entitlement: Option<Arc<Entitlement>>,
    /// The plan that was found the last time.
    pub(super) plan: ArcSwapOption<Found>,
    /// The UID of the approved key, or else of the Secret.
    id: Uid,
    /// In microseconds, as no time of Kubernetes is finer; [`NEVER`] without end.
    ends_at: i64,
    common: Arc<Common>,
    right: Right,
    /// Whether it has the label that names the key, which no other Secret has.
    has_key: bool,
    /// In whole seconds, as Kubernetes has it; [`UNKNOWN`] where it does not say.
    created_at: u32,
    texts: Packed<5>,
    /// The label that names the key's namespace, which some others have too.
    key_namespace: Option<Arc<String>>,
    /// Those that speak for it: of one that Keydesk manages the end of a value that is being rotated out, for the rest is
    /// in the approved terms; of another one Kuadrant's.
    #[expect(
        clippy::box_collection,
        reason = "almost nobody has them, and there may be a million"
    )]
    annotations: Option<Box<BTreeMap<String, String>>>,
    uid: Uid,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Right {
    /// Nobody approved it.
    None,
    Approved,
    Unmanaged,
}

/// What a Secret has in common with many: a million keys have a handful of sets of labels, but for two labels.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Common {
    namespace: String,
    labels: BTreeMap<String, String>,
}

/// No moment that there is.
const NEVER: i64 = i64::MAX;
const UNKNOWN: u32 = 0;

/// Places in the texts. Empty is the name of a Secret that is derived from the labels, and what of an approved key the
/// labels say.
const SECRET: usize = 0;
const KEY_LABEL: usize = 1;
const KEY: usize = 2;
const NAMESPACE: usize = 3;
const USER_ID: usize = 4;

impl Holder {
    /// Takes a Secret in, by no right yet, unless it carries nothing. The functions give an equal value that is there
    /// already, or keep this one.
    pub(crate) fn new(
        secret: KeySecret,
        share: impl FnOnce(Common) -> Arc<Common>,
        share_text: impl FnOnce(String) -> Arc<String>,
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
        let is_derived = key
            .as_ref()
            .zip(key_namespace.as_ref())
            .is_some_and(|(key, namespace)| enforcement_secret_name(namespace, key) == id.name);
        let name = if is_derived { "" } else { id.name.as_str() };
        let uid = Uid::new(&uid);
        Some(Self {
            digest: digest?,
            entitlement: None,
            plan: ArcSwapOption::empty(),
            id: uid.clone(),
            ends_at: NEVER,
            right: Right::None,
            has_key: key.is_some(),
            texts: Packed::new([name, key.as_deref().unwrap_or_default(), "", "", ""]),
            common: share(Common {
                namespace: id.namespace,
                labels,
            }),
            key_namespace: key_namespace.map(share_text),
            annotations: (!is_ours || !annotations.is_empty()).then(|| Box::new(annotations)),
            created_at: created_at
                .and_then(|time| u32::try_from(time.as_second()).ok())
                .unwrap_or(UNKNOWN),
            uid,
        })
    }

    /// The same Secret by this right. Nobody has asked for its plan yet.
    pub(crate) fn with(&self, grant: Option<Grant<'_>>) -> Self {
        let (secret, key_label) = (self.texts.get(SECRET), self.texts.get(KEY_LABEL));
        let bare = Self {
            digest: self.digest,
            entitlement: None,
            plan: ArcSwapOption::empty(),
            id: self.uid.clone(),
            ends_at: NEVER,
            common: Arc::clone(&self.common),
            right: Right::None,
            has_key: self.has_key,
            texts: Packed::new([secret, key_label, "", "", ""]),
            key_namespace: self.key_namespace.clone(),
            annotations: self.annotations.clone(),
            created_at: self.created_at,
            uid: self.uid.clone(),
        };
        match grant {
            None => bare,
            Some(Grant::Unmanaged) => Self {
                right: Right::Unmanaged,
                ..bare
            },
            Some(Grant::Approved(approved)) => {
                let Approved {
                    namespace,
                    name,
                    uid,
                    user_id,
                    entitlement,
                    ends_at,
                } = approved;
                let unsaid = |text, label| if self.label(label) == Some(text) { "" } else { text };
                let name = unsaid(name, label::API_KEY);
                let namespace = unsaid(namespace, label::API_KEY_NAMESPACE);
                Self {
                    right: Right::Approved,
                    entitlement: Some(Arc::clone(entitlement)),
                    id: uid.clone(),
                    ends_at: ends_at.map_or(NEVER, Timestamp::as_microsecond),
                    texts: Packed::new([secret, key_label, name, namespace, user_id]),
                    ..bare
                }
            }
        }
    }

    /// Whether another is of the same Secret, and nothing of that has changed.
    pub(crate) fn is_same_secret(&self, other: &Self) -> bool {
        let same_text = |place| self.texts.get(place) == other.texts.get(place);
        self.digest == other.digest
            && self.common == other.common
            && self.has_key == other.has_key
            && same_text(SECRET)
            && same_text(KEY_LABEL)
            && self.key_namespace == other.key_namespace
            && self.annotations == other.annotations
            && self.created_at == other.created_at
            && self.uid == other.uid
    }

    /// Until when the value is accepted, if it is one that is being rotated out; what cannot be read has passed.
    pub(crate) fn accepted_until(&self) -> Option<Timestamp> {
        match self.annotation(annotation::PREVIOUS_UNTIL) {
            Some(until) => Some(until.parse().unwrap_or(Timestamp::MIN)),
            // A name that is derived from the labels is that of a first one.
            None if self.texts.get(SECRET).is_empty() => None,
            None => is_previous_secret(&self.name()).then_some(Timestamp::MIN),
        }
    }

    /// The digest of the value.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// By what right the value is accepted. Without any the Secret is in no snapshot.
    #[must_use]
    pub fn grant(&self) -> Option<Grant<'_>> {
        match self.right {
            Right::None => None,
            Right::Approved => self.approved().map(Grant::Approved),
            Right::Unmanaged => Some(Grant::Unmanaged),
        }
    }

    /// The `APIKey` behind it, unless nobody manages it.
    #[must_use]
    pub fn approved(&self) -> Option<Approved<'_>> {
        let entitlement = self.entitlement.as_ref()?;
        let said = |place, label| match self.texts.get(place) {
            "" => self.label(label).unwrap_or_default(),
            text => text,
        };
        Some(Approved {
            namespace: said(NAMESPACE, label::API_KEY_NAMESPACE),
            name: said(KEY, label::API_KEY),
            uid: &self.id,
            user_id: self.texts.get(USER_ID),
            entitlement,
            ends_at: Timestamp::from_microsecond(self.ends_at).ok(),
        })
    }

    /// The product that it opens, unless nobody manages it.
    #[must_use]
    pub fn product(&self) -> Option<&NamespacedName> {
        self.entitlement.as_ref().map(|entitlement| &entitlement.product)
    }

    /// What callers and APIs may know it by.
    #[must_use]
    pub fn key_id(&self) -> &Uid {
        &self.id
    }

    /// When it ends, if ever.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        if self.right != Right::Unmanaged {
            return Timestamp::from_microsecond(self.ends_at).ok();
        }
        // Nobody else sees to it: Authorino does not read it either (`spec/gate.md` §0).
        self.annotation(annotation::EXPIRES_AT).map(|text| {
            // A time that cannot be read has passed.
            text.parse().unwrap_or(Timestamp::MIN)
        })
    }

    /// Who uses it, as an API may want to tell its callers apart.
    #[must_use]
    pub fn consumer(&self) -> (&str, Cow<'_, str>) {
        if let Some(approved) = self.approved() {
            return (approved.namespace, approved.user_id.into());
        }
        let user_id = self.annotation(annotation::USER_ID).map(Cow::Borrowed);
        (self.namespace(), user_id.unwrap_or_else(|| self.name()))
    }

    /// Under what name its calls are counted.
    #[must_use]
    pub fn subject(&self, scope: Scope, route: &NamespacedName, tier: &str) -> Subject {
        match scope {
            Scope::Key => Subject::key(&self.id),
            Scope::Consumer => {
                let (namespace, user_id) = self.consumer();
                Subject::consumer(self.product().unwrap_or(route), namespace, &user_id)
            }
            Scope::Tier => Subject::tier(route, tier),
        }
    }

    /// The namespace of the Secret.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.common.namespace
    }

    /// The name of the Secret.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        match (self.texts.get(SECRET), &self.key_namespace) {
            ("", Some(namespace)) => enforcement_secret_name(namespace, self.texts.get(KEY_LABEL)).into(),
            (name, _) => name.into(),
        }
    }

    /// Namespace and name of the Secret.
    #[must_use]
    pub fn secret(&self) -> NamespacedName {
        NamespacedName::new(self.namespace(), self.name())
    }

    /// The UID of the Secret.
    #[must_use]
    pub fn uid(&self) -> &Uid {
        &self.uid
    }

    /// When the Secret was created.
    #[must_use]
    pub fn created_at(&self) -> Option<Timestamp> {
        let known = Some(self.created_at).filter(|second| *second != UNKNOWN)?;
        Timestamp::from_second(known.into()).ok()
    }

    /// Whether the Secret says to be one of those that Keydesk manages.
    pub(crate) fn is_ours(&self) -> bool {
        is_ours(&self.common.labels)
    }

    /// The value of a label of the Secret.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        match name {
            label::API_KEY => self.has_key.then(|| self.texts.get(KEY_LABEL)),
            label::API_KEY_NAMESPACE => self.key_namespace.as_deref().map(String::as_str),
            _ => self.common.labels.get(name).map(String::as_str),
        }
    }

    /// All labels of the Secret.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let shared = self
            .common
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let own = [label::API_KEY, label::API_KEY_NAMESPACE].into_iter();
        shared.chain(own.filter_map(|name| Some((name, self.label(name)?))))
    }

    /// The annotations of the Secret that speak for it; none, as a rule, if Keydesk manages it.
    #[must_use]
    pub fn annotations(&self) -> Option<&BTreeMap<String, String>> {
        self.annotations.as_deref()
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations()?.get(name).map(String::as_str)
    }
}

fn is_ours(labels: &BTreeMap<String, String>) -> bool {
    labels.get(label::ENFORCEMENT).map(String::as_str) == Some(label::ENFORCEMENT_VALUE)
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holder({}/{})", self.namespace(), self.name())
    }
}

#[cfg(test)]
mod tests;
