//! The objects of the scenarios: one API product with its policies, one consumer with a key. Change what matters to a
//! test with [`but`].

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hidden::base64;
use crate::kinds::{self, Address};

/// Where Kuadrant and the enforcement secrets are.
pub const KUADRANT_NAMESPACE: &str = "kuadrant-system";
/// Where the product, its policies, requests and decisions are.
pub const OWNER_NAMESPACE: &str = "gamestore";
/// Where the key and its Secret are.
pub const CONSUMER_NAMESPACE: &str = "consumer-app";
/// The key value of [`secret`] in the scenarios.
pub const KEY_VALUE: &str = "abc123";

/// The object with `changes` merged in (RFC 7396: null removes).
#[must_use]
pub fn but(mut object: Value, changes: &Value) -> Value {
    merge(&mut object, changes);
    object
}

fn merge(target: &mut Value, changes: &Value) {
    let Value::Object(changes) = changes else {
        *target = changes.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, change) in changes {
        if change.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name], change);
        }
    }
}

/// The same object under another name and in another namespace.
#[must_use]
pub fn named(object: Value, namespace: &str, name: &str) -> Value {
    but(
        object,
        &json!({ "metadata": { "namespace": namespace, "name": name } }),
    )
}

/// A namespace.
#[must_use]
pub fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

/// The Kuadrant resource `kuadrant`.
#[must_use]
pub fn kuadrant() -> Value {
    json!({
        "apiVersion": "kuadrant.io/v1beta1",
        "kind": "Kuadrant",
        "metadata": { "name": "kuadrant", "namespace": KUADRANT_NAMESPACE },
    })
}

/// The route `gamestore` with one host, attached to the Gateway `gamestore`.
#[must_use]
pub fn route() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": { "name": "gamestore", "namespace": OWNER_NAMESPACE },
        "spec": {
            "parentRefs": [parent()],
            "hostnames": ["api.gamestore.example.com"],
            "rules": [{ "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }] }],
        },
    })
}

fn parent() -> Value {
    json!({
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": "gamestore",
        "namespace": OWNER_NAMESPACE,
    })
}

/// The status of a route with one parent for each of `accepted`.
#[must_use]
pub fn route_status(accepted: &[bool]) -> Value {
    let parents: Vec<Value> = accepted
        .iter()
        .enumerate()
        .map(|(index, accepted)| {
            json!({
                "parentRef": but(parent(), &json!({ "sectionName": format!("listener-{index}") })),
                "controllerName": "example.com/gateway-controller",
                "conditions": [condition("Accepted", *accepted)],
            })
        })
        .collect();
    json!({ "parents": parents })
}

/// The status of a policy.
#[must_use]
pub fn policy_status(accepted: bool, enforced: bool) -> Value {
    json!({ "conditions": [condition("Accepted", accepted), condition("Enforced", enforced)] })
}

fn condition(r#type: &str, holds: bool) -> Value {
    json!({
        "type": r#type,
        "status": if holds { "True" } else { "False" },
        "reason": if holds { r#type } else { "Unknown" },
        "message": "as the scenario says",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

fn target(kind: &str, name: &str) -> Value {
    json!({ "group": "gateway.networking.k8s.io", "kind": kind, "name": name })
}

/// The apiKey entry `vip-users` of [`auth_policy`].
#[must_use]
pub fn vip_users() -> Value {
    json!({
        "apiKey": { "selector": { "matchLabels": { "app": "gamestore", "role": "admin" } } },
        "credentials": { "authorizationHeader": { "prefix": "APIKEY" } },
    })
}

/// The policy `gamestore-auth` on the route, with one apiKey entry `vip-users`.
#[must_use]
pub fn auth_policy() -> Value {
    json!({
        "apiVersion": "kuadrant.io/v1",
        "kind": "AuthPolicy",
        "metadata": { "name": "gamestore-auth", "namespace": OWNER_NAMESPACE },
        "spec": {
            "targetRef": target("HTTPRoute", "gamestore"),
            "rules": { "authentication": { "vip-users": vip_users() } },
        },
    })
}

/// The plans gold, silver and bronze on the route: 100, 50 and 10 calls a day.
#[must_use]
pub fn plan_policy() -> Value {
    let plan = |tier: &str, daily: u32| {
        let predicate =
            format!(r#"auth.identity.metadata.annotations["secret.kuadrant.io/plan-id"] == "{tier}""#);
        json!({ "tier": tier, "predicate": predicate, "limits": { "daily": daily } })
    };
    json!({
        "apiVersion": "extensions.kuadrant.io/v1alpha1",
        "kind": "PlanPolicy",
        "metadata": { "name": "gamestore-plan", "namespace": OWNER_NAMESPACE },
        "spec": {
            "targetRef": target("HTTPRoute", "gamestore"),
            "plans": [plan("gold", 100), plan("silver", 50), plan("bronze", 10)],
        },
    })
}

/// A policy moved from the route to the Gateway `name` in its own namespace.
#[must_use]
pub fn on_gateway(policy: Value, name: &str) -> Value {
    but(
        policy,
        &json!({ "spec": { "targetRef": target("Gateway", name) } }),
    )
}

/// The product `gamestore-api`, reviewed by hand.
#[must_use]
pub fn product() -> Value {
    json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1",
        "kind": "APIProduct",
        "metadata": { "name": "gamestore-api", "namespace": OWNER_NAMESPACE },
        "spec": {
            "displayName": "Gamestore API",
            "approvalMode": "manual",
            "publishStatus": "Published",
            "targetRef": target("HTTPRoute", "gamestore"),
        },
    })
}

/// The same product in automatic mode.
#[must_use]
pub fn automatic_product() -> Value {
    but(product(), &json!({ "spec": { "approvalMode": "automatic" } }))
}

/// A consumer's Secret with a key value.
#[must_use]
pub fn secret(namespace: &str, name: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": name, "namespace": namespace },
        "type": "Opaque",
        "data": { "api_key": base64(value.as_bytes()) },
    })
}

/// The Secret that [`key`] names.
#[must_use]
pub fn key_secret() -> Value {
    secret(CONSUMER_NAMESPACE, "gamestore-apikey-secret", KEY_VALUE)
}

/// The key `gamestore-apikey`: gold, for the product.
#[must_use]
pub fn key() -> Value {
    json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1",
        "kind": "APIKey",
        "metadata": { "name": "gamestore-apikey", "namespace": CONSUMER_NAMESPACE },
        "spec": {
            "apiProductRef": { "name": "gamestore-api", "namespace": OWNER_NAMESPACE },
            "secretRef": { "name": "gamestore-apikey-secret" },
            "planTier": "gold",
            "useCase": "mobile",
            "requestedBy": { "userId": "user-12345", "email": "developer@consumer-app.com" },
        },
    })
}

