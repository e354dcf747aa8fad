//! Gateways: affect the routes that want to be attached to them, for their listeners say which hosts those get.

use std::sync::Arc;

use keydesk_api::foreign::Gateway;
use keydesk_core::NamespacedName;

use crate::catalog::swap;
use crate::{Affected, Catalog, Target};

impl Catalog {
    pub(crate) fn put_gateway(&mut self, id: &NamespacedName, new: Option<Gateway>) -> Affected {
        let new = new.map(Arc::new);
        let old = swap(&mut self.gateways, id, new.clone());
        let says = |gateway: &Option<Arc<Gateway>>| gateway.as_ref().map(|gateway| gateway.spec.clone());
        if says(&old) == says(&new) {
            return Affected::default();
        }
        self.routes_by_gateway
            .to(id)
            .cloned()
            .map(Target::Route)
            .collect()
    }
}
