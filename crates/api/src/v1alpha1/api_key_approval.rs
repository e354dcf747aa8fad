//! `APIKeyApproval`: a decision about an APIKeyRequest in the same namespace.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::ApiKeyRequestRef;
use super::schema::conditions;
use crate::kind::kind;
use crate::meta::{GROUP, VERSION};
use crate::moment;

kind! {
    /// An owner's decision about a request for a key. Changing approved to false revokes the key.
    APIKeyApproval {
        group: GROUP,
        version: VERSION,
        plural: "apikeyapprovals",
        scope: NamespaceResourceScope,
        spec: APIKeyApprovalSpec,
        status: APIKeyApprovalStatus,
    }
}

/// What was decided, by whom and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct APIKeyApprovalSpec {
    /// The request that is decided on, in this namespace.
    pub api_key_request_ref: ApiKeyRequestRef,
    /// True approves, false denies or revokes.
    pub approved: bool,
    /// Who decided. Free text: nobody has proved that it is them.
    pub reviewed_by: String,
    /// When it was decided.
    #[serde(deserialize_with = "moment::or_last")]
    pub reviewed_at: Time,
    /// The decision's reason in one word, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the consumer is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Default for APIKeyApprovalSpec {
    /// The spec of an object that has none: a denial of nothing, at the beginning of time.
    fn default() -> Self {
        Self {
            api_key_request_ref: ApiKeyRequestRef::default(),
            approved: false,
            reviewed_by: String::new(),
            reviewed_at: Time(Timestamp::UNIX_EPOCH),
            reason: None,
            message: None,
        }
    }
}

/// Whether the decision can count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct APIKeyApprovalStatus {
    /// The metadata.generation that this status was computed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What the controller last observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions")]
    pub conditions: Vec<Condition>,
}
