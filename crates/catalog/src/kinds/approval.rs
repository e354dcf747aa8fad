//! Approvals: affect the key whose request they decide on, or else themselves.

use std::sync::Arc;

use keydesk_core::NamespacedName;

use crate::catalog::swap;
use crate::edge::request_of_approval;
use crate::{Affected, Approval, Catalog};

impl Catalog {
    pub(crate) fn put_approval(&mut self, id: &NamespacedName, new: Option<Approval>) -> Affected {
        let new = new.map(Arc::new);
        let old = swap(&mut self.approvals, id, new.clone()).map(|old| request_of_approval(&old.object));
        let new = new.map(|new| request_of_approval(&new.object));
        if let Some(old) = &old {
            self.approvals_by_request.unlink(old, id);
        }
        if let Some(new) = &new {
            self.approvals_by_request.link(new.clone(), id.clone());
        }
        let mut affected = Affected::default();
        for request in old.iter().chain(&new) {
            affected.merge(self.decisions_affected(request));
        }
        affected
    }
}
