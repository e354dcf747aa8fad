//! A key that works and everything around it; tests change what matters to them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_core::Flaw;
use serde_json::{Value, json};

use crate::explain::{
    Aim, Explanation, KeyScene, Part, ProductScene, SecretSight, Sight, State, Step, explain_key,
    explain_product,
};
use crate::{Catalog, Object};

/// The moment at which all tests look.
pub(super) fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

/// What there is.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) key: Value,
    pub(super) request: Value,
    pub(super) approvals: Vec<Value>,
    pub(super) product: Value,
    pub(super) route: Value,
    pub(super) policies: Vec<Value>,
    pub(super) plan_policies: Vec<Value>,
    pub(super) rate_limits: Vec<Value>,
    pub(super) kuadrant: bool,
    pub(super) hidden: BTreeSet<Part>,
    pub(super) secret: SecretSight,
    pub(super) sharing: Vec<String>,
    /// None is as the controller leaves it: not there, unless the key is in force.
    pub(super) enforcement: Option<Sight>,
    pub(super) aim: Aim,
}

/// A condition that holds.
pub(super) fn holds(type_: &str, reason: &str) -> Value {
    json!({
        "type": type_, "status": "True", "reason": reason, "message": format!("the controller says {reason}"),
        "lastTransitionTime": "2026-11-01T00:00:00Z",
    })
}

/// The same since so many seconds.
pub(super) fn for_seconds(mut condition: Value, seconds: i64) -> Value {
    let since = now() - jiff::SignedDuration::from_secs(seconds);
    condition["lastTransitionTime"] = json!(since.to_string());
    condition
}

/// The same decision, on terms that differ in this.
pub(super) fn on_terms(mut decision: Value, aspect: &str, value: &Value) -> Value {
    let recorded = &mut decision["metadata"]["annotations"]["keydesk.dev/terms"];
    let mut terms: Value = serde_json::from_str(recorded.as_str().unwrap()).unwrap();
    terms[aspect] = value.clone();
    *recorded = json!(terms.to_string());
    decision
}

/// A decision of this second.
pub(super) fn decision(name: &str, approved: bool, tier: &str, second: u32) -> Value {
    let terms = json!({
        "namespace": "app", "product": { "name": "games", "namespace": "store" }, "tier": tier, "userId": "ada",
    });
    let at = format!("2026-11-01T00:00:{second:02}Z");
    json!({
        "metadata": {
            "name": name, "namespace": "store", "generation": 1, "creationTimestamp": at,
            "annotations": { "keydesk.dev/terms": terms.to_string() },
        },
        "spec": {
            "apiKeyRequestRef": { "name": request_name() }, "approved": approved, "reviewedBy": "olga",
            "reviewedAt": at, "message": "as she says",
        },
    })
}

pub(super) fn request_name() -> String {
    keydesk_api::meta::request_name("app", "mobile")
}

impl Scene {
    /// Approved and in force, seen by somebody who may read it all.
    pub(super) fn working() -> Self {
        let status = json!({ "observedGeneration": 1, "conditions": [holds("Approved", "Approved")] });
        Self {
            key: json!({
                "metadata": { "name": "mobile", "namespace": "app", "generation": 1 },
                "spec": {
                    "apiProductRef": { "name": "games", "namespace": "store" }, "secretRef": { "name": "value" },
                    "planTier": "gold", "requestedBy": { "userId": "ada", "email": "ada@example.com" },
                },
                "status": status,
            }),
            request: json!({
                "metadata": { "name": request_name(), "namespace": "store" },
                "spec": {
                    "apiProductRef": { "name": "games" }, "planTier": "gold", "useCase": "",
                    "requestedBy": { "userId": "ada", "email": "ada@example.com" },
                    "apiKeyRef": { "name": "mobile", "namespace": "app" },
                },
                "status": { "conditions": [holds("Approved", "Approved")] },
            }),
            approvals: vec![decision("yes", true, "gold", 1)],
            product: json!({
                "metadata": { "name": "games", "namespace": "store", "generation": 1 },
                "spec": {
                    "displayName": "Games", "publishStatus": "Published", "approvalMode": "manual",
                    "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "games" },
                },
                "status": {
                    "observedGeneration": 1,
                    "discoveredPlans": [
                        { "tier": "gold", "limits": { "daily": 100 } }, { "tier": "bronze", "limits": { "daily": 10 } },
                    ],
                    "discoveredAuthScheme": { "authentication": { "vips": vips() } },
                    "conditions": [holds("Ready", "HTTPRouteAccepted"), holds("OIDCDiscovered", "Discovered")],
                },
            }),
            route: json!({
                "metadata": { "name": "games", "namespace": "store" },
                "spec": {
                    "hostnames": ["games.example.com"],
                    "parentRefs": [{ "name": "edge", "namespace": "infra" }],
                },
                "status": { "parents": [{ "conditions": [{ "type": "Accepted", "status": "True" }] }] },
            }),
            policies: vec![policy(
                "AuthPolicy",
                "store",
                "games-auth",
                "HTTPRoute",
                "games",
                true,
            )],
            plan_policies: vec![policy(
                "PlanPolicy",
                "store",
                "games-plan",
                "HTTPRoute",
                "games",
                true,
            )],
            rate_limits: Vec::new(),
            kuadrant: true,
            hidden: BTreeSet::new(),
            secret: value(&[]),
            sharing: Vec::new(),
            enforcement: None,
            aim: Aim::default(),
        }
    }

    /// The same, seen by the consumer with upstream's roles.
    pub(super) fn by_consumer(mut self) -> Self {
        self.request = Value::Null;
        self.approvals.clear();
        self.kuadrant = false;
        self.hidden = [Part::Kuadrant, Part::Request, Part::Approvals].into();
        self.enforcement = Some(Sight::Hidden);
        self
    }

