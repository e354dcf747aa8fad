//! A cluster with one product and any number of approved keys, as the gate's index sees it, and as manifests.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use futures::FutureExt as _;
use jiff::Timestamp;
use keydesk_api::meta::{annotation, enforcement_secret_name, label, request_name};
use keydesk_catalog::{Catalog, Object};
use keydesk_core::{Digest, NamespacedName};
use keydesk_feed::{KeySecret, SecretEvent};
use keydesk_gate::{Gate, Index, Scope, State};
use keydesk_quota::{Counters, Store};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The host of the route.
pub(crate) const HOST: &str = "api.gamestore.example.com";
/// Where the product is.
pub(crate) const OWNER: &str = "gamestore";
/// The product.
pub(crate) const PRODUCT: &str = "gamestore-api";
/// Where the enforcement secrets are.
pub(crate) const KUADRANT: &str = "kuadrant-system";

/// Namespaces among which the keys are spread.
pub(crate) const TEAMS: usize = 1_000;

const CREATED: &str = "2026-01-01T00:00:00Z";
const REVIEWED: &str = "2026-01-01T09:30:00Z";
const ACCEPTED: &str = "2026-01-01T09:30:01Z";
const TIERS: [&str; 3] = ["gold", "silver", "bronze"];

/// Keys that call at the same time of a gate's many, where not all do.
pub(crate) const CALLERS: usize = 1_000;

/// At most so many numbers below `count`, each once, in no order that memory would know.
pub(crate) fn spread(count: usize, most: usize) -> Vec<usize> {
    // Prime, so that no number comes twice before all have come.
    (0..count.min(most))
        .map(|number| number * 7_368_787 % count)
        .collect()
}

/// What the predicates of the plans read.
#[derive(Clone, Copy)]
pub(crate) enum Predicates {
    /// The caller alone, as Kuadrant's examples do.
    Identity,
    /// The caller and the request.
    Request,
}

/// A cluster, and what the gate makes of it.
pub(crate) struct Cluster {
    catalog: Catalog,
    index: Index,
    now: Timestamp,
}

impl Cluster {
    /// With the product and without keys.
    pub(crate) fn new(predicates: Predicates) -> Result<Self> {
        let mut cluster = Self {
            catalog: Catalog::brief(),
            index: Index::new(Scope::default()),
            now: Timestamp::now(),
        };
        for (manifest, status) in product(predicates) {
            let mut manifest = manifest;
            manifest["metadata"]["uid"] = json!(uid(&manifest["kind"].to_string(), 0));
            manifest["metadata"]["creationTimestamp"] = json!(CREATED);
            manifest["status"] = status;
            cluster.put(manifest)?;
        }
        Ok(cluster)
    }

    /// Adds approved keys. Without `keep` the catalog forgets their objects as soon as the gate has made of them what it
    /// needs, so that what is left is the gate's own.
    pub(crate) fn with_keys(mut self, count: usize, keep: bool) -> Result<Self> {
        for number in 0..count {
            let key = Key(number);
            let objects = key.objects(true).map(object);
            let mut references = Vec::new();
            for object in objects {
                let object = object?;
                references.push(object.reference());
                let affected = self.catalog.apply(object);
                self.index.look(affected, &self.catalog, self.now);
            }
            self.index
                .secrets(SecretEvent::Applied(key.secret()), &self.catalog, self.now);
            if !keep {
                for reference in references {
                    self.catalog.delete(&reference);
                }
            }
        }
        Ok(self)
    }

    /// A gate that knows this cluster.
    pub(crate) fn gate(&mut self) -> Arc<Gate> {
        let counters = Arc::new(Counters::kept());
        let gate = Gate::new(Store::Memory(counters), keydesk_quota::Scope::Key);
        gate.publish(self.index.snapshot());
        gate.set_state(State::Current);
        Arc::new(gate)
    }

    /// A gate of which each key has called before: its plan is found.
    pub(crate) fn used_gate(&mut self) -> Result<Arc<Gate>> {
        let gate = self.gate();
        let product = NamespacedName::new(OWNER, PRODUCT);
        for key in 0..gate.snapshot().holders.len() {
            gate.verify(&product, Key(key).value().as_bytes(), 1, self.now)
                .now_or_never()
                .context("counters in memory never wait")?;
        }
        Ok(gate)
    }

