//! `APIProduct`: an owner's entry in the catalogue, for one HTTPRoute in the same namespace.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::TargetRef;
use super::schema::{conditions_by_type, integer, modes_required};
use crate::kind::kind;
use crate::meta::{GROUP, VERSION};
use crate::{AuthScheme, Limits};

kind! {
    /// An API that consumers can ask for a key to.
    APIProduct {
        group: GROUP,
        version: VERSION,
        plural: "apiproducts",
        scope: NamespaceResourceScope,
        spec: APIProductSpec,
        status: APIProductStatus,
    }
}

/// What the owner offers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = modes_required)]
pub struct APIProductSpec {
    /// Name of the product as people read it.
    pub display_name: String,
    /// What the product is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Version of the API, such as v1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Who decides about requests: automatic approves all that come, manual waits for the owner.
    #[serde(default)]
    pub approval_mode: ApprovalMode,
    /// Whether the product is meant to be seen in the catalogue.
    #[serde(default)]
    pub publish_status: PublishStatus,
    /// Words to find the product by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The HTTPRoute that serves the API, in the namespace of the product.
    pub target_ref: TargetRef,
    /// Where the API is documented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation: Option<Documentation>,
    /// Whom to ask about the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// Who decides about requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalMode {
    /// The controller approves every request.
    Automatic,
    /// An owner decides on each request.
    #[default]
    Manual,
}

/// Whether the product is meant to be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PublishStatus {
    /// Not shown in the catalogue.
    #[default]
    Draft,
    /// Shown in the catalogue.
    Published,
}

/// Where the API is documented. Nothing here is checked to be a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Documentation {
    /// URL of the OpenAPI document, which the controller fetches into the status.
    #[serde(rename = "openAPISpecURL", skip_serializing_if = "Option::is_none")]
    pub openapi_spec_url: Option<String>,
    /// URL of pages to try the API on.
    #[serde(rename = "swaggerUI", skip_serializing_if = "Option::is_none")]
    pub swagger_ui: Option<String>,
    /// URL of the API's documentation.
    #[serde(rename = "docsURL", skip_serializing_if = "Option::is_none")]
    pub docs_url: Option<String>,
    /// URL of the API's source code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_repository: Option<String>,
    /// Reference that Backstage's `TechDocs` understands, such as dir:. for the repository itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub techdocs_ref: Option<String>,
}

/// Whom to ask about the API. Nothing here is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Name of the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// E-mail address of the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Slack channel of the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack: Option<String>,
    /// URL of the team's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What the controller found out about a product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct APIProductStatus {
    /// The metadata.generation that this status was computed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The plan tiers of the `PlanPolicy` that applies to the route, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discovered_plans: Vec<DiscoveredPlan>,
    /// The rules of the `AuthPolicy` that is in force for the route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovered_auth_scheme: Option<AuthScheme>,
    /// The OpenAPI document as last fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openapi: Option<OpenApi>,
    /// What the identity provider of the `AuthPolicy` says about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_discovery: Option<OidcDiscovery>,
    /// What the controller last observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions_by_type")]
    pub conditions: Vec<Condition>,
}

/// A plan tier that consumers can ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiscoveredPlan {
    /// Name of the tier.
    pub tier: String,
    /// What the tier allows.
    #[serde(default)]
    pub limits: Limits,
}

/// An OpenAPI document and how it was had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenApi {
    /// The document as fetched; empty after a failure.
    pub raw: String,
    /// When it was last fetched or tried.
    pub last_sync_time: Time,
    /// The limit on the document's size, in bytes, at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "integer")]
    pub max_size_used: Option<i64>,
}

/// What an OpenID provider says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcDiscovery {
    /// URL to get tokens from.
    pub token_endpoint: String,
}
