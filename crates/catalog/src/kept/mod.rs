//! How keys, their requests and the approvals of those are kept: whole, or as records of what is judged by.

mod arena;
mod brief;
mod case;
mod code;
mod whole;
mod words;

use keydesk_api::meta::enforcement_stem;
use keydesk_api::{APIKey, APIKeyRequest};
use keydesk_core::NamespacedName;

pub(crate) use brief::Brief;
pub(crate) use whole::Whole;

use crate::catalog::ids;
use crate::{Approval, ApprovalRecord, Dossier, KeyEdges, KeyRecord, RequestRecord};

/// Keys, requests and approvals.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kept {
    Whole(Box<Whole>),
    Brief(Box<Brief>),
}

/// What an object said before a change, and what it says now.
pub(crate) struct Change<T> {
    pub(crate) old: Option<T>,
    pub(crate) new: Option<T>,
}

impl Default for Kept {
    fn default() -> Self {
        Self::Whole(Box::default())
    }
}

impl Kept {
    /// What a key refers to.
    pub(crate) fn put_key(&mut self, id: &NamespacedName, new: Option<APIKey>) -> Change<KeyEdges> {
        match self {
            Self::Whole(whole) => whole.put_key(id, new),
            Self::Brief(brief) => brief.put_key(id, new.as_ref().map(KeyRecord::of)),
        }
    }

    /// The key that a request says to stand for.
    pub(crate) fn put_request(
        &mut self,
        id: &NamespacedName,
        new: Option<APIKeyRequest>,
    ) -> Change<NamespacedName> {
        match self {
            Self::Whole(whole) => whole.put_request(id, new),
            Self::Brief(brief) => brief.put_request(id, new.as_ref().map(RequestRecord::of)),
        }
    }

    /// The request that an approval decides on.
    pub(crate) fn put_approval(
        &mut self,
        id: &NamespacedName,
        new: Option<Approval>,
    ) -> Change<NamespacedName> {
        match self {
            Self::Whole(whole) => whole.put_approval(id, new),
            Self::Brief(brief) => brief.put_approval(id, new.as_ref().map(ApprovalRecord::of)),
        }
    }

    /// The objects, where they are kept.
    pub(crate) fn whole(&self) -> Option<&Whole> {
        match self {
            Self::Whole(whole) => Some(whole),
            Self::Brief(_) => None,
        }
    }

    pub(crate) fn key_record(&self, id: &NamespacedName) -> Option<KeyRecord> {
        match self {
            Self::Whole(whole) => whole.keys.get(id).map(|key| KeyRecord::of(key)),
            Self::Brief(brief) => brief.dossier(id).map(|dossier| dossier.key),
        }
    }

    pub(crate) fn dossier(&self, id: &NamespacedName) -> Option<Dossier> {
        match self {
            Self::Whole(whole) => whole.dossier(id),
            Self::Brief(brief) => brief.dossier(id),
        }
    }

    pub(crate) fn keys_of_product(&self, product: &NamespacedName) -> Vec<NamespacedName> {
        match self {
            Self::Whole(whole) => whole.keys_by_product.to(product).cloned().collect(),
            Self::Brief(brief) => brief.keys_of_product(product),
        }
    }

    /// Who judges for itself does not look into consumers' Secrets.
    pub(crate) fn keys_with_secret(&self, secret: &NamespacedName) -> Vec<NamespacedName> {
        self.whole()
            .map(|whole| whole.keys_by_secret.to(secret).cloned().collect())
            .unwrap_or_default()
    }

    pub(crate) fn keys_deriving(&self, request: &NamespacedName) -> Vec<NamespacedName> {
        match self {
            Self::Whole(whole) => whole.keys_by_request.to(request).cloned().collect(),
            Self::Brief(brief) => brief.keys_deriving(request),
        }
    }

    /// The name may be any of an enforcement secret of the key.
    pub(crate) fn keys_enforced_by(&self, name: &str) -> Vec<NamespacedName> {
        match self {
            Self::Whole(whole) => {
                let keys = whole.keys_by_enforcement_stem.to(&*enforcement_stem(name));
                keys.cloned().collect()
            }
            Self::Brief(brief) => brief.keys_enforced_by(name),
        }
    }

    /// Whoever looks for all that say to stand for a key looks at them too.
    pub(crate) fn requests_for(&self, key: &NamespacedName) -> Vec<NamespacedName> {
        self.whole()
            .map(|whole| whole.requests_by_key.to(key).cloned().collect())
            .unwrap_or_default()
    }

    pub(crate) fn approvals_of(&self, request: &NamespacedName) -> Vec<NamespacedName> {
        match self {
            Self::Whole(whole) => whole.approvals_by_request.to(request).cloned().collect(),
            Self::Brief(brief) => brief.approvals_of(request),
        }
    }

    pub(crate) fn key_ids(&self, is_wanted: impl Fn(&NamespacedName) -> bool) -> Vec<NamespacedName> {
        match self {
            Self::Whole(whole) => ids(&whole.keys, is_wanted),
            Self::Brief(brief) => brief.key_ids(is_wanted),
        }
    }

    pub(crate) fn request_ids(&self, is_wanted: impl Fn(&NamespacedName) -> bool) -> Vec<NamespacedName> {
        match self {
            Self::Whole(whole) => ids(&whole.requests, is_wanted),
            Self::Brief(brief) => brief.request_ids(is_wanted),
        }
    }

    pub(crate) fn approval_ids(&self, is_wanted: impl Fn(&NamespacedName) -> bool) -> Vec<NamespacedName> {
        match self {
            Self::Whole(whole) => ids(&whole.approvals, is_wanted),
            Self::Brief(brief) => brief.approval_ids(is_wanted),
        }
    }
}
