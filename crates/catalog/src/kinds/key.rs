//! Keys: a change affects the key itself, and approvals and enforcement secrets that are its own no longer.

use std::sync::Arc;

use keydesk_api::APIKey;
use keydesk_api::meta::enforcement_stem;
use keydesk_core::NamespacedName;

use crate::catalog::swap;
use crate::edge::KeyEdges;
use crate::{Affected, Catalog, Target};

impl Catalog {
    pub(crate) fn put_key(&mut self, id: &NamespacedName, new: Option<APIKey>) -> Affected {
        let new = new.map(Arc::new);
        let old = swap(&mut self.keys, id, new.clone()).map(|old| KeyEdges::of(&old));
        let new = new.map(|new| KeyEdges::of(&new));
        let mut affected = Affected::default();
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
        if let (Some(old), None) = (&old, &new) {
            let orphans = self
                .secrets_by_enforcement_stem
                .to(&*enforcement_stem(&old.enforcement_secret));
            affected.extend(orphans.cloned().map(Target::EnforcementSecret));
        }
        let (old, new) = (old.map(|old| old.request), new.map(|new| new.request));
        if let Some(old) = old.filter(|old| Some(old) != new.as_ref()) {
            affected.extend(self.approvals_by_request.to(&old).cloned().map(Target::Approval));
        }
        affected.add(Target::Key(id.clone()));
        affected
    }
}
