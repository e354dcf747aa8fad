//! Keys, requests and approvals as they are: for who writes them, and for who explains.

use std::sync::Arc;

use keydesk_api::meta::enforcement_stem;
use keydesk_api::{APIKey, APIKeyRequest};
use keydesk_core::NamespacedName;

use super::Change;
use crate::catalog::{Shelf, swap};
use crate::edge::{KeyEdges, Reverse, key_of_request, request_of_approval};
use crate::{Approval, ApprovalRecord, Dossier, KeyRecord, RequestRecord};

/// The objects, and who refers to whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Whole {
    pub(crate) keys: Shelf<APIKey>,
    pub(crate) requests: Shelf<APIKeyRequest>,
    pub(crate) approvals: Shelf<Approval>,

    pub(super) keys_by_product: Reverse<NamespacedName, NamespacedName>,
    pub(super) keys_by_secret: Reverse<NamespacedName, NamespacedName>,
    pub(super) keys_by_request: Reverse<NamespacedName, NamespacedName>,
    /// By what the names of a key's enforcement secrets have in common.
    pub(super) keys_by_enforcement_stem: Reverse<String, NamespacedName>,
    pub(super) requests_by_key: Reverse<NamespacedName, NamespacedName>,
    pub(super) approvals_by_request: Reverse<NamespacedName, NamespacedName>,
}

impl Whole {
    pub(super) fn put_key(&mut self, id: &NamespacedName, new: Option<APIKey>) -> Change<KeyEdges> {
        let new = new.map(Arc::new);
        let old = swap(&mut self.keys, id, new.clone()).map(|old| KeyEdges::of(&old));
        let new = new.map(|new| KeyEdges::of(&new));
        if let Some(KeyEdges {
            product,
            secret,
            request,
            enforcement_secret,
        }) = &old
        {
            self.keys_by_product.unlink(product, id);
            self.keys_by_request.unlink(request, id);
            self.keys_by_enforcement_stem
                .unlink(&*enforcement_stem(enforcement_secret), id);
            if let Some(secret) = secret {
                self.keys_by_secret.unlink(secret, id);
            }
        }
        if let Some(KeyEdges {
            product,
            secret,
            request,
            enforcement_secret,
        }) = &new
        {
            self.keys_by_product.link(product.clone(), id.clone());
            self.keys_by_request.link(request.clone(), id.clone());
            self.keys_by_enforcement_stem
                .link(enforcement_stem(enforcement_secret).into_owned(), id.clone());
            if let Some(secret) = secret {
                self.keys_by_secret.link(secret.clone(), id.clone());
            }
        }
        Change { old, new }
    }

    pub(super) fn dossier(&self, id: &NamespacedName) -> Option<Dossier> {
        let key = KeyRecord::of(self.keys.get(id)?);
        let request = key.request();
        let approvals = self.approvals_by_request.to(&request);
        let approvals = approvals.filter_map(|id| self.approvals.get(id));
        Some(Dossier {
            approvals: approvals.map(|approval| ApprovalRecord::of(approval)).collect(),
            request: self
                .requests
                .get(&request)
                .map(|request| RequestRecord::of(request)),
            key,
        })
    }

    pub(super) fn put_request(
        &mut self,
        id: &NamespacedName,
        new: Option<APIKeyRequest>,
    ) -> Change<NamespacedName> {
        let new = new.map(Arc::new);
        let old = swap(&mut self.requests, id, new.clone()).map(|old| key_of_request(&old));
        let new = new.map(|new| key_of_request(&new));
        if let Some(old) = &old {
            self.requests_by_key.unlink(old, id);
        }
        if let Some(new) = &new {
            self.requests_by_key.link(new.clone(), id.clone());
        }
        Change { old, new }
    }

    pub(super) fn put_approval(
        &mut self,
        id: &NamespacedName,
        new: Option<Approval>,
    ) -> Change<NamespacedName> {
        let new = new.map(Arc::new);
        let old = swap(&mut self.approvals, id, new.clone()).map(|old| request_of_approval(&old.object));
        let new = new.map(|new| request_of_approval(&new.object));
        if let Some(old) = &old {
            self.approvals_by_request.unlink(old, id);
        }
        if let Some(new) = &new {
            self.approvals_by_request.link(new.clone(), id.clone());
        }
        Change { old, new }
    }
}
