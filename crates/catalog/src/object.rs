//! What goes into a catalog, and the forms in which some kinds are kept.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use keydesk_api::foreign::{AuthPolicy, Gateway, HTTPRoute, Kuadrant, PlanPolicy, RateLimitPolicy};
use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest, APIProduct};
use keydesk_core::NamespacedName;
use kube::ResourceExt;
use serde_json::Value;

/// The kinds that a catalog holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `APIProduct`.
    Product,
    /// `APIKey`.
    Key,
    /// `APIKeyRequest`.
    Request,
    /// `APIKeyApproval`.
    Approval,
    /// `HTTPRoute`.
    Route,
    /// `Gateway`.
    Gateway,
    /// `AuthPolicy`.
    AuthPolicy,
    /// `PlanPolicy`.
    PlanPolicy,
    /// `RateLimitPolicy`.
    RateLimitPolicy,
    /// `Kuadrant`.
    Kuadrant,
    /// `Secret`, metadata only.
    Secret,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Product,
        Self::Key,
        Self::Request,
        Self::Approval,
        Self::Route,
        Self::Gateway,
        Self::AuthPolicy,
        Self::PlanPolicy,
        Self::RateLimitPolicy,
        Self::Kuadrant,
        Self::Secret,
    ];

    /// As manifests write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Product => "APIProduct",
            Self::Key => "APIKey",
            Self::Request => "APIKeyRequest",
            Self::Approval => "APIKeyApproval",
            Self::Route => "HTTPRoute",
            Self::Gateway => "Gateway",
            Self::AuthPolicy => "AuthPolicy",
            Self::PlanPolicy => "PlanPolicy",
            Self::RateLimitPolicy => "RateLimitPolicy",
            Self::Kuadrant => "Kuadrant",
            Self::Secret => "Secret",
        }
    }

    /// The kind that manifests write so.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One object of a kind, as the cluster has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// An `APIProduct`.
    Product(Box<APIProduct>),
    /// An `APIKey`.
    Key(Box<APIKey>),
    /// An `APIKeyRequest`.
    Request(Box<APIKeyRequest>),
    /// An `APIKeyApproval`. When it was edited is read from its managedFields, where the server keeps them.
    Approval(Box<APIKeyApproval>),
    /// An `HTTPRoute`.
    Route(Box<HTTPRoute>),
    /// A `Gateway`.
    Gateway(Box<Gateway>),
    /// An `AuthPolicy`.
    AuthPolicy(Box<AuthPolicy>),
    /// A `PlanPolicy`.
    PlanPolicy(Box<PlanPolicy>),
    /// A `RateLimitPolicy`.
    RateLimitPolicy(Box<RateLimitPolicy>),
    /// A `Kuadrant`.
    Kuadrant(Box<Kuadrant>),
    /// The metadata of a `Secret`.
    Secret(SecretMeta),
}

impl Object {
    /// Reads an object of a kind that is kept whole or as a record. `None` of other kinds, and of Secrets: what of one is kept
    /// is not in its manifest.
    ///
    /// # Errors
    /// It is not what its kind says.
    pub fn read(manifest: Value) -> Option<Result<Self, serde_json::Error>> {
        let kind = Kind::named(manifest.get("kind")?.as_str()?)?;
        Some(match kind {
            Kind::Product => serde_json::from_value(manifest).map(Self::Product),
            Kind::Key => serde_json::from_value(manifest).map(Self::Key),
            Kind::Request => serde_json::from_value(manifest).map(Self::Request),
            Kind::Approval => serde_json::from_value(manifest).map(Self::Approval),
            Kind::Route => serde_json::from_value(manifest).map(Self::Route),
            Kind::Gateway => serde_json::from_value(manifest).map(Self::Gateway),
            Kind::AuthPolicy => serde_json::from_value(manifest).map(Self::AuthPolicy),
            Kind::PlanPolicy => serde_json::from_value(manifest).map(Self::PlanPolicy),
            Kind::RateLimitPolicy => serde_json::from_value(manifest).map(Self::RateLimitPolicy),
            Kind::Kuadrant => serde_json::from_value(manifest).map(Self::Kuadrant),
            Kind::Secret => return None,
        })
    }

    /// Which object of the cluster it is.
    #[must_use]
    pub fn reference(&self) -> Ref {
        let (kind, id) = match self {
            Self::Product(object) => (Kind::Product, id(object.as_ref())),
            Self::Key(object) => (Kind::Key, id(object.as_ref())),
            Self::Request(object) => (Kind::Request, id(object.as_ref())),
            Self::Approval(object) => (Kind::Approval, id(object.as_ref())),
            Self::Route(object) => (Kind::Route, id(object.as_ref())),
            Self::Gateway(object) => (Kind::Gateway, id(object.as_ref())),
            Self::AuthPolicy(object) => (Kind::AuthPolicy, id(object.as_ref())),
            Self::PlanPolicy(object) => (Kind::PlanPolicy, id(object.as_ref())),
            Self::RateLimitPolicy(object) => (Kind::RateLimitPolicy, id(object.as_ref())),
            Self::Kuadrant(object) => (Kind::Kuadrant, id(object.as_ref())),
            Self::Secret(secret) => (Kind::Secret, secret.id.clone()),
        };
        Ref {
            kind,
            namespace: id.namespace,
            name: id.name,
        }
    }
}

/// The namespace and name of a Kubernetes object.
pub(crate) fn id(object: &impl ResourceExt) -> NamespacedName {
    NamespacedName::new(object.namespace().unwrap_or_default(), object.name_any())
}

/// Names one object of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ref {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty for a cluster-scoped object.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Ref {
    /// The object's namespace and name.
    #[must_use]
    pub fn id(&self) -> NamespacedName {
        NamespacedName::new(self.namespace.as_str(), self.name.as_str())
    }
}

/// An approval, with what the API server says about its latest edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    /// The approval.
    pub object: APIKeyApproval,
    /// When somebody last wrote its spec, where the server tells.
    pub edited_at: Option<Timestamp>,
}

/// What is kept of a Secret. Never its data; labels and annotations only of what says to be an enforcement secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretMeta {
    /// Its namespace and name.
    pub id: NamespacedName,
    /// Its UID.
    pub uid: String,
    /// The version of the object that this was read from.
    pub resource_version: String,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Its labels, if it says to be an enforcement secret.
    pub labels: BTreeMap<String, String>,
    /// Those of its annotations that the controller writes, if it says to be an enforcement secret.
    pub annotations: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_manifest_is_read_as_the_kind_whose_name_it_has() {
        for kind in Kind::ALL {
            let manifest =
                json!({"kind": kind.as_str(), "metadata": {"namespace": "a", "name": "b"}, "spec": {}});
            let is_read = Object::read(manifest).is_some();
            assert_eq!(is_read, kind != Kind::Secret, "{kind}");
        }
        assert!(Object::read(json!({"kind": "Product"})).is_none());
        assert!(Object::read(json!({})).is_none());
    }
}
