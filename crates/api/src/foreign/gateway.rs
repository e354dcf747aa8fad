//! Gateway API's `Gateway`.

use super::GATEWAY_API_GROUP;
use crate::kind::kind;
use serde::{Deserialize, Serialize};

use super::status::ForeignStatus;
use crate::tolerant;

kind! {
    /// A gateway that routes are attached to.
    Gateway {
        group: GATEWAY_API_GROUP,
        version: "v1",
        plural: "gateways",
        scope: NamespaceResourceScope,
        spec: GatewaySpec,
        status: ForeignStatus,
    }
}

/// Which class a gateway is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec {
    /// Name of the GatewayClass.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub gateway_class_name: String,
}
