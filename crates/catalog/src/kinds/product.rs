//! Products: a change that keys can see affects all keys of the product; one of the route, or of how
//! its keys are recognised there, that route.

use std::sync::Arc;

use keydesk_api::APIProduct;
use keydesk_api::meta::annotation;
use keydesk_core::NamespacedName;
use kube::ResourceExt as _;

use crate::catalog::swap;
use crate::edge::route_of_product;
use crate::{Affected, Catalog, Target};

impl Catalog {
    pub(crate) fn put_product(&mut self, id: &NamespacedName, new: Option<APIProduct>) -> Affected {
        let new = new.map(Arc::new);
        let old = swap(&mut self.products, id, new.clone());
        if let Some(old) = &old {
            self.products_by_route.unlink(&route_of_product(old), id);
        }
        if let Some(new) = &new {
            self.products_by_route.link(route_of_product(new), id.clone());
        }
        let mut affected = Affected::default();
        let shown = [&old, &new].map(|product| {
            let product = product.as_deref()?;
            let entry = product.annotations().get(annotation::AUTH_ENTRY).cloned();
            Some((route_of_product(product), entry))
        });
        if shown[0] != shown[1] {
            let routes = shown.into_iter().flatten().map(|(route, _)| route);
            affected.extend(routes.map(Target::Route));
        }
        if !look_the_same(old.as_deref(), new.as_deref()) {
            affected.extend(self.kept.keys_of_product(id).into_iter().map(Target::Key));
        }
        affected.add(Target::Product(id.clone()));
        affected
    }
}

/// Whether a key sees no difference. A fetched document or a new description is none.
fn look_the_same(old: Option<&APIProduct>, new: Option<&APIProduct>) -> bool {
    let (Some(old), Some(new)) = (old, new) else {
        return old.is_none() && new.is_none();
    };
    let discovered = |status: &keydesk_api::v1alpha1::APIProductStatus| {
        (
            status.discovered_plans.clone(),
            status.discovered_auth_scheme.clone(),
        )
    };
    old.metadata.uid == new.metadata.uid
        && old.metadata.deletion_timestamp == new.metadata.deletion_timestamp
        && old.metadata.annotations == new.metadata.annotations
        && old.spec.approval_mode == new.spec.approval_mode
        && old.spec.target_ref == new.spec.target_ref
        && old.status.as_ref().map(discovered) == new.status.as_ref().map(discovered)
}
