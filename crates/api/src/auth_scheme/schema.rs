//! The schema of an authentication scheme: Authorino's `AuthConfig` (v1beta3) as Kuadrant's policies repeat it.
//!
//! Written out because the CRD must prune, default and check exactly as upstream's; without descriptions, because the
//! reference of these fields is Authorino's.

use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::structural::typed;

/// The schema of a label selector, for types that hold one.
pub(super) fn labels(_: &mut SchemaGenerator) -> Schema {
    with(
        label_selector(),
        json!({ "description": "Labels that the Secrets must carry." }),
    )
    .try_into()
    .unwrap_or_default()
}

/// The schema of `status.discoveredAuthScheme`, and of the rules of an `AuthPolicy`.
pub(crate) fn auth_scheme() -> Value {
    object(json!({
        "authentication": map_of(evaluator(authentication(), &[])),
        "metadata": map_of(evaluator(metadata(), &[])),
        "authorization": map_of(evaluator(authorization(), &[])),
        "callbacks": map_of(evaluator(json!({ "http": http(json!({})) }), &["http"])),
        "response": object(json!({
            "unauthenticated": deny_with(),
            "unauthorized": deny_with(),
            "success": object(json!({ "headers": map_of(success()), "filters": map_of(success()) })),
        })),
    }))
}

fn authentication() -> Value {
    let secrets = || {
        required(
            json!({ "selector": label_selector(), "allNamespaces": flag(false) }),
            &["selector"],
        )
    };
    json!({
        "anonymous": { "type": "object" },
        "apiKey": secrets(),
        "x509": secrets(),
        "jwt": exclusive(
            json!({ "issuerUrl": string(), "jwksUrl": string(), "ttl": integer() }),
            ["jwksUrl", "issuerUrl"],
        ),
        "kubernetesTokenReview": object(json!({ "audiences": list_of(string()) })),
        "oauth2Introspection": required(
            json!({ "endpoint": string(), "tokenTypeHint": string(), "credentialsRef": local_object_reference() }),
            &["credentialsRef", "endpoint"],
        ),
        "plain": object(json!({ "selector": string(), "expression": string() })),
        "credentials": credentials(),
        "defaults": map_of(value()),
        "overrides": map_of(value()),
    })
}

fn metadata() -> Value {
    json!({
        "http": http(json!({})),
        "uma": required(
            json!({ "endpoint": string(), "credentialsRef": local_object_reference() }),
            &["credentialsRef", "endpoint"],
        ),
        "userInfo": exclusive(
            json!({ "identitySource": string(), "userInfoUrl": string() }),
            ["identitySource", "userInfoUrl"],
        ),
    })
}

fn authorization() -> Value {
    let named = || object(json!({ "kind": value(), "name": value() }));
    json!({
        "patternMatching": required(json!({ "patterns": patterns() }), &["patterns"]),
        "opa": object(json!({
            "rego": string(),
            "allValues": flag(false),
            "externalPolicy": http(json!({ "ttl": integer() })),
        })),
        "kubernetesSubjectAccessReview": object(json!({
            "user": value(),
            "groups": list_of(string()),
            "authorizationGroups": value(),
            "resourceAttributes": object(json!({
                "group": value(),
                "name": value(),
                "namespace": value(),
                "resource": value(),
                "subresource": value(),
                "verb": value(),
            })),
        })),
        "spicedb": required(
            json!({
                "endpoint": string(),
                "insecure": { "type": "boolean" },
                "sharedSecretRef": secret_key(),
                "subject": named(),
                "resource": named(),
                "permission": value(),
            }),
            &["endpoint"],
        ),
    })
}

