//! `APIKeyRequest`: an APIKey as the owner of the product sees it, without the Secret. Written by the controller only.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::{ApiKeyRef, LocalApiProductRef, RequestedBy};
use super::schema::conditions;
use crate::kind::kind;
use crate::meta::{GROUP, VERSION};
use crate::moment;

kind! {
    /// A consumer's request for a key, in the namespace of the product, for its owner to decide on.
    APIKeyRequest {
        group: GROUP,
        version: VERSION,
        plural: "apikeyrequests",
        scope: NamespaceResourceScope,
        spec: APIKeyRequestSpec,
        status: APIKeyRequestStatus,
    }
}

/// What a consumer asks of this namespace's product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct APIKeyRequestSpec {
    /// The product asked for, in this namespace.
    pub api_product_ref: LocalApiProductRef,
    /// The plan tier asked for.
    pub plan_tier: String,
    /// What the key is for. Empty when the consumer did not say.
    pub use_case: String,
    /// Who asks.
    pub requested_by: RequestedBy,
    /// The APIKey that this request stands for.
    pub api_key_ref: ApiKeyRef,
    /// When the key is to stop working.
    #[serde(
        default,
        deserialize_with = "moment::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<Time>,
}

/// Where the request stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct APIKeyRequestStatus {
    /// The conditions of the APIKey that this request stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions")]
    pub conditions: Vec<Condition>,
}
