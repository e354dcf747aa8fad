//! What objects of this group point at, and at whom.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::schema::local_object_reference;

/// The HTTPRoute that an API product offers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-kubernetes-validations" = json!([
    {
        "rule": "self.group == 'gateway.networking.k8s.io'",
        "message": "Invalid targetRef.group. The only supported value is 'gateway.networking.k8s.io'",
    },
    {
        "rule": "self.kind == 'HTTPRoute'",
        "message": "Invalid targetRef.kind. The only supported value is 'HTTPRoute'",
    },
])))]
pub struct TargetRef {
    /// API group of the target: gateway.networking.k8s.io.
    #[schemars(
        length(max = 253),
        regex(pattern = r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub group: String,
    /// Kind of the target: `HTTPRoute`.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")
    )]
    pub kind: String,
    /// Name of the target, in the namespace of the product.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// An API product, possibly in another namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiProductRef {
    /// Name of the APIProduct.
    pub name: String,
    /// Namespace of the APIProduct. Left out, it is the namespace of the APIKey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl ApiProductRef {
    /// The product's namespace, for a key that lives in `own`: as written, and `own` where nothing is written.
    #[must_use]
    pub fn namespace_or<'a>(&'a self, own: &'a str) -> &'a str {
        self.namespace
            .as_deref()
            .filter(|namespace| !namespace.is_empty())
            .unwrap_or(own)
    }
}

/// An API product in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocalApiProductRef {
    /// Name of the APIProduct.
    pub name: String,
}

/// A Secret in the same namespace. The name may be empty: then no Secret is referred to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = local_object_reference)]
pub struct SecretRef {
    /// Name of the Secret, whose entry `api_key` holds the value of the key.
    #[serde(default)]
    pub name: String,
}

/// An APIKey in any namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKeyRef {
    /// Name of the APIKey.
    pub name: String,
    /// Namespace of the APIKey.
    pub namespace: String,
}

/// An APIKeyRequest in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKeyRequestRef {
    /// Name of the APIKeyRequest.
    pub name: String,
}

/// The person who asks. Free text: nobody has proved that it is them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestedBy {
    /// Who asks, as known to the identity provider.
    #[serde(rename = "userId")]
    pub user_id: String,
    /// Where to reach them.
    #[schemars(regex(pattern = r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$"))]
    pub email: String,
}
