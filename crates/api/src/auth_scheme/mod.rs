//! The authentication scheme of an `AuthPolicy`, as `status.discoveredAuthScheme` repeats it.
//!
//! The scheme is somebody else's vocabulary, larger than what we read and growing. It is carried as it came, and what
//! we need of it is read through [`AuthScheme::authentications`].

pub(crate) mod schema;
mod stored;

use std::sync::LazyLock;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use stored::stored;

/// The rules of an `AuthPolicy`, unchanged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthScheme(pub Map<String, Value>);

impl AuthScheme {
    /// The scheme as the APIProduct CRD lets it be stored: fields that the CRD does not know are gone, and defaults are
    /// filled in. Written in this form, what is read back is what was written.
    ///
    /// An entry that the CRD would refuse is left out whole, for half a selector would select more.
    #[must_use]
    pub fn as_stored(&self) -> Self {
        static SCHEMA: LazyLock<Value> = LazyLock::new(schema::auth_scheme);
        let parts = SCHEMA["properties"].as_object().into_iter().flatten();
        let parts = parts.filter_map(|(part, schema)| {
            let value = self.0.get(part)?.clone();
            let stored = match (&schema["additionalProperties"], value) {
                (entry @ Value::Object(_), Value::Object(entries)) => {
                    let entries = entries.into_iter();
                    entries
                        .filter_map(|(name, value)| Some((name, stored(entry, value)?)))
                        .collect()
                }
                (_, value) => stored(schema, value)?,
            };
            Some((part.clone(), stored))
        });
        Self(parts.collect())
    }

    /// The authentication entries, in the one order in which all of Keydesk looks at them: by priority (the smaller
    /// first), then by name.
    #[must_use]
    pub fn authentications(&self) -> Vec<Authentication> {
        let Some(Value::Object(entries)) = self.0.get("authentication") else {
            return Vec::new();
        };
        let mut entries: Vec<_> = entries
            .iter()
            .map(|(name, entry)| Authentication::read(name, entry))
            .collect();
        entries.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
        entries
    }
}

impl JsonSchema for AuthScheme {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AuthScheme".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema::auth_scheme().try_into().unwrap_or_default()
    }
}

/// One way to prove who is calling.
#[derive(Clone, Debug, PartialEq)]
pub struct Authentication {
    /// Name of the entry in the policy.
    pub name: String,
    /// Entries of smaller priority are tried first.
    pub priority: i64,
    /// What proves it.
    pub method: Method,
    /// Where in a request the proof is.
    pub credentials: Credentials,
    /// Whether conditions go with the entry, or changes of the identity.
    pub is_qualified: bool,
}

/// What proves who is calling, as far as we tell it apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// A value that one of a set of Secrets holds.
    ApiKey(ApiKeyAuthentication),
    /// A signed token. Without an issuer only its key set is known.
    Jwt {
        /// URL of the OpenID provider.
        issuer_url: Option<String>,
    },
    /// Anything else.
    Other,
}

impl Authentication {
    fn read(name: &str, entry: &Value) -> Self {
        let read = |field: &str| entry.get(field).filter(|value| !value.is_null());
        let method = if let Some(value) = read("apiKey") {
            serde_json::from_value(value.clone()).map_or(Method::Other, Method::ApiKey)
        } else if let Some(jwt) = read("jwt") {
            let issuer = jwt
                .get("issuerUrl")
                .and_then(Value::as_str)
                .filter(|url| !url.is_empty());
            Method::Jwt {
                issuer_url: issuer.map(str::to_owned),
            }
        } else {
            Method::Other
        };
        Self {
            name: name.to_owned(),
            priority: read("priority").and_then(Value::as_i64).unwrap_or(0),
            method,
            credentials: read("credentials")
                .and_then(|value| serde_json::from_value(value.clone()).ok())
                .unwrap_or_default(),
            is_qualified: ["when", "defaults", "overrides"]
                .into_iter()
                .any(|field| read(field).is_some()),
        }
    }
}

/// Which Secrets a gateway accepts as API keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyAuthentication {
    /// The labels that those Secrets carry.
    #[schemars(schema_with = "schema::labels")]
    pub selector: LabelSelector,
    /// Whether Secrets of all namespaces are looked at, or only those beside the gateway's configuration.
    #[serde(default)]
    pub all_namespaces: bool,
}

/// Where in a request a credential is. At most one is set; none means the Authorization header with prefix Bearer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// In the Authorization header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_header: Option<Prefixed>,
    /// In a header of another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_header: Option<Named>,
    /// In a parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_string: Option<Named>,
    /// In a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<Named>,
}

/// A credential after a prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prefixed {
    /// The word before the credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// A credential under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    /// The name of the header, parameter or cookie.
    pub name: String,
}
