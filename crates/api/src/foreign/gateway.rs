//! Gateway API's `Gateway`.

use super::GATEWAY_API_GROUP;
use crate::kind::kind;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

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

/// Which class a gateway is of, and where it listens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec {
    /// Name of the GatewayClass.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub gateway_class_name: String,
    /// Where it listens. A listener that cannot be understood is not there: no route is attached to it.
    #[serde(
        default,
        deserialize_with = "listeners",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub listeners: Vec<Listener>,
}

/// One port and host of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// Its name, by which a route can be attached to it alone.
    pub name: String,
    /// The host that it is for, which may begin with `*.`; any when absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The port that it listens on.
    #[serde(default)]
    pub port: u16,
    /// `HTTP`, `HTTPS`, `TLS` and the like.
    #[serde(default)]
    pub protocol: String,
    /// Whose routes may be attached to it.
    #[serde(default, rename = "allowedRoutes")]
    pub routes_from: RoutesFrom,
}

/// The namespaces whose routes may be attached to a listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoutesFrom {
    /// The gateway's own.
    #[default]
    Same,
    /// All.
    All,
    /// Those that a selector selects, which is not read.
    Selector,
    /// None that we know of.
    Other,
}

impl Serialize for RoutesFrom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let from = match self {
            Self::Same => "Same",
            Self::All => "All",
            Self::Selector => "Selector",
            Self::Other => "None",
        };
        json!({ "namespaces": { "from": from } }).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RoutesFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let allowed = Value::deserialize(deserializer)?;
        let namespaces = field(&allowed, "namespaces");
        Ok(
            match namespaces.and_then(|namespaces| field(namespaces, "from")) {
                Some(Value::Null) => Self::Same,
                Some(Value::String(from)) => match from.as_str() {
                    "Same" => Self::Same,
                    "All" => Self::All,
                    "Selector" => Self::Selector,
                    _ => Self::Other,
                },
                _ => Self::Other,
            },
        )
    }
}

/// A field of an object, null where it or the object is absent; nothing of what is not an object.
fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Null => Some(&Value::Null),
        Value::Object(fields) => Some(fields.get(name).unwrap_or(&Value::Null)),
        _ => None,
    }
}

/// The listeners that can be understood. A default in place of another would be for every host.
fn listeners<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Listener>, D::Error> {
    let Value::Array(elements) = Value::deserialize(deserializer)? else {
        return Ok(Vec::new());
    };
    Ok(elements
        .into_iter()
        .filter(Value::is_object)
        .filter_map(|element| serde_json::from_value(element).ok())
        .collect())
}
