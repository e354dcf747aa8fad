//! Approvals: affect the key whose request they decide on, or else themselves.

use keydesk_core::NamespacedName;

use crate::kept::Change;
use crate::{Affected, Approval, Catalog};

impl Catalog {
    pub(crate) fn put_approval(&mut self, id: &NamespacedName, new: Option<Approval>) -> Affected {
        let Change { old, new } = self.kept.put_approval(id, new);
        let mut affected = Affected::default();
        for request in old.iter().chain(&new) {
            affected.merge(self.decisions_affected(request));
        }
        affected
    }
}
