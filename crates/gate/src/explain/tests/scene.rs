//! A cluster of a few objects, a gate that knows it, and calls to explain.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use keydesk_api::meta::label;
use keydesk_catalog::{Affected, Catalog, Object};
use keydesk_core::{Digest, NamespacedName};
use keydesk_feed::{KeySecret, SecretEvent};
use keydesk_quota::{Counters, Scope as CounterScope, Store};
use keydesk_testkit::Address;
use keydesk_testkit::fixtures::{self, KEY_VALUE};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::super::{Carriers, Explanation, KeyInHand, Known, Question, claims, explain, foretell};
use crate::gate::{Gate, State};
use crate::index::{Index, Scope};

pub(super) const HOST: &str = "api.gamestore.example.com";

/// A cluster of a few objects, and a gate that knows it.
pub(super) struct Scene {
    pub(super) catalog: Catalog,
    pub(super) secrets: Vec<KeySecret>,
    pub(super) affected: Affected,
}

#[expect(clippy::unnecessary_box_returns, reason = "a catalog takes objects in boxes")]
pub(super) fn read<K: DeserializeOwned>(mut object: Value) -> Box<K> {
    object["metadata"]["uid"] = json!("uid");
    object["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    Box::new(serde_json::from_value(object).unwrap())
}

pub(super) fn gateway() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": { "name": "gamestore", "namespace": "gamestore" },
        "spec": { "gatewayClassName": "keydesk", "listeners": [{ "name": "http", "protocol": "HTTP", "port": 80 }] },
    })
}

pub(super) fn accepted(accepted: &str) -> Value {
    let mut route = fixtures::route();
    let parent = route["spec"]["parentRefs"][0].clone();
    route["status"] = json!({ "parents": [{
        "parentRef": parent, "controllerName": "example.com/gateway",
        "conditions": [{ "type": "Accepted", "status": accepted, "reason": "NotAllowedByListeners", "message": "no" }],
    }]});
    route
}

impl Scene {
    pub(super) fn empty() -> Self {
        let mut scene = Self {
            catalog: Catalog::default(),
            secrets: Vec::new(),
            affected: Affected::default(),
        };
        scene.put(Object::Kuadrant(read(fixtures::kuadrant())));
        scene.put(Object::Gateway(read(gateway())));
        scene
    }

    /// The game store, and a key that waits.
    pub(super) fn asked() -> Self {
        let mut scene = Self::empty();
        scene.put(Object::Route(read(accepted("True"))));
        scene.put(Object::AuthPolicy(read(fixtures::auth_policy())));
        scene.put(Object::PlanPolicy(read(fixtures::plan_policy())));
        scene.put(Object::Product(read(fixtures::product())));
        scene.put(Object::Key(read(fixtures::key())));
        scene
    }

    /// The same with an approval, and the enforcement secret with `value`.
    pub(super) fn approved(value: &str) -> Self {
        let mut scene = Self::asked();
        scene.put(Object::Approval(read(fixtures::approval())));
        scene.enforce(value);
        scene
    }

    pub(super) fn put(&mut self, object: Object) {
        let affected = self.catalog.apply(object);
        self.affected.merge(affected);
    }

    pub(super) fn enforce(&mut self, value: &str) {
        let Address { namespace, name, .. } = fixtures::enforcement_of(&fixtures::key());
        let labels = [
            (label::ENFORCEMENT, label::ENFORCEMENT_VALUE),
            ("app", "gamestore"),
            ("role", "admin"),
        ];
        self.secrets.push(KeySecret {
            id: NamespacedName::new(namespace, name),
            uid: "uid".to_owned(),
            created_at: None,
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            annotations: BTreeMap::new(),
            digest: Some(Digest::of(value.as_bytes())),
        });
    }

    pub(super) async fn explain(self, call: &Asked) -> Explanation {
        let now = Timestamp::now();
        let Self {
            catalog,
            secrets,
            affected,
        } = self;
        let mut index = Index::new(Scope::default());
        index.look(affected, &catalog, now);
        for secret in secrets {
            index.secrets(SecretEvent::Applied(secret), &catalog, now);
        }
        let gate = Gate::new(Store::Memory(Counters::default().into()), CounterScope::Key);
        gate.publish(index.snapshot());
        gate.set_state(State::Current);
        let key = call.key.map(in_hand);
        let mut headers = HeaderMap::new();
        for (name, value) in call.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let question = Question {
            host: call.host,
            method: "GET",
            target: call.target,
            headers: &headers,
            key: key.as_ref(),
        };
        let foretold = foretell(&gate, &question, now).await;
        let snapshot = gate.snapshot();
        let known = Known {
            snapshot: &snapshot,
            catalog: &catalog,
            scope: &Scope::default(),
        };
        // Its consumer's Secret always carries the value of the scenarios.
        let own = |digest: Digest| digest == Digest::of(KEY_VALUE.as_bytes());
        let keys = claims(known, &foretold.verdict).into_iter();
        let carriers = Carriers {
            keys: keys
                .filter(|_| foretold.digest.is_some_and(own))
                .map(|claim| claim.key)
                .collect(),
            unread: 0,
        };
        let explanation = explain(known, &question, &foretold, &carriers, now);
        let printed = format!("{explanation:?} {}", serde_json::to_string(&explanation).unwrap());
        for value in [Some(KEY_VALUE), call.key].into_iter().flatten() {
            assert!(!printed.contains(value), "{printed}");
        }
        explanation
    }
}

pub(super) fn in_hand(value: &str) -> KeyInHand {
    KeyInHand::new(Zeroizing::new(value.as_bytes().to_vec())).unwrap()
}

pub(super) struct Asked {
    pub(super) host: &'static str,
    pub(super) target: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) key: Option<&'static str>,
}

/// A call with a key in hand.
pub(super) const WITH_KEY: Asked = Asked {
    host: HOST,
    target: "/games",
    headers: &[],
    key: Some(KEY_VALUE),
};

#[track_caller]
pub(super) fn check(explanation: &Explanation, code: &str, turn: &str) {
    let outcome = &explanation.outcome;
    assert_eq!(outcome.code, code, "{explanation:#?}");
    let said = outcome.turn.as_deref().unwrap_or_default();
    assert!(said.contains(turn), "{turn:?} is not in {said:?}");
}
