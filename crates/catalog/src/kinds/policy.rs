//! Policies: affect the products whose route, or a gateway of it, they are attached to.

use std::sync::Arc;

use keydesk_api::foreign::{AuthPolicy, PlanPolicy, PolicyTarget};
use keydesk_core::NamespacedName;

use crate::catalog::{Shelf, swap};
use crate::edge::{PolicyEnd, Reverse};
use crate::{Affected, Catalog, Target};

impl Catalog {
    pub(crate) fn put_auth_policy(&mut self, id: &NamespacedName, new: Option<AuthPolicy>) -> Affected {
        let target = |policy: &AuthPolicy| policy.spec.target_ref.clone();
        let ends = put(
            &mut self.auth_policies,
            &mut self.auth_policies_by_end,
            id,
            new,
            target,
        );
        self.products_behind(&ends)
    }

    pub(crate) fn put_plan_policy(&mut self, id: &NamespacedName, new: Option<PlanPolicy>) -> Affected {
        let target = |policy: &PlanPolicy| policy.spec.target_ref.clone();
        let ends = put(
            &mut self.plan_policies,
            &mut self.plan_policies_by_end,
            id,
            new,
            target,
        );
        self.products_behind(&ends)
    }

    fn products_behind(&self, ends: &[PolicyEnd]) -> Affected {
        let mut affected = Affected::default();
        for end in ends {
            match end {
                PolicyEnd::Route(route) => {
                    affected.extend(self.products_by_route.to(route).cloned().map(Target::Product));
                }
                PolicyEnd::Gateway(gateway) => {
                    let routes = self.routes_by_gateway.to(gateway);
                    let products = routes.flat_map(|route| self.products_by_route.to(route));
                    affected.extend(products.cloned().map(Target::Product));
                }
            }
        }
        affected
    }
}

/// Puts a policy in its place and says what it was and is attached to.
fn put<T>(
    shelf: &mut Shelf<T>,
    by_end: &mut Reverse<PolicyEnd, NamespacedName>,
    id: &NamespacedName,
    new: Option<T>,
    target: impl Fn(&T) -> PolicyTarget,
) -> Vec<PolicyEnd> {
    let new = new.map(Arc::new);
    let old = swap(shelf, id, new.clone());
    let end = |policy: Arc<T>| PolicyEnd::of(&id.namespace, &target(&policy));
    let (old, new) = (old.and_then(end), new.and_then(end));
    if let Some(old) = &old {
        by_end.unlink(old, id);
    }
    if let Some(new) = &new {
        by_end.link(new.clone(), id.clone());
    }
    old.into_iter().chain(new).collect()
}
