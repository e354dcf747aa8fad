//! The enforcement secrets of a key in force: the copies of its values that gateways read, fed from the approved terms.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keydesk_api::Method;
use keydesk_api::condition::KeyReason;
use keydesk_api::meta::{
    API_KEY_ENTRY, PREVIOUS_API_KEY_ENTRY, annotation, label_value, previous_secret_name,
};
use keydesk_api::rfc3339;
use keydesk_catalog::{EnforcementLabels, Mismatch};
use keydesk_core::{Fingerprint, NamespacedName, Ruling, SecretFacts, Terms};

use super::rotation::Rotation;
use super::seen::Live;

/// An enforcement secret that should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Desired {
    /// Its name, if it is the first of its kind.
    pub(crate) first: NamespacedName,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    /// Stands for the value that it should hold.
    pub(crate) value: Fingerprint,
    /// The consumer's Secret that has the value.
    pub(crate) source: NamespacedName,
    /// Under what name the consumer's Secret has it.
    pub(crate) entry: &'static str,
    /// Why the gateway's selector does not find it, if it does not.
    pub(crate) mismatch: Option<Mismatch>,
}

/// The enforcement secrets for terms that are in force: of the value that is being rotated out, if there is one, and of
/// the one in use.
pub(super) fn desired(live: &Live, terms: &Terms, now: Timestamp) -> Vec<Desired> {
    let Some(current) = current(live, terms) else {
        return Vec::new();
    };
    let previous = match live.rotation {
        Rotation::Until { value, end } if now < end => Some(previous(&current, terms, value, end)),
        Rotation::Until { .. } | Rotation::Settled | Rotation::Refused(_) => None,
    };
    previous.into_iter().chain([current]).collect()
}

fn current(live: &Live, terms: &Terms) -> Option<Desired> {
    let namespace = live.enforcement_namespace.as_deref()?;
    let source = live.edges.secret.clone()?;
    let value = live.value?;
    let selector = match live.authentication()?.method {
        Method::ApiKey(authentication) => authentication.selector,
        Method::Jwt { .. } | Method::Other => return None,
    };
    let key_name = live.key.metadata.name.as_deref().unwrap_or_default();
    let key = NamespacedName::new(terms.namespace.as_str(), key_name);
    let EnforcementLabels { labels, mismatch } = EnforcementLabels::of(&selector, &terms.product, &key);
    Some(Desired {
        first: NamespacedName::new(namespace, live.edges.enforcement_secret.as_str()),
        labels,
        annotations: annotations(live, terms),
        value,
        source,
        entry: API_KEY_ENTRY,
        mismatch,
    })
}

/// As the one in use, but for the value and its end.
fn previous(current: &Desired, terms: &Terms, value: Fingerprint, end: Timestamp) -> Desired {
    let mut annotations = current.annotations.clone();
    let ends_first = terms.expires_at.map_or(end, |expiry| expiry.min(end));
    annotations.insert(annotation::EXPIRES_AT.to_owned(), rfc3339(ends_first));
    annotations.insert(annotation::PREVIOUS_UNTIL.to_owned(), rfc3339(end));
    Desired {
        first: NamespacedName::new(
            current.first.namespace.as_str(),
            previous_secret_name(&current.first.name),
        ),
        annotations,
        value,
        entry: PREVIOUS_API_KEY_ENTRY,
        ..current.clone()
    }
}

fn annotations(live: &Live, terms: &Terms) -> BTreeMap<String, String> {
    let key_name = live.key.metadata.name.as_deref().unwrap_or_default();
    let in_full = |name: &str| (label_value(name) != name).then(|| name.to_owned());
    let annotations = [
        (annotation::PLAN_ID, Some(terms.tier.clone())),
        (annotation::USER_ID, Some(terms.user_id.clone())),
        (annotation::EXPIRES_AT, terms.expires_at.map(rfc3339)),
        (annotation::API_KEY, in_full(key_name)),
        (annotation::API_PRODUCT, in_full(&terms.product.name)),
    ];
    annotations
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// Why a key that is approved does not reach the gateways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// The key names no Secret, so there is no value.
    SecretUnnamed,
    /// Somebody else's Secret has the name.
    NameTaken(NamespacedName),
    /// The gateway's selector cannot find it, and this is why.
    NotSelected(Mismatch),
    /// The API server refused it, for this reason.
    Rejected(String),
}

impl Hindrance {
    /// `desired` is the secret of the value in use; `is_settled`, whether nothing is left to write.
    pub(super) fn of(
        live: &Live,
        ruling: &Ruling<'_>,
        desired: Option<&Desired>,
        is_settled: bool,
    ) -> Option<Self> {
        ruling.in_force()?;
        if live.secret == SecretFacts::Unnamed {
            return Some(Self::SecretUnnamed);
        }
        let desired = desired?;
        if live.name_taken {
            return Some(Self::NameTaken(desired.first.clone()));
        }
        if let Some(mismatch) = &desired.mismatch {
            return Some(Self::NotSelected(mismatch.clone()));
        }
        let rejection = live.rejection.clone().filter(|_| !is_settled);
        rejection.map(Self::Rejected)
    }

    /// Whether it makes no sense to try.
    pub(super) fn blocks(&self) -> bool {
        match self {
            Self::SecretUnnamed | Self::NameTaken(_) => true,
            Self::NotSelected(_) | Self::Rejected(_) => false,
        }
    }

    pub(super) fn reason(&self) -> KeyReason {
        match self {
            Self::SecretUnnamed => KeyReason::SecretNotNamed,
            Self::NameTaken(_) => KeyReason::EnforcementSecretConflict,
            Self::NotSelected(_) => KeyReason::SelectorNotMatched,
            Self::Rejected(_) => KeyReason::EnforcementSecretRejected,
        }
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::SecretUnnamed => "The key names no Secret: set spec.secretRef.name".to_owned(),
            Self::NameTaken(id) => {
                format!("Secret {id} exists and is no enforcement secret: remove or rename it")
            }
            Self::NotSelected(mismatch) => {
                format!(
                    "The selector of the AuthPolicy cannot match the labels of the enforcement secret: {mismatch}"
                )
            }
            Self::Rejected(reason) => format!("The API server refused the enforcement secret: {reason}"),
        }
    }
}
