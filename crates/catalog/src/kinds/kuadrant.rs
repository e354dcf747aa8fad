//! Kuadrants: where the one that counts appears, moves or goes, every key and enforcement secret is affected.

use std::sync::Arc;

use keydesk_api::foreign::Kuadrant;
use keydesk_core::NamespacedName;

use crate::catalog::swap;
use crate::{Affected, Catalog, Target};

impl Catalog {
    pub(crate) fn put_kuadrant(&mut self, id: &NamespacedName, new: Option<Kuadrant>) -> Affected {
        let before = self.enforcement_namespace().map(str::to_owned);
        swap(&mut self.kuadrants, id, new.map(Arc::new));
        if before.as_deref() == self.enforcement_namespace() {
            return Affected::default();
        }
        let keys = self.kept.key_ids(|_| true).into_iter().map(Target::Key);
        let secrets = self
            .secrets
            .values()
            .filter(|secret| secret.enforces() && !self.derives_enforcement_secret(&secret.id.name));
        keys.chain([Target::Kuadrant])
            .chain(secrets.map(|secret| Target::EnforcementSecret(secret.id.clone())))
            .collect()
    }
}
