//! Requests: affect the key that they say to stand for, the key whose request they are, and approvals of nobody's.

use keydesk_api::APIKeyRequest;
use keydesk_core::NamespacedName;

use crate::kept::Change;
use crate::{Affected, Catalog, Target};

impl Catalog {
    pub(crate) fn put_request(&mut self, id: &NamespacedName, new: Option<APIKeyRequest>) -> Affected {
        let Change { old, new } = self.kept.put_request(id, new);
        let mut affected: Affected = old.into_iter().chain(new).map(Target::Key).collect();
        affected.merge(self.decisions_affected(id));
        affected
    }

    /// Who looks after the approvals of a request: its key, or else each approval for itself.
    pub(crate) fn decisions_affected(&self, request: &NamespacedName) -> Affected {
        let keys = self.kept.keys_deriving(request);
        if keys.is_empty() {
            let approvals = self.kept.approvals_of(request).into_iter();
            approvals.map(Target::Approval).collect()
        } else {
            keys.into_iter().map(Target::Key).collect()
        }
    }
}
