//! Who decides on requests for a product.

use keydesk_api::APIProduct;
use keydesk_api::meta::annotation;
use keydesk_api::v1alpha1::ApprovalMode;
use kube::ResourceExt as _;

use crate::Cap;

/// Who decides, as the controller reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The owner.
    Manual,
    /// The product by itself, for so many keys of each namespace, if there is a cap.
    Automatic(Option<usize>),
    /// The product by itself, but for a cap that is no number: what is new it leaves to the owner.
    Garbled(String),
}

impl Mode {
    pub(super) fn of(product: &APIProduct) -> Self {
        if product.spec.approval_mode == ApprovalMode::Manual {
            return Self::Manual;
        }
        match Cap::of(product) {
            None => Self::Automatic(None),
            Some(Cap::Keys(most)) => Self::Automatic(Some(most)),
            Some(Cap::Unreadable) => {
                let text = product.annotations().get(annotation::MAX_KEYS_PER_NAMESPACE);
                Self::Garbled(text.cloned().unwrap_or_default())
            }
        }
    }
}

/// What the owner does about a cap that is no number.
pub(super) fn mend_cap() -> String {
    format!(
        "put a whole number into annotation {} of the product, or take it off",
        annotation::MAX_KEYS_PER_NAMESPACE
    )
}
