//! Policies: affect the routes that they, or a gateway of theirs, are attached to, and the products of those.

use std::sync::Arc;

use keydesk_api::foreign::{AuthPolicy, PlanPolicy, PolicyTarget, RateLimitPolicy};
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

    /// No product shows these.
    pub(crate) fn put_rate_limit_policy(
        &mut self,
        id: &NamespacedName,
        new: Option<RateLimitPolicy>,
    ) -> Affected {
        let target = |policy: &RateLimitPolicy| policy.spec.target_ref.clone();
        let ends = put(
            &mut self.rate_limit_policies,
            &mut self.rate_limit_policies_by_end,
            id,
            new,
            target,
        );
        self.routes_behind(&ends).cloned().map(Target::Route).collect()
    }

    fn products_behind(&self, ends: &[PolicyEnd]) -> Affected {
        let mut affected = Affected::default();
        for route in self.routes_behind(ends) {
            affected.add(Target::Route(route.clone()));
            affected.extend(self.products_by_route.to(route).cloned().map(Target::Product));
        }
        affected
    }

    fn routes_behind<'a>(&'a self, ends: &'a [PolicyEnd]) -> impl Iterator<Item = &'a NamespacedName> {
        ends.iter().flat_map(|end| {
            let (own, attached) = match end {
                PolicyEnd::Route(route) => (Some(route), None),
                PolicyEnd::Gateway(gateway) => (None, Some(self.routes_by_gateway.to(gateway))),
            };
            own.into_iter().chain(attached.into_iter().flatten())
        })
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