    fn put(&mut self, manifest: Value) -> Result<()> {
        let affected = self.catalog.apply(object(manifest)?);
        self.index.look(affected, &self.catalog, self.now);
        Ok(())
    }
}

/// An approved key, by its number.
#[derive(Clone, Copy)]
pub(crate) struct Key(pub(crate) usize);

impl Key {
    /// Its value: as long as those that are issued.
    pub(crate) fn value(self) -> String {
        value("kd", self.0)
    }

    /// A value of the same shape that nobody has.
    pub(crate) fn wrong_value(self) -> String {
        value("kx", self.0)
    }

    fn name(self) -> String {
        format!("gamestore-{:07}", self.0)
    }

    /// The namespace of its consumer.
    pub(crate) fn namespace(self) -> String {
        format!("team-{:04}", self.0 % TEAMS)
    }

    fn tier(self) -> &'static str {
        TIERS[self.0 % TIERS.len()]
    }

    /// Key, request and approval; `whole` with what an API server adds.
    pub(crate) fn objects(self, whole: bool) -> [Value; 3] {
        let (namespace, name) = (self.namespace(), self.name());
        let request = request_name(&namespace, &name);
        let use_case = format!("the leader board of game {}", self.0);
        let by = json!({"userId": self.user(), "email": format!("{}@example.com", self.user())});
        let mut objects = [
            json!({
                "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKey",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {
                    "apiProductRef": {"name": PRODUCT, "namespace": OWNER},
                    "secretRef": {"name": name},
                    "planTier": self.tier(),
                    "useCase": use_case,
                    "requestedBy": by,
                },
            }),
            json!({
                "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyRequest",
                "metadata": {"name": request, "namespace": OWNER},
                "spec": {
                    "apiKeyRef": {"name": name, "namespace": namespace},
                    "apiProductRef": {"name": PRODUCT},
                    "planTier": self.tier(),
                    "useCase": use_case,
                    "requestedBy": by,
                },
            }),
            json!({
                "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApproval",
                "metadata": {"name": request, "namespace": OWNER},
                "spec": {
                    "apiKeyRequestRef": {"name": request},
                    "approved": true,
                    "reviewedBy": "owner@gamestore.example.com",
                    "reviewedAt": REVIEWED,
                },
            }),
        ];
        if whole {
            for object in &mut objects {
                let kind = object["kind"].to_string();
                let metadata = &mut object["metadata"];
                metadata["uid"] = json!(uid(&kind, self.0));
                metadata["creationTimestamp"] = json!(CREATED);
                metadata["generation"] = json!(1);
                metadata["resourceVersion"] = json!((1_000_000 + self.0).to_string());
            }
            let [.., approval] = &mut objects;
            approval["metadata"]["creationTimestamp"] = json!(ACCEPTED);
            approval["metadata"]["annotations"] = json!({annotation::APPROVED_TERMS: self.binding()});
        }
        objects
    }

    /// What the controller records on its approval.
    fn binding(self) -> String {
        json!({
            "acceptedAt": ACCEPTED,
            "generation": 1,
            "terms": {
                "namespace": self.namespace(),
                "product": {"name": PRODUCT, "namespace": OWNER},
                "tier": self.tier(),
                "userId": self.user(),
            },
        })
        .to_string()
    }

    /// Its enforcement secret, as the controller writes it.
    pub(crate) fn manifest(self) -> Value {
        let KeySecret {
            id,
            labels,
            annotations,
            ..
        } = self.secret();
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {
                "name": id.name, "namespace": id.namespace, "labels": labels, "annotations": annotations,
            },
            "type": "Opaque",
            "stringData": {"api_key": self.value()},
        })
    }

    /// Its enforcement secret, as the gate's watch gives it on.
    fn secret(self) -> KeySecret {
        let (namespace, name) = (self.namespace(), self.name());
        let labels = [
            ("app", "gamestore"),
            (label::ENFORCEMENT, label::ENFORCEMENT_VALUE),
            (label::API_PRODUCT, PRODUCT),
            (label::API_PRODUCT_NAMESPACE, OWNER),
            (label::API_KEY, name.as_str()),
            (label::API_KEY_NAMESPACE, namespace.as_str()),
            (label::AUTHORINO_MANAGED_BY, label::AUTHORINO_MANAGED_BY_VALUE),
        ];
        let user = self.user();
        let annotations = [
            (annotation::PLAN_ID, self.tier()),
            (annotation::USER_ID, user.as_str()),
        ];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        KeySecret {
            id: NamespacedName::new(KUADRANT, enforcement_secret_name(&namespace, &name)),
            uid: uid("Secret", self.0),
            created_at: CREATED.parse().ok(),
            labels: labels.map(own).into(),
            annotations: annotations.map(own).into(),
            digest: Some(Digest::of(self.value().as_bytes())),
        }
    }

    fn user(self) -> String {
        format!("user-{:06}", self.0 / 3)
    }
}

