//! What protects a rule of a route: who may call it, and how much.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::HeaderValue;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use keydesk_catalog::selector;
use keydesk_core::NamespacedName;

use super::{Holder, Plans};
use crate::credential::Location;

/// What a call must satisfy to pass.
#[derive(Debug)]
pub struct Protection {
    /// The route.
    pub route: NamespacedName,
    /// The ways to show a key, in the order in which they are tried.
    pub entries: Vec<Entry>,
    /// What a caller without a key is told of those ways: `WWW-Authenticate`.
    pub challenges: Vec<HeaderValue>,
    /// The plans that callers are counted by; without any there is no limit, for their owner set none.
    pub plans: Option<Arc<Plans>>,
    /// The products whose keys are good here.
    pub products: BTreeSet<NamespacedName>,
    /// The products that are offered here and whose keys are good nowhere, as they name an entry of the policy that takes
    /// no keys or is not there: that entry.
    pub misled: BTreeMap<NamespacedName, String>,
    /// What the owner demands and nobody here evaluates, in words. Where there is something, nobody passes.
    pub unsupported: BTreeSet<String>,
    /// Where policies are looked up that do not look in all namespaces.
    pub enforcement_namespace: Option<Arc<str>>,
}

/// One way to show a key.
#[derive(Debug)]
pub struct Entry {
    /// Its name in the policy.
    pub name: String,
    /// Where in a call the key is.
    pub location: Location,
    /// What the labels of its Secret must be.
    pub selector: LabelSelector,
    /// Whether Secrets in any namespace count.
    pub all_namespaces: bool,
}

impl Protection {
    /// The products that are offered here, whether or not their keys are good.
    pub fn offered(&self) -> impl Iterator<Item = &NamespacedName> {
        self.products.iter().chain(self.misled.keys())
    }

    /// Whether a holder's key is one of this route's, shown in the way of `entry`.
    #[must_use]
    pub fn admits(&self, entry: &Entry, holder: &Holder) -> bool {
        let in_reach =
            entry.all_namespaces || self.enforcement_namespace.as_deref() == Some(holder.namespace());
        let of_a_product = holder
            .product()
            .is_none_or(|product| self.products.contains(product));
        in_reach && of_a_product && selector::matches(&entry.selector, |name| holder.label(name))
    }
}
