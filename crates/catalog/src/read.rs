//! Questions to a catalog. Answers are shared objects: nothing is copied.

use std::sync::Arc;

use keydesk_api::foreign::{AuthPolicy, Gateway, HTTPRoute, Kuadrant, PlanPolicy, RateLimitPolicy};
use keydesk_api::meta::enforcement_stem;
use keydesk_api::{APIKey, APIKeyRequest, APIProduct};
use keydesk_core::NamespacedName;
use kube::ResourceExt;

use crate::edge::gateways_of_route;
use crate::{Approval, Catalog, Dossier, KeyRecord, PolicyEnd, SecretMeta};

impl Catalog {
    /// The product of that name.
    #[must_use]
    pub fn product(&self, id: &NamespacedName) -> Option<Arc<APIProduct>> {
        self.products.get(id).cloned()
    }

    /// The key of that name; nothing in a brief catalog, which has records only.
    #[must_use]
    pub fn key(&self, id: &NamespacedName) -> Option<Arc<APIKey>> {
        self.kept.whole()?.keys.get(id).cloned()
    }

    /// What the key of that name is judged by.
    #[must_use]
    pub fn key_record(&self, id: &NamespacedName) -> Option<KeyRecord> {
        self.kept.key_record(id)
    }

    /// All that the key of that name is judged by but its product.
    #[must_use]
    pub fn dossier(&self, id: &NamespacedName) -> Option<Dossier> {
        self.kept.dossier(id)
    }

    /// The names of all keys.
    #[must_use]
    pub fn key_names(&self) -> Vec<NamespacedName> {
        self.kept.key_ids(|_| true)
    }

    /// The names of a namespace's keys for a product.
    #[must_use]
    pub fn keys_for(&self, product: &NamespacedName, namespace: &str) -> Vec<NamespacedName> {
        let mut keys = self.kept.keys_of_product(product);
        keys.retain(|key| key.namespace == namespace);
        keys
    }

    /// The request of that name; nothing in a brief catalog.
    #[must_use]
    pub fn request(&self, id: &NamespacedName) -> Option<Arc<APIKeyRequest>> {
        self.kept.whole()?.requests.get(id).cloned()
    }

    /// The approval of that name; nothing in a brief catalog.
    #[must_use]
    pub fn approval(&self, id: &NamespacedName) -> Option<Arc<Approval>> {
        self.kept.whole()?.approvals.get(id).cloned()
    }

    /// The route of that name.
    #[must_use]
    pub fn route(&self, id: &NamespacedName) -> Option<Arc<HTTPRoute>> {
        self.routes.get(id).cloned()
    }

    /// All routes.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<HTTPRoute>> {
        self.routes.values()
    }

    /// The gateway of that name.
    #[must_use]
    pub fn gateway(&self, id: &NamespacedName) -> Option<Arc<Gateway>> {
        self.gateways.get(id).cloned()
    }

    /// The products that offer a route.
    pub fn products_on(&self, route: &NamespacedName) -> impl Iterator<Item = Arc<APIProduct>> {
        self.products_by_route.to(route).filter_map(|id| self.product(id))
    }

    /// The metadata of the Secret of that name.
    #[must_use]
    pub fn secret(&self, id: &NamespacedName) -> Option<Arc<SecretMeta>> {
        self.secrets.get(id).cloned()
    }

    /// Whether a Secret is there that a key refers to, or that says to be an enforcement secret.
    #[must_use]
    pub fn has_use_for_secret(&self, id: &NamespacedName) -> bool {
        let secret = self.secrets.get(id);
        secret.is_some_and(|secret| secret.enforces() || !self.kept.keys_with_secret(id).is_empty())
    }

    /// The Kuadrant that counts, where there are several: one that stays, then the oldest, then the first by
    /// namespace and name. Its namespace is where enforcement secrets go.
    #[must_use]
    pub fn kuadrant(&self) -> Option<&NamespacedName> {
        let rank = |(id, kuadrant): &(&NamespacedName, &Arc<Kuadrant>)| {
            let meta = &kuadrant.metadata;
            (
                meta.deletion_timestamp.is_some(),
                kuadrant.creation_timestamp().map(|time| time.0),
                (id.namespace.clone(), id.name.clone()),
            )
        };
        self.kuadrants.iter().min_by_key(rank).map(|(id, _)| id)
    }

    /// The namespace, if any, for enforcement secrets.
    #[must_use]
    pub fn enforcement_namespace(&self) -> Option<&str> {
        self.kuadrant().map(|kuadrant| kuadrant.namespace.as_str())
    }

    /// Every request that says to stand for a key, the derived one and others; none in a brief catalog.
    pub fn requests_for(&self, key: &NamespacedName) -> impl Iterator<Item = Arc<APIKeyRequest>> {
        let requests = self.kept.requests_for(key).into_iter();
        requests.filter_map(|id| self.request(&id))
    }

    /// Every approval that refers to a request, whether that exists or not; none in a brief catalog.
    pub fn approvals_of(&self, request: &NamespacedName) -> impl Iterator<Item = Arc<Approval>> {
        let approvals = self.kept.approvals_of(request).into_iter();
        approvals.filter_map(|id| self.approval(&id))
    }

    /// Every Secret, in any namespace, that bears this name, or another one of the same key, and says to be an enforcement
    /// secret.
    pub fn enforcement_secrets(&self, name: &str) -> impl Iterator<Item = Arc<SecretMeta>> {
        let ids = self.secrets_by_enforcement_stem.to(&*enforcement_stem(name));
        ids.filter_map(|id| self.secret(id))
    }

    /// Whether some key derives this name for an enforcement secret.
    #[must_use]
    pub fn derives_enforcement_secret(&self, name: &str) -> bool {
        !self.kept.keys_enforced_by(name).is_empty()
    }

    /// The keys that derive this name for an enforcement secret: one, but for the rarest of accidents.
    #[must_use]
    pub fn keys_enforced_by(&self, name: &str) -> Vec<NamespacedName> {
        self.kept.keys_enforced_by(name)
    }

    /// Whether some key derives this name for its request.
    #[must_use]
    pub fn derives_request(&self, request: &NamespacedName) -> bool {
        !self.kept.keys_deriving(request).is_empty()
    }

    /// The gateways that a route is to be attached to, in its order.
    #[must_use]
    pub fn gateways_of(&self, route: &HTTPRoute) -> Vec<NamespacedName> {
        gateways_of_route(route)
    }

    /// Every `AuthPolicy` attached to a route or gateway.
    pub fn auth_policies_on(&self, end: &PolicyEnd) -> impl Iterator<Item = Arc<AuthPolicy>> {
        self.auth_policies_by_end
            .to(end)
            .filter_map(|id| self.auth_policies.get(id).cloned())
    }

    /// Every `PlanPolicy` attached to a route or gateway.
    pub fn plan_policies_on(&self, end: &PolicyEnd) -> impl Iterator<Item = Arc<PlanPolicy>> {
        self.plan_policies_by_end
            .to(end)
            .filter_map(|id| self.plan_policies.get(id).cloned())
    }

    /// Every `RateLimitPolicy` attached to a route or gateway.
    pub fn rate_limit_policies_on(&self, end: &PolicyEnd) -> impl Iterator<Item = Arc<RateLimitPolicy>> {
        self.rate_limit_policies_by_end
            .to(end)
            .filter_map(|id| self.rate_limit_policies.get(id).cloned())
    }
}
