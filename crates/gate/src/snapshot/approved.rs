//! An approved `APIKey`, with the terms in force, as small as can be.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use keydesk_core::NamespacedName;

use super::packed::Packed;

/// An approved `APIKey`, with the terms in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The key's namespace.
    namespace: Arc<str>,
    texts: Packed<3>,
    /// What it opens.
    pub entitlement: Arc<Entitlement>,
    /// In microseconds: no time of Kubernetes is finer.
    ends_at: Option<i64>,
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

/// Places in the texts.
const NAME: usize = 0;
const UID: usize = 1;
const USER_ID: usize = 2;

impl Approved {
    /// A key of this namespace, with its name, its UID and its user.
    #[must_use]
    pub fn new(
        namespace: Arc<str>,
        texts: [&str; 3],
        entitlement: Arc<Entitlement>,
        ends_at: Option<Timestamp>,
    ) -> Self {
        Self {
            namespace,
            texts: Packed::new(texts),
            entitlement,
            ends_at: ends_at.map(Timestamp::as_microsecond),
        }
    }

    /// The same with an end, if that comes first.
    #[must_use]
    pub fn until(self, end: Option<Timestamp>) -> Self {
        let end = end.map(Timestamp::as_microsecond);
        Self {
            ends_at: [self.ends_at, end].into_iter().flatten().min(),
            ..self
        }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> NamespacedName {
        NamespacedName::new(&*self.namespace, self.texts.get(NAME))
    }

    /// The key's namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its UID: what its calls are counted under.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.texts.get(UID)
    }

    /// Who uses it.
    #[must_use]
    pub fn user_id(&self) -> &str {
        self.texts.get(USER_ID)
    }

    /// When it ends, if ever. It may have ended already.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.ends_at
            .and_then(|microsecond| Timestamp::from_microsecond(microsecond).ok())
    }

    /// The product that it opens.
    #[must_use]
    pub fn product(&self) -> &NamespacedName {
        &self.entitlement.product
    }
}
