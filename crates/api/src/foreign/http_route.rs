//! Gateway API's `HTTPRoute`.

use super::GATEWAY_API_GROUP;
use crate::kind::kind;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::http_route_rule::{HTTPRouteRule, rules};
use super::status::{ForeignCondition, is_true};
use crate::tolerant;

kind! {
    /// A route of HTTP requests from gateways to backends.
    HTTPRoute {
        group: GATEWAY_API_GROUP,
        version: "v1",
        plural: "httproutes",
        scope: NamespaceResourceScope,
        spec: HTTPRouteSpec,
        status: HTTPRouteStatus,
    }
}

/// Where a route is attached, for which hosts, and which requests it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HTTPRouteSpec {
    /// The gateways that the route wants to be attached to.
    #[serde(
        default,
        deserialize_with = "tolerant::each",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub parent_refs: Vec<ParentRef>,
    /// The hosts that it is for; all of the gateway's when empty.
    #[serde(
        default,
        deserialize_with = "tolerant::each",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hostnames: Vec<String>,
    /// Which requests it takes. One rule for all requests when absent; none at all when it is an empty list.
    #[serde(default = "HTTPRouteRule::for_all", deserialize_with = "rules")]
    pub rules: Vec<HTTPRouteRule>,
}

impl Default for HTTPRouteSpec {
    fn default() -> Self {
        Self {
            parent_refs: Vec::new(),
            hostnames: Vec::new(),
            rules: HTTPRouteRule::for_all(),
        }
    }
}

/// A gateway, or one of its listeners, that a route is attached to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentRef {
    /// API group of the parent; Gateway API's when absent.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub group: Option<String>,
    /// Kind of the parent; `Gateway` when absent.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// Namespace of the parent; the route's when absent.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub namespace: Option<String>,
    /// Name of the parent.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub name: String,
    /// The one listener that is meant.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub section_name: Option<String>,
    /// The port of the listeners that are meant; 0, which no listener has, where it cannot be understood.
    #[serde(default, deserialize_with = "port", skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A port that cannot be understood must not mean all ports.
fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let port = Option::<Value>::deserialize(deserializer)?;
    Ok(port.map(|port| serde_json::from_value(port).unwrap_or(0)))
}

impl ParentRef {
    /// Whether the parent is a Gateway of Gateway API.
    #[must_use]
    pub fn is_gateway(&self) -> bool {
        self.group
            .as_deref()
            .is_none_or(|group| group == super::GATEWAY_API_GROUP)
            && self.kind.as_deref().is_none_or(|kind| kind == "Gateway")
    }

    /// The parent's namespace, for a route that lives in `own`.
    #[must_use]
    pub fn namespace_or<'a>(&'a self, own: &'a str) -> &'a str {
        self.namespace
            .as_deref()
            .filter(|namespace| !namespace.is_empty())
            .unwrap_or(own)
    }
}

/// What the parents made of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HTTPRouteStatus {
    /// One entry per parent and controller.
    #[serde(
        default,
        deserialize_with = "tolerant::each",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub parents: Vec<ParentStatus>,
}

impl HTTPRouteStatus {
    /// Whether at least one parent accepted the route.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.parents.iter().any(ParentStatus::is_accepted)
    }
}

/// What one parent made of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentStatus {
    /// The parent.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub parent_ref: ParentRef,
    /// The controller that says so.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub controller_name: String,
    /// What it says.
    #[serde(
        default,
        deserialize_with = "tolerant::each",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub conditions: Vec<ForeignCondition>,
}

impl ParentStatus {
    /// Whether the parent accepted the route.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        is_true(&self.conditions, "Accepted")
    }
}
