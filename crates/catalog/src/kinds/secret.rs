//! Secrets: affect the keys that refer to them, and the key whose enforcement secret they are or pretend to be.

use std::sync::Arc;

use keydesk_api::meta::enforcement_stem;
use keydesk_core::NamespacedName;

use crate::catalog::swap;
use crate::{Affected, Catalog, SecretMeta, Target};

impl Catalog {
    pub(crate) fn put_secret(&mut self, id: &NamespacedName, new: Option<SecretMeta>) -> Affected {
        let new = new.map(Arc::new);
        let old = swap(&mut self.secrets, id, new.clone());
        let was = old.is_some_and(|old| old.enforces());
        let is = new.is_some_and(|new| new.enforces());
        let stem = enforcement_stem(&id.name);
        if was {
            self.secrets_by_enforcement_stem.unlink(&*stem, id);
        }
        if is {
            self.secrets_by_enforcement_stem
                .link(stem.into_owned(), id.clone());
        }
        let keys = self.kept.keys_with_secret(id).into_iter();
        let mut affected: Affected = keys.map(Target::Key).collect();
        let keys = self.kept.keys_enforced_by(&id.name);
        if keys.is_empty() && is {
            affected.add(Target::EnforcementSecret(id.clone()));
        }
        affected.extend(keys.into_iter().map(Target::Key));
        affected
    }
}
