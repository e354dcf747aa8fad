//! How many keys a product in automatic mode approves by itself.

use keydesk_api::APIProduct;
use keydesk_api::meta::annotation;
use kube::ResourceExt as _;

/// How many keys of one namespace an owner lets the system approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// So many.
    Keys(usize),
    /// The owner wanted a cap, and nobody can say which: no key is approved automatically.
    Unreadable,
}

impl Cap {
    /// The cap of a product that has one.
    #[must_use]
    pub fn of(product: &APIProduct) -> Option<Self> {
        let text = product.annotations().get(annotation::MAX_KEYS_PER_NAMESPACE)?;
        Some(text.trim().parse().map_or(Self::Unreadable, Self::Keys))
    }

    /// The number.
    #[must_use]
    pub fn keys(self) -> Option<usize> {
        match self {
            Self::Keys(keys) => Some(keys),
            Self::Unreadable => None,
        }
    }
}
