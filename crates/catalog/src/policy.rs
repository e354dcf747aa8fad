//! Which policy applies to a route, of all that are attached to it or to its gateways. Always the same one.

use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::foreign::{AuthPolicy, ForeignStatus, HTTPRoute, PlanPolicy, PolicyTarget};
use kube::ResourceExt;

use crate::object::id;
use crate::{Catalog, PolicyEnd};

/// Policies attached to a route, and to each of its gateways in the route's order.
#[derive(Clone, Debug)]
pub struct Attached<P> {
    /// To the route itself.
    pub to_route: Vec<Arc<P>>,
    /// To each gateway of the route.
    pub to_gateways: Vec<Vec<Arc<P>>>,
}

/// A policy as it is chosen among others.
pub trait Policy: ResourceExt {
    /// What it is attached to.
    fn target(&self) -> &PolicyTarget;
    /// What its controller says about it.
    fn status(&self) -> Option<&ForeignStatus>;
    /// Whether it replaces policies that are attached more closely.
    fn overrides(&self) -> bool;

    /// Whether it is in force.
    fn is_ready(&self) -> bool {
        self.status()
            .is_some_and(|status| status.is_true("Accepted") && status.is_true("Enforced"))
    }
}

impl Policy for AuthPolicy {
    fn target(&self) -> &PolicyTarget {
        &self.spec.target_ref
    }

    fn status(&self) -> Option<&ForeignStatus> {
        self.status.as_ref()
    }

    fn overrides(&self) -> bool {
        self.spec.overrides.is_some()
    }
}

impl Policy for PlanPolicy {
    fn target(&self) -> &PolicyTarget {
        &self.spec.target_ref
    }

    fn status(&self) -> Option<&ForeignStatus> {
        self.status.as_ref()
    }

    fn overrides(&self) -> bool {
        false
    }
}

impl<P> Default for Attached<P> {
    fn default() -> Self {
        Self {
            to_route: Vec::new(),
            to_gateways: Vec::new(),
        }
    }
}

impl<P: Policy> Attached<P> {
    /// The policy that applies. One on the route beats one on a gateway, unless it is not in force because the
    /// gateway's overrides it.
    #[must_use]
    pub fn choose(&self) -> Option<&P> {
        let on_route = best(&self.to_route);
        let on_gateway = self.to_gateways.iter().find_map(|policies| best(policies));
        match (on_route, on_gateway) {
            (Some(route), Some(gateway))
                if !route.is_ready() && gateway.is_ready() && gateway.overrides() =>
            {
                Some(gateway)
            }
            (Some(route), _) => Some(route),
            (None, gateway) => gateway,
        }
    }
}

impl Catalog {
    /// The `AuthPolicy` objects that may apply to a route.
    #[must_use]
    pub fn auth_policies_of(&self, route: &HTTPRoute) -> Attached<AuthPolicy> {
        self.attached(route, |end| self.auth_policies_on(end).collect())
    }

    /// The `PlanPolicy` objects that may apply to a route.
    #[must_use]
    pub fn plan_policies_of(&self, route: &HTTPRoute) -> Attached<PlanPolicy> {
        self.attached(route, |end| self.plan_policies_on(end).collect())
    }

    fn attached<P>(&self, route: &HTTPRoute, on: impl Fn(&PolicyEnd) -> Vec<Arc<P>>) -> Attached<P> {
        let gateways = self.gateways_of(route).into_iter();
        Attached {
            to_route: on(&PolicyEnd::Route(id(route))),
            to_gateways: gateways.map(|gateway| on(&PolicyEnd::Gateway(gateway))).collect(),
        }
    }
}

/// Of several at one place: one for the whole of it, in force, the oldest, the first by name.
fn best<P: Policy>(policies: &[Arc<P>]) -> Option<&P> {
    let stays = policies
        .iter()
        .filter(|policy| policy.meta().deletion_timestamp.is_none());
    stays.min_by_key(|policy| rank(policy.as_ref())).map(Arc::as_ref)
}

fn rank<P: Policy>(policy: &P) -> (bool, bool, Option<Timestamp>, String) {
    let created_at = policy.creation_timestamp().map(|time| time.0);
    (
        policy.target().section_name.is_some(),
        !policy.is_ready(),
        created_at,
        policy.name_any(),
    )
}