/// What a successful authorisation adds to the request.
fn success() -> Value {
    let algorithm =
        json!({ "type": "string", "enum": ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512"] });
    evaluator(
        json!({
            "key": string(),
            "plain": value(),
            "json": required(json!({ "properties": map_of(value()) }), &["properties"]),
            "wristband": required(
                json!({
                    "issuer": string(),
                    "customClaims": map_of(value()),
                    "tokenDuration": { "type": "integer", "format": "int64" },
                    "signingKeyRefs":
                        list_of(required(json!({ "name": string(), "algorithm": algorithm }), &["algorithm", "name"])),
                }),
                &["issuer", "signingKeyRefs"],
            ),
        }),
        &[],
    )
}

/// What a refused caller is answered.
fn deny_with() -> Value {
    object(json!({
        "code": { "type": "integer", "format": "int64", "minimum": 300, "maximum": 599 },
        "headers": map_of(value()),
        "message": value(),
        "body": value(),
    }))
}

/// What every step of a scheme has, and its own fields.
fn evaluator(own: Value, needs: &[&str]) -> Value {
    let common = json!({
        "when": patterns(),
        "cache": required(
            json!({ "key": value(), "ttl": { "type": "integer", "default": 60 } }),
            &["key"],
        ),
        "metrics": flag(false),
        "priority": { "type": "integer", "default": 0 },
    });
    required(with(common, own), needs)
}

/// A call to another server, with further fields.
fn http(own: Value) -> Value {
    let call = json!({
        "url": string(),
        "urlExpression": string(),
        "method": {
            "type": "string",
            "default": "GET",
            "enum": ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"],
        },
        "contentType": {
            "type": "string",
            "default": "application/x-www-form-urlencoded",
            "enum": ["application/x-www-form-urlencoded", "application/json"],
        },
        "body": value(),
        "bodyParameters": map_of(value()),
        "headers": map_of(value()),
        "credentials": credentials(),
        "sharedSecretRef": secret_key(),
        "oauth2": required(
            json!({
                "cache": flag(true),
                "clientId": string(),
                "clientSecretRef": secret_key(),
                "extraParams": map_of(string()),
                "scopes": list_of(string()),
                "tokenUrl": string(),
            }),
            &["clientId", "clientSecretRef", "tokenUrl"],
        ),
    });
    object(with(call, own))
}

fn credentials() -> Value {
    let named = || required(json!({ "name": string() }), &["name"]);
    object(json!({
        "authorizationHeader": object(json!({ "prefix": string() })),
        "customHeader": named(),
        "queryString": named(),
        "cookie": named(),
    }))
}

/// Conditions on a request: patterns, references to named patterns, or all and any of them.
fn patterns() -> Value {
    let nested = || list_of(json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true }));
    list_of(object(json!({
        "predicate": string(),
        "patternRef": string(),
        "selector": string(),
        "operator": { "type": "string", "enum": ["eq", "neq", "incl", "excl", "matches"] },
        "value": string(),
        "all": nested(),
        "any": nested(),
    })))
}

/// A fixed value, or where to take it from.
fn value() -> Value {
    object(json!({
        "value": { "x-kubernetes-preserve-unknown-fields": true },
        "selector": string(),
        "expression": string(),
    }))
}

fn label_selector() -> Value {
    let atomic =
        |items: Value| json!({ "type": "array", "items": items, "x-kubernetes-list-type": "atomic" });
    let expression = required(
        json!({ "key": string(), "operator": string(), "values": atomic(string()) }),
        &["key", "operator"],
    );
    with(
        object(json!({ "matchLabels": map_of(string()), "matchExpressions": atomic(expression) })),
        json!({ "x-kubernetes-map-type": "atomic" }),
    )
}

fn local_object_reference() -> Value {
    with(
        object(json!({ "name": { "type": "string", "default": "" } })),
        json!({ "x-kubernetes-map-type": "atomic" }),
    )
}

fn secret_key() -> Value {
    required(json!({ "name": string(), "key": string() }), &["key", "name"])
}

/// How the rule of [`exclusive`] is told.
const USE_ONE_OF: &str = "Use one of: ";

/// An object of which at most one of two fields may be set.
fn exclusive(properties: Value, [one, other]: [&str; 2]) -> Value {
    let set = |field: &str| format!("has(self.{field}) && self.{field} != ''");
    with(
        object(properties),
        json!({
            "x-kubernetes-validations": [{
                "rule": format!("!({} && {})", set(one), set(other)),
                "message": format!("{USE_ONE_OF}{one}, {other}"),
            }],
        }),
    )
}

/// The fields of an object of which at most one may be set: the only rule in CEL that schemes have.
pub(super) fn exclusive_fields(schema: &Value) -> Option<[&str; 2]> {
    let message = schema["x-kubernetes-validations"][0]["message"].as_str()?;
    let (one, other) = message.strip_prefix(USE_ONE_OF)?.split_once(", ")?;
    Some([one, other])
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn integer() -> Value {
    json!({ "type": "integer" })
}

fn flag(default: bool) -> Value {
    json!({ "type": "boolean", "default": default })
}

fn list_of(items: Value) -> Value {
    typed("array", "items", items)
}

fn map_of(values: Value) -> Value {
    typed("object", "additionalProperties", values)
}

fn object(properties: Value) -> Value {
    typed("object", "properties", properties)
}

fn required(properties: Value, needs: &[&str]) -> Value {
    let mut schema = object(properties);
    if !needs.is_empty() {
        schema["required"] = json!(needs);
    }
    schema
}

fn with(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
    }
    base
}
