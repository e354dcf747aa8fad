//! The enforcement secret of a key in force: the copy of its value that gateways read, fed from the approved terms.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use keydesk_api::Method;
use keydesk_api::condition::KeyReason;
use keydesk_api::meta::{annotation, label, label_value};
use keydesk_catalog::{SecretMeta, selector};
use keydesk_core::{Fingerprint, NamespacedName, Ruling, SecretFacts, Terms};

use super::seen::{Copy, Live};
use keydesk_api::rfc3339;

/// The enforcement secret that should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Desired {
    pub(crate) id: NamespacedName,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    /// Stands for the value that it should hold.
    pub(crate) value: Fingerprint,
    /// The consumer's Secret that has the value.
    pub(crate) source: NamespacedName,
    /// Whether the gateway's selector finds it.
    pub(crate) is_selected: bool,
}

/// What to do about the enforcement secret.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Copying {
    /// It is as it should be, or should not be.
    #[default]
    Settled,
    /// Write it. What differs is deleted and made anew: the shipped role may not update Secrets, and Authorino keeps
    /// annotations of a Secret that changed in place under the same value.
    Write {
        /// What to write.
        desired: Box<Desired>,
        /// What is in its place.
        replaces: Option<Arc<SecretMeta>>,
    },
}

/// The enforcement secret for terms that are in force.
pub(super) fn desired(live: &Live, terms: &Terms) -> Option<Desired> {
    let namespace = live.enforcement_namespace.as_deref()?;
    let source = live.edges.secret.clone()?;
    let value = live.value?;
    let selector = match live.authentication()?.method {
        Method::ApiKey(authentication) => authentication.selector,
        Method::Jwt { .. } | Method::Other => return None,
    };
    let (labels, is_selected) = labels(live, terms, &selector);
    let id = NamespacedName::new(namespace, live.edges.enforcement_secret.as_str());
    Some(Desired {
        id,
        labels,
        annotations: annotations(live, terms),
        value,
        source,
        is_selected,
    })
}

fn labels(live: &Live, terms: &Terms, selector: &LabelSelector) -> (BTreeMap<String, String>, bool) {
    let key_name = live.key.metadata.name.as_deref().unwrap_or_default();
    let reserved = [
        (label::ENFORCEMENT, label::ENFORCEMENT_VALUE.to_owned()),
        (label::API_PRODUCT, label_value(&terms.product.name)),
        (label::API_PRODUCT_NAMESPACE, terms.product.namespace.clone()),
        (label::API_KEY, label_value(key_name)),
        (label::API_KEY_NAMESPACE, terms.namespace.clone()),
        (
            label::AUTHORINO_MANAGED_BY,
            label::AUTHORINO_MANAGED_BY_VALUE.to_owned(),
        ),
    ];
    let mut labels = selector::labels(selector);
    labels.extend(reserved.map(|(name, value)| (name.to_owned(), value)));
    let is_selected = selector::matches(selector, |name| labels.get(name).map(String::as_str));
    (labels, is_selected)
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

/// From what is there to what should be: copies to delete, and the one to write. Nothing is written over one that is
/// being deleted: its end is an event.
pub(super) fn converge(copies: &[Copy], desired: Option<&Desired>) -> (Vec<Arc<SecretMeta>>, Copying) {
    let in_place = |copy: &&Copy| desired.is_some_and(|desired| copy.meta.id == desired.id);
    let elsewhere = copies
        .iter()
        .filter(|copy| !in_place(copy) && !copy.meta.deleting);
    let revoke = elsewhere.map(|copy| copy.meta.clone()).collect();
    let copying = match (desired, copies.iter().find(in_place)) {
        (Some(desired), None) => Copying::Write {
            desired: Box::new(desired.clone()),
            replaces: None,
        },
        (Some(desired), Some(copy)) if !copy.meta.deleting && !is_faithful(copy, desired) => Copying::Write {
            desired: Box::new(desired.clone()),
            replaces: Some(copy.meta.clone()),
        },
        (Some(_) | None, _) => Copying::Settled,
    };
    (revoke, copying)
}

fn is_faithful(copy: &Copy, desired: &Desired) -> bool {
    copy.value == Some(desired.value)
        && copy.meta.labels == desired.labels
        && copy.meta.annotations == desired.annotations
}

/// Why a key that is approved does not reach the gateways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// The key names no Secret, so there is no value.
    SecretUnnamed,
    /// Somebody else's Secret has the name.
    NameTaken(NamespacedName),
    /// The labels that we must set contradict the gateway's selector, or the selector contradicts itself.
    NotSelected,
    /// The API server refused it, for this reason.
    Rejected(String),
}

impl Hindrance {
    pub(super) fn of(live: &Live, ruling: &Ruling<'_>, desired: Option<&Desired>) -> Option<Self> {
        ruling.in_force()?;
        if live.secret == SecretFacts::Unnamed {
            return Some(Self::SecretUnnamed);
        }
        let desired = desired?;
        if live.name_taken {
            return Some(Self::NameTaken(desired.id.clone()));
        }
        let rejected = live.rejection.clone().map(Self::Rejected);
        rejected.or_else(|| (!desired.is_selected).then_some(Self::NotSelected))
    }

    /// Whether it makes no sense to try.
    pub(super) fn blocks(&self) -> bool {
        match self {
            Self::SecretUnnamed | Self::NameTaken(_) => true,
            Self::NotSelected | Self::Rejected(_) => false,
        }
    }

    pub(super) fn reason(&self) -> KeyReason {
        match self {
            Self::SecretUnnamed => KeyReason::SecretNotNamed,
            Self::NameTaken(_) => KeyReason::EnforcementSecretConflict,
            Self::NotSelected => KeyReason::SelectorNotMatched,
            Self::Rejected(_) => KeyReason::EnforcementSecretRejected,
        }
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::SecretUnnamed => "The key names no Secret: set spec.secretRef.name".to_owned(),
            Self::NameTaken(id) => format!("Secret {id} exists and is no enforcement secret: remove or rename it"),
            Self::NotSelected => {
                "The selector of the AuthPolicy does not match the labels that an enforcement secret must have"
                    .to_owned()
            }
            Self::Rejected(reason) => format!("The API server refused the enforcement secret: {reason}"),
        }
    }
}
