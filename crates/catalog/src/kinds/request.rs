//! Requests: affect the key that they say to stand for, the key whose request they are, and approvals of nobody's.

use std::sync::Arc;

use keydesk_api::APIKeyRequest;
use keydesk_core::NamespacedName;

use crate::catalog::swap;
use crate::edge::key_of_request;
use crate::{Affected, Catalog, Target};

impl Catalog {
    pub(crate) fn put_request(&mut self, id: &NamespacedName, new: Option<APIKeyRequest>) -> Affected {
        let new = new.map(Arc::new);
        let old = swap(&mut self.requests, id, new.clone()).map(|old| key_of_request(&old));
        let new = new.map(|new| key_of_request(&new));
        if let Some(old) = &old {
            self.requests_by_key.unlink(old, id);
        }
        if let Some(new) = &new {
            self.requests_by_key.link(new.clone(), id.clone());
        }
        let mut affected: Affected = old.into_iter().chain(new).map(Target::Key).collect();
        affected.merge(self.decisions_affected(id));
        affected
    }

    /// Who looks after the approvals of a request: its key, or else each approval for itself.
    pub(crate) fn decisions_affected(&self, request: &NamespacedName) -> Affected {
        if self.derives_request(request) {
            self.keys_by_request
                .to(request)
                .cloned()
                .map(Target::Key)
                .collect()
        } else {
            self.approvals_by_request
                .to(request)
                .cloned()
                .map(Target::Approval)
                .collect()
        }
    }
}
