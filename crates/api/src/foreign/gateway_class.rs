//! Gateway API's `GatewayClass`.

use super::GATEWAY_API_GROUP;
use crate::kind::kind;
use serde::{Deserialize, Serialize};

use super::status::ForeignStatus;
use crate::tolerant;

kind! {
    /// A class of gateways that one controller runs.
    GatewayClass {
        group: GATEWAY_API_GROUP,
        version: "v1",
        plural: "gatewayclasses",
        scope: ClusterResourceScope,
        spec: GatewayClassSpec,
        status: ForeignStatus,
    }
}

/// Who runs the gateways of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayClassSpec {
    /// Name of the controller.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub controller_name: String,
}
