//! What a reconcile of one key takes in: everything that its plan depends on but the time.

use std::sync::Arc;

use keydesk_api::v1alpha1::ApprovalMode;
use keydesk_api::{APIKey, APIKeyRequest, APIProduct, Authentication};
use keydesk_catalog::{Approval, Cap, KeyEdges, SecretMeta, key_authentication, product_facts};
use keydesk_core::{Fingerprint, NamespacedName, ProductFacts, SecretFacts, Terms};

use super::rotation::Rotation;

/// A key and what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Which key.
    pub(crate) id: NamespacedName,
    /// The key, unless it is gone or on its way out.
    pub(crate) live: Option<Live>,
    /// Every request that says to stand for the key.
    pub(crate) requests: Vec<Arc<APIKeyRequest>>,
    /// Its enforcement secrets, in whatever namespace.
    pub(crate) copies: Vec<EnforcementCopy>,
    /// Those that were deleted to be made anew, which has not been done yet.
    pub(crate) retired: Vec<Arc<SecretMeta>>,
    /// Whether, as far as is known, those can be changed.
    pub(crate) may_update: bool,
}

/// A key that is there to stay.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) key: Arc<APIKey>,
    pub(crate) edges: KeyEdges,
    pub(crate) product: Option<Arc<APIProduct>>,
    /// The first host of the product's route.
    pub(crate) hostname: Option<String>,
    pub(crate) secret: SecretFacts,
    /// Stands for the value in the consumer's Secret, if there is one.
    pub(crate) value: Option<Fingerprint>,
    /// What becomes of the value that is being rotated out.
    pub(crate) rotation: Rotation,
    /// The request that is derived from the key.
    pub(crate) request: Option<Arc<APIKeyRequest>>,
    /// Where there is none: what the one showed that had its name before, as far as is remembered.
    pub(crate) shown_before: Option<Terms>,
    /// The approvals of that request that are not being deleted.
    pub(crate) approvals: Vec<Arc<Approval>>,
    /// An approval of another request, or one that goes, has the name of the automatic one.
    pub(crate) auto_name_taken: bool,
    /// Where enforcement secrets go.
    pub(crate) enforcement_namespace: Option<String>,
    /// A Secret that is none of ours has the name of the enforcement secret, and there is no other.
    pub(crate) name_taken: bool,
    /// Why the API server refused the enforcement secret the last time.
    pub(crate) rejection: Option<String>,
    /// The cap of its automatic product that leaves no place for it.
    pub(crate) crowded_out: Option<Cap>,
}

/// An enforcement secret: the copy of a value that gateways read.
#[derive(Clone, Debug)]
pub(crate) struct EnforcementCopy {
    pub(crate) meta: Arc<SecretMeta>,
    /// Stands for the value in it, if that is all that is in it.
    pub(crate) value: Option<Fingerprint>,
}

impl Live {
    /// What `keydesk-core` wants to know of the product.
    pub(super) fn product_facts(&self) -> ProductFacts {
        product_facts(self.enforcement_namespace.is_some(), self.product.as_deref())
    }

    /// The entry of the product's scheme by which its keys are recognised.
    pub(super) fn authentication(&self) -> Option<Authentication> {
        self.product.as_deref().and_then(key_authentication)
    }

    /// Whether the product approves by itself.
    pub(super) fn is_automatic(&self) -> bool {
        self.product.as_ref().is_some_and(|product| {
            product.metadata.deletion_timestamp.is_none()
                && product.spec.approval_mode == ApprovalMode::Automatic
        })
    }
}
