//! Who refers to whom, read off an object, and the reverse index of it.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use keydesk_api::foreign::{GATEWAY_API_GROUP, HTTPRoute, PolicyTarget};
use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest, APIProduct, meta};
use keydesk_core::NamespacedName;

use crate::object::id;

/// From what is referred to, to those who refer to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reverse<To, From>(BTreeMap<To, Referrers<From>>);

/// Mostly there is one: a set of its own for each would be the largest part of a large catalog.
#[derive(Clone, Debug, PartialEq)]
enum Referrers<From> {
    One(From),
    /// Two or more.
    Many(BTreeSet<From>),
}

impl<To, From> Default for Reverse<To, From> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<To: Ord, From: Ord> Reverse<To, From> {
    pub(crate) fn link(&mut self, to: To, from: From) {
        match self.0.remove(&to) {
            Some(Referrers::One(other)) if other != from => {
                self.0.insert(to, Referrers::Many([other, from].into()));
            }
            Some(Referrers::Many(mut referrers)) => {
                referrers.insert(from);
                self.0.insert(to, Referrers::Many(referrers));
            }
            None | Some(Referrers::One(_)) => {
                self.0.insert(to, Referrers::One(from));
            }
        }
    }

    pub(crate) fn unlink<Q: Ord + ?Sized>(&mut self, to: &Q, from: &From)
    where
        To: Borrow<Q>,
    {
        match self.0.get_mut(to) {
            Some(Referrers::One(only)) if only == from => {
                self.0.remove(to);
            }
            Some(referrers @ Referrers::Many(_)) => referrers.remove(from),
            None | Some(Referrers::One(_)) => {}
        }
    }

    pub(crate) fn to<Q: Ord + ?Sized>(&self, to: &Q) -> impl Iterator<Item = &From> + use<'_, To, From, Q>
    where
        To: Borrow<Q>,
    {
        let (one, many) = match self.0.get(to) {
            None => (None, None),
            Some(Referrers::One(one)) => (Some(one), None),
            Some(Referrers::Many(many)) => (None, Some(many)),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

impl<From: Ord> Referrers<From> {
    /// Takes one of many away; the last that is left is alone.
    fn remove(&mut self, from: &From) {
        let Self::Many(referrers) = self else { return };
        referrers.remove(from);
        if referrers.len() == 1
            && let Some(last) = referrers.pop_first()
        {
            *self = Self::One(last);
        }
    }
}

/// What a policy is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyEnd {
    /// An `HTTPRoute`.
    Route(NamespacedName),
    /// A `Gateway`.
    Gateway(NamespacedName),
}

impl PolicyEnd {
    /// What a policy in `namespace` with this target is attached to; nothing if to another kind. A group that is left
    /// out is taken to be Gateway API's.
    #[must_use]
    pub fn of(namespace: &str, target: &PolicyTarget) -> Option<Self> {
        let to = NamespacedName::new(namespace, target.name.as_str());
        let known_group = target.group.is_empty() || target.group == GATEWAY_API_GROUP;
        match target.kind.as_str() {
            "HTTPRoute" if known_group => Some(Self::Route(to)),
            "Gateway" if known_group => Some(Self::Gateway(to)),
            _ => None,
        }
    }
}

/// What a key refers to, and what is derived from its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEdges {
    /// The product that it is for.
    pub product: NamespacedName,
    /// The consumer's Secret, unless none is named.
    pub secret: Option<NamespacedName>,
    /// The request that stands for it.
    pub request: NamespacedName,
    /// The name of its first enforcement secret.
    pub enforcement_secret: String,
}

impl KeyEdges {
    /// Reads the edges off a key.
    #[must_use]
    pub fn of(key: &APIKey) -> Self {
        let NamespacedName { name, namespace } = id(key);
        let product = NamespacedName::new(
            key.spec.api_product_ref.namespace_or(&namespace),
            key.spec.api_product_ref.name.as_str(),
        );
        let secret_name = key.spec.secret_ref.name.as_str();
        Self {
            secret: (!secret_name.is_empty()).then(|| NamespacedName::new(namespace.as_str(), secret_name)),
            request: NamespacedName::new(product.namespace.as_str(), meta::request_name(&namespace, &name)),
            enforcement_secret: meta::enforcement_secret_name(&namespace, &name),
            product,
        }
    }
}

/// The key that a request says to stand for.
pub(crate) fn key_of_request(request: &APIKeyRequest) -> NamespacedName {
    NamespacedName::new(
        request.spec.api_key_ref.namespace.as_str(),
        request.spec.api_key_ref.name.as_str(),
    )
}

/// The request that an approval decides on.
pub(crate) fn request_of_approval(approval: &APIKeyApproval) -> NamespacedName {
    NamespacedName::new(
        id(approval).namespace,
        approval.spec.api_key_request_ref.name.as_str(),
    )
}

/// The route that a product offers.
#[must_use]
pub fn route_of_product(product: &APIProduct) -> NamespacedName {
    NamespacedName::new(id(product).namespace, product.spec.target_ref.name.as_str())
}

/// The gateways that a route is to be attached to, in its order.
pub(crate) fn gateways_of_route(route: &HTTPRoute) -> Vec<NamespacedName> {
    let own = id(route).namespace;
    let parents = route.spec.parent_refs.iter().filter(|parent| parent.is_gateway());
    parents
        .map(|parent| NamespacedName::new(parent.namespace_or(&own), parent.name.as_str()))
        .collect()
}
