//! A cluster with one product, which wants keys in four places, and one approved key: and the gate that knows it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::meta::{annotation, enforcement_secret_name, label, request_name};
use keydesk_catalog::{Catalog, Object};
use keydesk_core::{Digest, NamespacedName};
use keydesk_feed::{KeySecret, SecretEvent};
use keydesk_gate::{Gate, Index, Scope, State};
use keydesk_quota::{Counters, Store};
use serde_json::{Value, json};

/// The value of the key.
pub(super) const VALUE: &str = "kd0123456789";

const OWNER: &str = "gamestore";
const CONSUMER: &str = "team";
const PRODUCT: &str = "gamestore-api";
const KUADRANT: &str = "kuadrant-system";
const KEY: &str = "key";
const CREATED: &str = "2026-01-01T00:00:00Z";

/// What a cluster says, taken in object by object.
pub(super) struct Cluster {
    pub(super) catalog: Catalog,
    index: Index,
    now: Timestamp,
}

impl Cluster {
    /// Of which nothing is known.
    pub(super) fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            index: Index::new(Scope::default()),
            now: now(),
        }
    }

    /// With the product and the key.
    pub(super) fn with_key() -> Self {
        let mut cluster = Self::new(Catalog::brief());
        cluster.put_all(manifests().into_iter().filter_map(object));
        cluster.put_secret();
        cluster
    }

    /// Takes in one object.
    pub(super) fn put(&mut self, object: Object) {
        self.put_all([object]);
    }

    /// Takes in objects, and looks at what they change when all of them are there.
    pub(super) fn put_all(&mut self, objects: impl IntoIterator<Item = Object>) {
        let affected: BTreeSet<_> = objects
            .into_iter()
            .flat_map(|object| self.catalog.apply(object))
            .collect();
        self.index.look(affected, &self.catalog, self.now);
    }

    /// The enforcement secret, which says what it is for, and grants nothing by itself.
    pub(super) fn put_secret(&mut self) {
        self.index
            .secrets(SecretEvent::Applied(secret()), &self.catalog, self.now);
    }

    /// A gate that knows what was taken in.
    pub(super) fn gate(&mut self) -> Arc<Gate> {
        let counters = Arc::new(Counters::kept());
        let gate = Gate::new(Store::Memory(counters), keydesk_quota::Scope::Key);
        gate.publish(self.index.snapshot());
        gate.set_state(State::Current);
        Arc::new(gate)
    }
}

/// An object of a kind that the catalog keeps, and that can be read.
pub(super) fn object(manifest: Value) -> Option<Object> {
    Object::read(manifest)?.ok()
}

/// The one moment at which all of it happens.
pub(super) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().expect("a time")
}

fn secret() -> KeySecret {
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let labels = [
        ("app", "gamestore"),
        (label::ENFORCEMENT, label::ENFORCEMENT_VALUE),
        (label::API_PRODUCT, PRODUCT),
        (label::API_PRODUCT_NAMESPACE, OWNER),
        (label::API_KEY, KEY),
        (label::API_KEY_NAMESPACE, CONSUMER),
        (label::AUTHORINO_MANAGED_BY, label::AUTHORINO_MANAGED_BY_VALUE),
    ];
    let annotations = [(annotation::PLAN_ID, "gold"), (annotation::USER_ID, "ada")];
    KeySecret {
        id: NamespacedName::new(KUADRANT, enforcement_secret_name(CONSUMER, KEY)),
        uid: "00000000-0000-0000-0000-00000000000a".to_owned(),
        created_at: CREATED.parse().ok(),
        labels: labels.map(own).into(),
        annotations: annotations.map(own).into(),
        digest: Some(Digest::of(VALUE.as_bytes())),
    }
}

/// All objects, as the API server has them. The limits are so high that nobody meets them.
pub(super) fn manifests() -> Vec<Value> {
    platform().into_iter().chain(policies()).chain(ours()).collect()
}

fn manifest(
    api_version: &str,
    kind: &str,
    namespace: &str,
    name: &str,
    spec: &Value,
    status: &Value,
) -> Value {
    json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {
            "name": name, "namespace": namespace, "generation": 1,
            "uid": format!("{kind}/{name}"), "creationTimestamp": CREATED,
        },
        "spec": spec, "status": status,
    })
}

fn condition(kind: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": kind, "message": "", "lastTransitionTime": CREATED})
}

fn target() -> Value {
    json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore"})
}