    /// The same, seen by the owner with upstream's role.
    pub(super) fn by_owner(mut self) -> Self {
        self.key = Value::Null;
        self.kuadrant = false;
        self.hidden = [Part::Kuadrant, Part::Key].into();
        self.secret = SecretSight::Hidden;
        self.enforcement = Some(Sight::Hidden);
        self
    }

    /// Asking for this in its spec.
    pub(super) fn asking(mut self, field: &str, value: &Value) -> Self {
        for object in [&mut self.key, &mut self.request] {
            if !object.is_null() {
                object["spec"][field] = value.clone();
            }
        }
        self
    }

    /// For a product that approves by itself.
    pub(super) fn automatic(mut self) -> Self {
        self.product["spec"]["approvalMode"] = json!("automatic");
        self
    }

    /// With these conditions, on the key and on its request.
    pub(super) fn said(mut self, conditions: &[Value]) -> Self {
        for object in [&mut self.key, &mut self.request] {
            if !object.is_null() {
                object["status"]["conditions"] = json!(conditions);
            }
        }
        self
    }

    fn catalog(&self) -> Catalog {
        fn take<T: serde::de::DeserializeOwned>(
            catalog: &mut Catalog,
            value: &Value,
            object: impl FnOnce(Box<T>) -> Object,
        ) {
            if !value.is_null() {
                catalog.apply(object(Box::new(serde_json::from_value(value.clone()).unwrap())));
            }
        }
        let mut catalog = Catalog::default();
        take(&mut catalog, &self.key, Object::Key);
        take(&mut catalog, &self.request, Object::Request);
        take(&mut catalog, &self.product, Object::Product);
        take(&mut catalog, &self.route, Object::Route);
        for approval in &self.approvals {
            take(&mut catalog, approval, Object::Approval);
        }
        for policy in &self.policies {
            take(&mut catalog, policy, Object::AuthPolicy);
        }
        for policy in &self.plan_policies {
            take(&mut catalog, policy, Object::PlanPolicy);
        }
        for policy in &self.rate_limits {
            take(&mut catalog, policy, Object::RateLimitPolicy);
        }
        if self.kuadrant {
            let kuadrant = json!({ "metadata": { "name": "kuadrant", "namespace": "system" } });
            take(&mut catalog, &kuadrant, Object::Kuadrant);
        }
        catalog
    }

    pub(super) fn key(&self) -> Explanation {
        if let Some(sight) = self.enforcement {
            return self.key_enforced(sight);
        }
        let explanation = self.key_enforced(Sight::There);
        if step(&explanation, "gateways").state == State::Note {
            self.key_enforced(Sight::Missing)
        } else {
            explanation
        }
    }

    fn key_enforced(&self, enforcement: Sight) -> Explanation {
        let id = keydesk_core::NamespacedName::new("app", "mobile");
        let scene = KeyScene {
            id: &id,
            catalog: &self.catalog(),
            hidden: &self.hidden,
            secret: self.secret.clone(),
            sharing: &self.sharing,
            enforcement,
            aim: &self.aim,
        };
        explain_key(&scene, now()).unwrap()
    }

    pub(super) fn product(&self, waiting: Option<usize>) -> Explanation {
        let product = serde_json::from_value(self.product.clone()).unwrap();
        explain_product(&ProductScene {
            product: &product,
            catalog: &self.catalog(),
            hidden: &self.hidden,
            waiting,
            aim: &self.aim,
        })
    }
}

pub(super) fn value(flaws: &[Flaw]) -> SecretSight {
    SecretSight::There {
        flaws: flaws.to_vec(),
        previous_until: None,
    }
}

fn vips() -> Value {
    json!({
        "apiKey": { "selector": { "matchLabels": { "app": "games" } } },
        "credentials": { "customHeader": { "name": "X-Key" } },
    })
}

pub(super) fn policy(kind: &str, namespace: &str, name: &str, target: &str, to: &str, ready: bool) -> Value {
    let status = if ready { "True" } else { "False" };
    json!({
        "kind": kind,
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "targetRef": { "group": "gateway.networking.k8s.io", "kind": target, "name": to },
            "rules": { "authentication": { "vips": vips() } },
        },
        "status": { "conditions": [
            { "type": "Accepted", "status": status, "reason": "Conflicted", "message": "with another" },
            { "type": "Enforced", "status": status, "reason": "Unknown", "message": "not yet" },
        ] },
    })
}

/// The step of that topic.
#[track_caller]
pub(super) fn step<'a>(explanation: &'a Explanation, topic: &str) -> &'a Step {
    let found = explanation.steps.iter().find(|step| step.topic == topic);
    found.unwrap_or_else(|| panic!("no step {topic} in {explanation:#?}"))
}

/// Sees that it does not work because of this step, which says so first, and who can mend it.
#[track_caller]
pub(super) fn fails(explanation: &Explanation, topic: &str, words: &str, who: &str) {
    let step = step(explanation, topic);
    assert!(!explanation.works, "{explanation:#?}");
    assert_eq!(step.state, State::Bad, "{explanation:#?}");
    assert!(step.says[0].contains(words), "{explanation:#?}");
    let bad: Vec<_> = explanation
        .steps
        .iter()
        .filter(|step| step.state == State::Bad)
        .collect();
    assert_eq!(bad.len(), 1, "one reason: {bad:#?}");
    assert_eq!(explanation.verdict, format!("does not work: {}", step.says[0]));
    let fix = explanation.to_do()[0];
    assert!(fix.who.to_string().contains(who), "{fix:?}");
}