/// A decision on the request of [`key`]: approved, `Valid use case`, reviewed now.
#[must_use]
pub fn approval() -> Value {
    json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1",
        "kind": "APIKeyApproval",
        "metadata": { "name": "gamestore-approval-12345", "namespace": OWNER_NAMESPACE },
        "spec": {
            "apiKeyRequestRef": { "name": request_name(CONSUMER_NAMESPACE, "gamestore-apikey") },
            "approved": true,
            "reviewedBy": "api-owner@gamestore.com",
            "reviewedAt": now_plus(0),
            "reason": "Approved",
            "message": "Valid use case",
        },
    })
}

/// The same as a denial with this message.
#[must_use]
pub fn denial(message: &str) -> Value {
    but(
        approval(),
        &json!({ "spec": { "approved": false, "reason": "Denied", "message": message } }),
    )
}

/// RFC 3339, whole seconds, this far from now.
#[must_use]
pub fn now_plus(seconds: i64) -> String {
    let instant = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + seconds);
    instant.unwrap().to_string()
}

/// The name of a key's request, by upstream's rule, where no part needs to be shortened.
#[must_use]
pub fn request_name(key_namespace: &str, key_name: &str) -> String {
    let digest = Sha256::digest(format!("{key_namespace}/{key_name}"));
    let hash = digest.iter().take(4).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    format!("{key_namespace}-{key_name}-{hash}")
}

/// Where the request of a key for the product of the scenarios is.
#[must_use]
pub fn request_of(key: &Value) -> Address {
    let key = Address::of(key);
    Address::new(
        kinds::REQUEST,
        OWNER_NAMESPACE,
        &request_name(&key.namespace, &key.name),
    )
}

/// Where the enforcement secret of a key is.
#[must_use]
pub fn enforcement_of(key: &Value) -> Address {
    let key = Address::of(key);
    let name = format!("devportal-{}", request_name(&key.namespace, &key.name));
    Address::new(kinds::SECRET, KUADRANT_NAMESPACE, &name)
}

#[cfg(test)]
mod tests {
    use super::{but, request_name};
    use serde_json::json;

    #[test]
    fn request_names_are_upstreams() {
        let cases = [
            ("consumer-app", "gamestore-apikey", "8dee3e06"),
            ("foo-bar", "baz", "fa616890"),
            ("foo", "bar-baz", "cd6ffb27"),
            ("consumer-namespace", "toystore-apikey", "a650afda"),
            ("consumer-team-mobile", "mobile-app-payment-key", "6d20ab9d"),
        ];
        for (namespace, name, hash) in cases {
            assert_eq!(
                request_name(namespace, name),
                format!("{namespace}-{name}-{hash}")
            );
        }
    }

    #[test]
    fn but_merges_and_null_removes() {
        let changed = but(
            json!({ "a": { "b": 1, "c": 2 } }),
            &json!({ "a": { "b": null, "d": { "e": 3 } } }),
        );
        assert_eq!(changed, json!({ "a": { "c": 2, "d": { "e": 3 } } }));
    }
}