fn platform() -> [Value; 3] {
    let gateway_api = |kind, name, spec, status| {
        manifest("gateway.networking.k8s.io/v1", kind, OWNER, name, &spec, &status)
    };
    let parent = json!({"name": "external", "namespace": OWNER});
    [
        manifest(
            "kuadrant.io/v1beta1",
            "Kuadrant",
            KUADRANT,
            "kuadrant",
            &json!({}),
            &json!({}),
        ),
        gateway_api(
            "Gateway",
            "external",
            json!({"gatewayClassName": "keydesk", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}),
            json!({}),
        ),
        gateway_api(
            "HTTPRoute",
            "gamestore",
            json!({
                "parentRefs": [parent], "hostnames": ["api.example.com"],
                "rules": [
                    {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]},
                    {"matches": [{
                        "path": {"type": "RegularExpression", "value": "/v[0-9]+/.*"},
                        "headers": [{"name": "X-Env", "value": "canary"}],
                        "queryParams": [{"name": "v", "value": "2"}],
                    }]},
                ],
            }),
            json!({"parents": [{
                "parentRef": parent, "controllerName": "keydesk.dev/gateway", "conditions": [condition("Accepted")],
            }]}),
        ),
    ]
}

fn policies() -> [Value; 2] {
    let status = json!({"conditions": [condition("Accepted"), condition("Enforced")]});
    let entry = |credentials: Value| {
        json!({
            "apiKey": {"selector": {"matchLabels": {"app": "gamestore"}}},
            "credentials": credentials,
        })
    };
    let auth = json!({"targetRef": target(), "rules": {"authentication": {
        "a": entry(json!({"authorizationHeader": {"prefix": "APIKEY"}})),
        "b": entry(json!({"customHeader": {"name": "X-API-Key"}})),
        "c": entry(json!({"queryString": {"name": "api_key"}})),
        "d": entry(json!({"cookie": {"name": "APIKEY"}})),
    }}});
    let plans = json!({"targetRef": target(), "plans": [
        {
            "tier": "silver",
            "predicate": r#"has(request.headers) && "x-tier" in request.headers && request.headers["x-tier"] == "silver""#,
            "limits": {"daily": 1_000_000_000},
        },
        {
            "tier": "gold",
            "predicate": r#"auth.identity.metadata.annotations["secret.kuadrant.io/plan-id"] == "gold""#,
            "limits": {"daily": 1_000_000_000, "custom": [{"limit": 1_000_000_000, "window": "1h"}]},
        },
    ]});
    [
        manifest("kuadrant.io/v1", "AuthPolicy", OWNER, "gamestore", &auth, &status),
        manifest(
            "extensions.kuadrant.io/v1alpha1",
            "PlanPolicy",
            OWNER,
            "gamestore",
            &plans,
            &status,
        ),
    ]
}

fn ours() -> [Value; 4] {
    let ours = |kind, namespace, name, spec| {
        manifest(
            "devportal.kuadrant.io/v1alpha1",
            kind,
            namespace,
            name,
            &spec,
            &json!({}),
        )
    };
    let by = json!({"userId": "ada", "email": "ada@example.com"});
    let request = request_name(CONSUMER, KEY);
    let binding = json!({
        "acceptedAt": CREATED,
        "generation": 1,
        "terms": {
            "namespace": CONSUMER,
            "product": {"name": PRODUCT, "namespace": OWNER},
            "tier": "gold",
            "userId": "ada",
        },
    });
    let mut approval = ours(
        "APIKeyApproval",
        OWNER,
        &request,
        json!({
            "apiKeyRequestRef": {"name": request}, "approved": true,
            "reviewedBy": "owner@example.com", "reviewedAt": CREATED,
        }),
    );
    approval["metadata"]["annotations"] = json!({annotation::APPROVED_TERMS: binding.to_string()});
    [
        ours(
            "APIProduct",
            OWNER,
            PRODUCT,
            json!({
                "displayName": "Game store", "publishStatus": "Published", "approvalMode": "manual",
                "targetRef": target(),
            }),
        ),
        ours(
            "APIKey",
            CONSUMER,
            KEY,
            json!({
                "apiProductRef": {"name": PRODUCT, "namespace": OWNER}, "secretRef": {"name": KEY},
                "planTier": "gold", "useCase": "any", "requestedBy": by,
            }),
        ),
        ours(
            "APIKeyRequest",
            OWNER,
            &request,
            json!({
                "apiKeyRef": {"name": KEY, "namespace": CONSUMER}, "apiProductRef": {"name": PRODUCT},
                "planTier": "gold", "useCase": "any", "requestedBy": by,
            }),
        ),
        approval,
    ]
}
