//! What was found of the right by which a value is accepted, before a holder keeps it.

use std::sync::Arc;

use jiff::Timestamp;
use keydesk_catalog::KeyRecord;
use keydesk_core::Terms;

use super::intern::Shared;
use crate::snapshot::{Approved, Entitlement, Grant};

/// By what right a value is accepted.
pub(super) enum Granted {
    Approved(Box<ApprovedKey>),
    Unmanaged,
}

pub(super) struct ApprovedKey {
    key: KeyRecord,
    user_id: String,
    entitlement: Arc<Entitlement>,
    ends_at: Option<Timestamp>,
}

impl Granted {
    /// That of a key under these terms.
    pub(super) fn of(key: KeyRecord, terms: Terms, ends_at: Option<Timestamp>, shared: &mut Shared) -> Self {
        let Terms {
            product,
            scopes,
            tier,
            user_id,
            namespace: _,
            expires_at: _,
        } = terms;
        let entitlement = Entitlement {
            product,
            tier,
            scopes,
        };
        Self::Approved(Box::new(ApprovedKey {
            key,
            user_id,
            entitlement: shared.entitlement.share(entitlement),
            ends_at,
        }))
    }

    /// As a holder takes it.
    pub(super) fn grant(&self) -> Grant<'_> {
        let ApprovedKey {
            key,
            user_id,
            entitlement,
            ends_at,
        } = match self {
            Self::Approved(approved) => &**approved,
            Self::Unmanaged => return Grant::Unmanaged,
        };
        Grant::Approved(Approved {
            namespace: &key.id.namespace,
            name: &key.id.name,
            uid: &key.uid,
            user_id,
            entitlement,
            ends_at: *ends_at,
        })
    }
}