/// The objects of the product, each with its status. Limits are so high that no measurement meets them.
pub(crate) fn product(predicates: Predicates) -> Vec<(Value, Value)> {
    let accepted = json!({
        "type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": CREATED,
    });
    let enforced = json!({
        "type": "Enforced", "status": "True", "reason": "Enforced", "message": "", "lastTransitionTime": CREATED,
    });
    let policy = json!({"conditions": [accepted, enforced]});
    let parent = json!({"name": "external", "namespace": OWNER});
    let target = json!({"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore"});
    let plans: Vec<_> = TIERS
        .iter()
        .map(|tier| {
            let identity = format!(
                r#"auth.identity.metadata.annotations["{}"] == "{tier}""#,
                annotation::PLAN_ID
            );
            let predicate = match predicates {
                Predicates::Identity => identity,
                Predicates::Request => format!(r#"{identity} && request.method == "GET""#),
            };
            json!({
                "tier": tier, "predicate": predicate,
                "limits": {"daily": 1_000_000_000, "custom": [{"limit": 1_000_000_000, "window": "1h"}]},
            })
        })
        .collect();
    vec![
        (
            json!({
                "apiVersion": "kuadrant.io/v1beta1", "kind": "Kuadrant",
                "metadata": {"name": "kuadrant", "namespace": KUADRANT}, "spec": {},
            }),
            json!({}),
        ),
        (
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
                "metadata": {"name": "external", "namespace": OWNER},
                "spec": {
                    "gatewayClassName": "keydesk",
                    "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
                },
            }),
            json!({}),
        ),
        (
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                "metadata": {"name": "gamestore", "namespace": OWNER},
                "spec": {
                    "parentRefs": [parent], "hostnames": [HOST],
                    "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}],
                },
            }),
            json!({"parents": [{
                "parentRef": parent, "controllerName": "keydesk.dev/gateway", "conditions": [accepted],
            }]}),
        ),
        (
            json!({
                "apiVersion": "kuadrant.io/v1", "kind": "AuthPolicy",
                "metadata": {"name": "gamestore", "namespace": OWNER},
                "spec": {"targetRef": target, "rules": {"authentication": {"keys": {
                    "apiKey": {"selector": {"matchLabels": {"app": "gamestore"}}},
                    "credentials": {"authorizationHeader": {"prefix": "APIKEY"}},
                }}}},
            }),
            policy.clone(),
        ),
        (
            json!({
                "apiVersion": "extensions.kuadrant.io/v1alpha1", "kind": "PlanPolicy",
                "metadata": {"name": "gamestore", "namespace": OWNER},
                "spec": {"targetRef": target, "plans": plans},
            }),
            policy,
        ),
        (
            json!({
                "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIProduct",
                "metadata": {"name": PRODUCT, "namespace": OWNER},
                "spec": {
                    "displayName": "Game store", "publishStatus": "Published", "approvalMode": "manual",
                    "targetRef": target,
                },
            }),
            json!({}),
        ),
    ]
}

fn object(manifest: Value) -> Result<Object> {
    let read = Object::read(manifest).context("a kind that no catalog keeps")?;
    read.context("failed to read an object")
}

fn value(prefix: &str, number: usize) -> String {
    format!("{prefix}_{}", hex(&format!("value {number}"), 20))
}

fn uid(kind: &str, number: usize) -> String {
    let mut uid = hex(&format!("{kind} {number}"), 16);
    for at in [20, 16, 12, 8] {
        uid.insert(at, '-');
    }
    uid
}

fn hex(text: &str, bytes: usize) -> String {
    let digest = Sha256::digest(text);
    digest.iter().take(bytes).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
