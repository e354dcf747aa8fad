//! `APIKey`: a consumer's wish to call an API product with a value of their own.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::{ApiProductRef, RequestedBy, SecretRef};
use super::schema::conditions;
use crate::kind::kind;
use crate::meta::{GROUP, VERSION};
use crate::moment;
use crate::{ApiKeyAuthentication, Credentials, Limits};

kind! {
    /// A consumer's access to an API product, asked for or held.
    APIKey {
        group: GROUP,
        version: VERSION,
        plural: "apikeys",
        scope: NamespaceResourceScope,
        spec: APIKeySpec,
        status: APIKeyStatus,
    }
}

/// What the consumer asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct APIKeySpec {
    /// The product to call.
    pub api_product_ref: ApiProductRef,
    /// The Secret, in the same namespace, whose entry `api_key` holds the value of the key.
    pub secret_ref: SecretRef,
    /// The plan tier asked for, one of those that the product shows in its status.
    pub plan_tier: String,
    /// What the key is for, for the owner to decide on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_case: Option<String>,
    /// Who asks.
    pub requested_by: RequestedBy,
    /// When the key stops working. Left out, it works until it is revoked.
    #[serde(
        default,
        deserialize_with = "moment::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<Time>,
}

/// Where the request stands, and what a caller needs to know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct APIKeyStatus {
    /// The metadata.generation that this status was computed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Host to call, from the product's HTTPRoute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_hostname: Option<String>,
    /// What the plan tier allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// How to present the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_scheme: Option<KeyAuthScheme>,
    /// Where the request stands: one of Pending, Approved, Denied, Expired and Failed is True.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions")]
    pub conditions: Vec<Condition>,
}

/// How a key is recognised and presented: the apiKey entry of the product's authentication scheme.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyAuthScheme {
    /// Which Secrets the gateway accepts as keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_spec: Option<ApiKeyAuthentication>,
    /// Where in a request the value goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
}
