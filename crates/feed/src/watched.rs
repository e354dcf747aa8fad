//! The kinds that are watched, and how each becomes an object of the catalog.

use std::fmt::Debug;

use k8s_openapi::api::core::v1::Secret;
use keydesk_api::{
    APIKey, APIKeyApproval, APIKeyRequest, APIProduct,
    foreign::{AuthPolicy, Gateway, HTTPRoute, Kuadrant, PlanPolicy, RateLimitPolicy},
};
use keydesk_catalog::{Kind, Object, SecretMeta};
use kube::{Resource, core::PartialObjectMeta};
use serde::de::DeserializeOwned;

/// A kind with a watch of its own.
pub(crate) trait Watched:
    Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + 'static
{
    /// What the catalog calls it.
    const KIND: Kind;
    /// Whether its CRD may be missing.
    const OPTIONAL: bool = false;
    /// Whether the catalog reads from its managedFields when it was written.
    const KEEPS_MANAGED_FIELDS: bool = false;

    /// As the catalog takes it.
    fn into_object(self) -> Object;
}

impl Watched for APIProduct {
    const KIND: Kind = Kind::Product;

    fn into_object(self) -> Object {
        Object::Product(Box::new(self))
    }
}

impl Watched for APIKey {
    const KIND: Kind = Kind::Key;

    fn into_object(self) -> Object {
        Object::Key(Box::new(self))
    }
}

impl Watched for APIKeyRequest {
    const KIND: Kind = Kind::Request;
    const KEEPS_MANAGED_FIELDS: bool = true;

    fn into_object(self) -> Object {
        Object::Request(Box::new(self))
    }
}

impl Watched for APIKeyApproval {
    const KIND: Kind = Kind::Approval;
    const KEEPS_MANAGED_FIELDS: bool = true;

    fn into_object(self) -> Object {
        Object::Approval(Box::new(self))
    }
}

impl Watched for HTTPRoute {
    const KIND: Kind = Kind::Route;
    const OPTIONAL: bool = true;

    fn into_object(self) -> Object {
        Object::Route(Box::new(self))
    }
}

impl Watched for Gateway {
    const KIND: Kind = Kind::Gateway;
    const OPTIONAL: bool = true;

    fn into_object(self) -> Object {
        Object::Gateway(Box::new(self))
    }
}

impl Watched for AuthPolicy {
    const KIND: Kind = Kind::AuthPolicy;
    const OPTIONAL: bool = true;

    fn into_object(self) -> Object {
        Object::AuthPolicy(Box::new(self))
    }
}

impl Watched for PlanPolicy {
    const KIND: Kind = Kind::PlanPolicy;
    const OPTIONAL: bool = true;

    fn into_object(self) -> Object {
        Object::PlanPolicy(Box::new(self))
    }
}

impl Watched for RateLimitPolicy {
    const KIND: Kind = Kind::RateLimitPolicy;
    const OPTIONAL: bool = true;

    fn into_object(self) -> Object {
        Object::RateLimitPolicy(Box::new(self))
    }
}

impl Watched for Kuadrant {
    const KIND: Kind = Kind::Kuadrant;
    const OPTIONAL: bool = true;

    fn into_object(self) -> Object {
        Object::Kuadrant(Box::new(self))
    }
}

/// Metadata only: the server does not send the data.
impl Watched for PartialObjectMeta<Secret> {
    const KIND: Kind = Kind::Secret;

    fn into_object(self) -> Object {
        Object::Secret(SecretMeta::keep(self.metadata))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<K: Watched>() {
        assert_eq!(K::KIND.as_str(), K::kind(&()));
    }

    #[test]
    fn every_kind_is_called_as_the_cluster_calls_it() {
        check::<APIProduct>();
        check::<APIKey>();
        check::<APIKeyRequest>();
        check::<APIKeyApproval>();
        check::<HTTPRoute>();
        check::<Gateway>();
        check::<AuthPolicy>();
        check::<PlanPolicy>();
        check::<RateLimitPolicy>();
        check::<Kuadrant>();
        check::<PartialObjectMeta<Secret>>();
    }
}
