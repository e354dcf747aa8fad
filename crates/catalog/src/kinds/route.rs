//! Routes: affect themselves, the products that offer them, and the keys of those, which show the host.

use std::sync::Arc;

use keydesk_api::foreign::HTTPRoute;
use keydesk_core::NamespacedName;

use crate::catalog::swap;
use crate::edge::gateways_of_route;
use crate::{Affected, Catalog, Target};

impl Catalog {
    pub(crate) fn put_route(&mut self, id: &NamespacedName, new: Option<HTTPRoute>) -> Affected {
        let new = new.map(Arc::new);
        let old = swap(&mut self.routes, id, new.clone());
        for gateway in old.iter().flat_map(|old| gateways_of_route(old)) {
            self.routes_by_gateway.unlink(&gateway, id);
        }
        for gateway in new.iter().flat_map(|new| gateways_of_route(new)) {
            self.routes_by_gateway.link(gateway, id.clone());
        }
        let host = |route: &Option<Arc<HTTPRoute>>| {
            route
                .as_ref()
                .and_then(|route| route.spec.hostnames.first().cloned())
        };
        let host_changed = host(&old) != host(&new);
        let mut affected = Affected::default();
        affected.add(Target::Route(id.clone()));
        for product in self.products_by_route.to(id) {
            affected.add(Target::Product(product.clone()));
            if host_changed {
                affected.extend(self.kept.keys_of_product(product).into_iter().map(Target::Key));
            }
        }
        affected
    }
}
