//! By what right a value is accepted.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use keydesk_core::{NamespacedName, Uid};

/// By what right a value is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant<'a> {
    /// An `APIKey` of it is approved.
    Approved(Approved<'a>),
    /// The operator accepts Secrets that Keydesk does not manage, and this is one, with Kuadrant's annotations.
    Unmanaged,
}

/// An approved `APIKey`, with the terms in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approved<'a> {
    /// The key's namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its UID: what its calls are counted under.
    pub uid: &'a Uid,
    /// Who uses it.
    pub user_id: &'a str,
    /// What it opens.
    pub entitlement: &'a Arc<Entitlement>,
    /// When it ends, if ever. It may have ended already.
    pub ends_at: Option<Timestamp>,
}

/// What is granted. A million keys have a handful of these among them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entitlement {
    /// The product that opens.
    pub product: NamespacedName,
    /// The plan tier.
    pub tier: String,
    /// The scopes.
    pub scopes: BTreeSet<String>,
}

impl Approved<'_> {
    /// The key.
    #[must_use]
    pub fn key(&self) -> NamespacedName {
        NamespacedName::new(self.namespace, self.name)
    }
}
