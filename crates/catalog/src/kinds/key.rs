//! Keys: a change affects the key itself, and approvals and enforcement secrets that are its own no longer.

use keydesk_api::APIKey;
use keydesk_api::meta::enforcement_stem;
use keydesk_core::NamespacedName;

use crate::kept::Change;
use crate::{Affected, Catalog, Target};

impl Catalog {
    pub(crate) fn put_key(&mut self, id: &NamespacedName, new: Option<APIKey>) -> Affected {
        let Change { old, new } = self.kept.put_key(id, new);
        let mut affected = Affected::default();
        if let (Some(old), None) = (&old, &new) {
            let orphans = self
                .secrets_by_enforcement_stem
                .to(&*enforcement_stem(&old.enforcement_secret));
            affected.extend(orphans.cloned().map(Target::EnforcementSecret));
        }
        let (old, new) = (old.map(|old| old.request), new.map(|new| new.request));
        if let Some(old) = old.filter(|old| Some(old) != new.as_ref()) {
            affected.extend(self.kept.approvals_of(&old).into_iter().map(Target::Approval));
        }
        affected.add(Target::Key(id.clone()));
        affected
    }
}
