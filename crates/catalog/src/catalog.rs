//! The index itself: what it holds, and how changes get in. One file per kind in `kinds` says what a change affects.

use std::collections::BTreeMap;
use std::sync::Arc;

use keydesk_api::APIProduct;
use keydesk_api::foreign::{AuthPolicy, Gateway, HTTPRoute, Kuadrant, PlanPolicy, RateLimitPolicy};
use keydesk_core::NamespacedName;

use crate::edge::Reverse;
use crate::kept::Kept;
use crate::{Affected, Kind, Listing, Object, PolicyEnd, Ref, SecretMeta, prune};

/// All objects of one kind.
pub(crate) type Shelf<T> = BTreeMap<NamespacedName, Arc<T>>;

/// A cluster, as far as keys are concerned. Equal catalogs hold equal objects, whatever came in between.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    pub(crate) kept: Kept,
    pub(crate) products: Shelf<APIProduct>,
    pub(crate) routes: Shelf<HTTPRoute>,
    pub(crate) gateways: Shelf<Gateway>,
    pub(crate) auth_policies: Shelf<AuthPolicy>,
    pub(crate) plan_policies: Shelf<PlanPolicy>,
    pub(crate) rate_limit_policies: Shelf<RateLimitPolicy>,
    pub(crate) kuadrants: Shelf<Kuadrant>,
    pub(crate) secrets: Shelf<SecretMeta>,

    pub(crate) products_by_route: Reverse<NamespacedName, NamespacedName>,
    pub(crate) routes_by_gateway: Reverse<NamespacedName, NamespacedName>,
    pub(crate) auth_policies_by_end: Reverse<PolicyEnd, NamespacedName>,
    pub(crate) plan_policies_by_end: Reverse<PolicyEnd, NamespacedName>,
    pub(crate) rate_limit_policies_by_end: Reverse<PolicyEnd, NamespacedName>,
    /// The Secrets that say to be enforcement secrets, by what their names have in common.
    pub(crate) secrets_by_enforcement_stem: Reverse<String, NamespacedName>,
}

impl Catalog {
    /// A catalog for who judges for itself: of keys, requests and approvals only that is kept by which they are judged,
    /// as records; and of products not what somebody else made of them, written in their statuses.
    #[must_use]
    pub fn brief() -> Self {
        Self {
            kept: Kept::Brief(Box::default()),
            ..Self::default()
        }
    }

    /// Takes in an object that was created or changed.
    pub fn apply(&mut self, object: Object) -> Affected {
        let id = object.reference().id();
        match object {
            Object::Product(mut object) => {
                prune::product(&mut object);
                if matches!(self.kept, Kept::Brief(_)) {
                    object.status = None;
                }
                self.put_product(&id, Some(*object))
            }
            Object::Key(mut object) => {
                prune::meta(&mut object.metadata);
                self.put_key(&id, Some(*object))
            }
            Object::Request(mut object) => {
                prune::request(&mut object);
                self.put_request(&id, Some(*object))
            }
            Object::Approval(object) => self.put_approval(&id, Some(prune::approval(*object))),
            Object::Route(mut object) => {
                prune::meta(&mut object.metadata);
                self.put_route(&id, Some(*object))
            }
            Object::Gateway(mut object) => {
                prune::meta(&mut object.metadata);
                self.put_gateway(&id, Some(*object))
            }
            Object::AuthPolicy(mut object) => {
                prune::meta(&mut object.metadata);
                self.put_auth_policy(&id, Some(*object))
            }
            Object::PlanPolicy(mut object) => {
                prune::meta(&mut object.metadata);
                self.put_plan_policy(&id, Some(*object))
            }
            Object::RateLimitPolicy(mut object) => {
                prune::meta(&mut object.metadata);
                self.put_rate_limit_policy(&id, Some(*object))
            }
            Object::Kuadrant(mut object) => {
                prune::meta(&mut object.metadata);
                self.put_kuadrant(&id, Some(*object))
            }
            Object::Secret(object) => self.put_secret(&id, Some(object)),
        }
    }

    /// Forgets an object that was deleted. One that was never known affects nobody new, and is no mistake.
    pub fn delete(&mut self, reference: &Ref) -> Affected {
        let id = reference.id();
        match reference.kind {
            Kind::Product => self.put_product(&id, None),
            Kind::Key => self.put_key(&id, None),
            Kind::Request => self.put_request(&id, None),
            Kind::Approval => self.put_approval(&id, None),
            Kind::Route => self.put_route(&id, None),
            Kind::Gateway => self.put_gateway(&id, None),
            Kind::AuthPolicy => self.put_auth_policy(&id, None),
            Kind::PlanPolicy => self.put_plan_policy(&id, None),
            Kind::RateLimitPolicy => self.put_rate_limit_policy(&id, None),
            Kind::Kuadrant => self.put_kuadrant(&id, None),
            Kind::Secret => self.put_secret(&id, None),
        }
    }

    /// Takes in the whole of a kind at once; see [`Listing`].
    pub fn resync(&mut self, kind: Kind, objects: Vec<Object>) -> Affected {
        let mut listing = Listing::of(kind);
        let mut affected = Affected::default();
        for object in objects {
            affected.merge(listing.apply(self, object));
        }
        affected.merge(listing.finish(self));
        affected
    }

    /// The names of those objects of a kind that are wanted.
    pub(crate) fn ids(&self, kind: Kind, is_wanted: impl Fn(&NamespacedName) -> bool) -> Vec<NamespacedName> {
        match kind {
            Kind::Product => ids(&self.products, is_wanted),
            Kind::Key => self.kept.key_ids(is_wanted),
            Kind::Request => self.kept.request_ids(is_wanted),
            Kind::Approval => self.kept.approval_ids(is_wanted),
            Kind::Route => ids(&self.routes, is_wanted),
            Kind::Gateway => ids(&self.gateways, is_wanted),
            Kind::AuthPolicy => ids(&self.auth_policies, is_wanted),
            Kind::PlanPolicy => ids(&self.plan_policies, is_wanted),
            Kind::RateLimitPolicy => ids(&self.rate_limit_policies, is_wanted),
            Kind::Kuadrant => ids(&self.kuadrants, is_wanted),
            Kind::Secret => ids(&self.secrets, is_wanted),
        }
    }
}

/// The names of those objects on a shelf that are wanted.
pub(crate) fn ids<T>(shelf: &Shelf<T>, is_wanted: impl Fn(&NamespacedName) -> bool) -> Vec<NamespacedName> {
    shelf.keys().filter(|id| is_wanted(id)).cloned().collect()
}

/// Puts an object in its place, or takes it away, and gives back what was there.
pub(crate) fn swap<T>(shelf: &mut Shelf<T>, id: &NamespacedName, new: Option<Arc<T>>) -> Option<Arc<T>> {
    match new {
        Some(new) => shelf.insert(id.clone(), new),
        None => shelf.remove(id),
    }
}
