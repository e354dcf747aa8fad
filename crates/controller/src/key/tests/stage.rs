//! A key on a stage: facts to plan for, and the effect of a plan on them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::condition::{self, KeyAspect};
use keydesk_api::v1alpha1::APIKeyRequestStatus;
use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest, APIProduct, meta};
use keydesk_catalog::{Approval, KeyEdges, SecretMeta};
use keydesk_core::{FingerprintKey, NamespacedName, SecretFacts};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::key::automatic::Automatic;
use crate::key::converge::Copying;
use crate::key::plan::{Plan, plan};
use crate::key::request::Step;
use crate::key::rotation::Rotation;
use crate::key::seen::{EnforcementCopy, Live, Seen};

/// The grace period of all stories.
pub(super) const GRACE: Duration = Duration::from_mins(1);

/// The story's time zero.
pub(super) fn start() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// So many seconds into the story.
pub(super) fn after(seconds: i64) -> Timestamp {
    Timestamp::from_second(start().as_second() + seconds).unwrap()
}

/// What was seen, and a clock.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) seen: Seen,
    pub(super) now: Timestamp,
    /// What became of enforcement secrets, write by write: what is in one, or that it is gone. Where no name is given,
    /// some seconds pass.
    pub(super) writes: Vec<(String, Option<EnforcementCopy>)>,
    /// How many were made.
    made: u32,
}

impl Stage {
    /// A key for tier gold of a manual product with plans gold and bronze; nothing is reconciled yet.
    pub(super) fn new() -> Self {
        let key: APIKey = decode(json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKey",
            "metadata": { "namespace": "consumer-app", "name": "gamestore-apikey", "uid": "key", "generation": 1, "resourceVersion": "1" },
            "spec": {
                "apiProductRef": { "name": "gamestore-api", "namespace": "gamestore" },
                "secretRef": { "name": "value" }, "planTier": "gold", "useCase": "mobile",
                "requestedBy": { "userId": "user-12345", "email": "developer@consumer-app.com" },
            },
        }));
        let live = Live {
            edges: KeyEdges::of(&key),
            key: Arc::new(key),
            product: Some(Arc::new(product("manual"))),
            hostname: Some("api.gamestore.example.com".into()),
            secret: SecretFacts::Usable,
            value: Some(FingerprintKey::new([1; 32]).fingerprint(b"abc123")),
            rotation: Rotation::Settled,
            request: None,
            shown_before: None,
            auto_name_taken: false,
            approvals: Vec::new(),
            enforcement_namespace: Some("kuadrant-system".into()),
            name_taken: false,
            rejection: None,
            crowded_out: None,
        };
        let id = NamespacedName::new("consumer-app", "gamestore-apikey");
        Self {
            seen: Seen {
                id,
                live: Some(live),
                requests: Vec::new(),
                copies: Vec::new(),
                retired: Vec::new(),
                may_update: true,
            },
            now: start(),
            writes: Vec::new(),
            made: 0,
        }
    }

    /// The same with a product in automatic mode.
    pub(super) fn automatic() -> Self {
        let mut stage = Self::new();
        stage.live().product = Some(Arc::new(product("automatic")));
        stage
    }

    /// A key that was approved in second 10 and is enforced.
    pub(super) fn approved() -> Self {
        let mut stage = Self::new();
        stage.settle();
        stage.approve("yes", true, 10);
        stage.settle();
        stage
    }

    pub(super) fn live(&mut self) -> &mut Live {
        self.seen.live.as_mut().unwrap()
    }

    pub(super) fn plan(&self) -> Plan {
        plan(&self.seen, GRACE, self.now).0
    }

    pub(super) fn at(&mut self, second: i64) {
        self.now = after(second);
    }

    /// The consumer edits the spec.
    pub(super) fn edit(&mut self, patch: &Value) {
        let live = self.live();
        let generation = live.key.metadata.generation.unwrap() + 1;
        let patch = json!({ "metadata": { "generation": generation }, "spec": patch.clone() });
        live.key = Arc::new(merged(live.key.as_ref(), &patch));
        live.edges = KeyEdges::of(&live.key);
    }

    /// Somebody decides, in this second of the story.
    pub(super) fn approve(&mut self, name: &str, approved: bool, second: i64) {
        self.at(second);
        let at = after(second).to_string();
        let object: APIKeyApproval = decode(json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApproval",
            "metadata": { "namespace": "gamestore", "name": name, "uid": name, "generation": 1, "resourceVersion": "1", "creationTimestamp": at },
            "spec": {
                "apiKeyRequestRef": { "name": "consumer-app-gamestore-apikey-8dee3e06" }, "approved": approved,
                "reviewedBy": "owner", "reviewedAt": at, "message": "as agreed",
            },
        }));
        self.live().approvals.push(Arc::new(Approval {
            object,
            edited_at: None,
        }));
    }

    /// Somebody edits a decision.
    pub(super) fn edit_approval(&mut self, name: &str, patch: &Value, second: i64) {
        self.at(second);
        for approval in &mut self.live().approvals {
            if approval.object.metadata.name.as_deref() == Some(name) {
                let generation = approval.object.metadata.generation.unwrap() + 1;
                let object = merged(
                    &approval.object,
                    &json!({ "metadata": { "generation": generation } }),
                );
                *approval = Arc::new(Approval {
                    object: merged(&object, patch),
                    edited_at: None,
                });
            }
        }
    }

    /// Carries out plans until there is nothing left to write, as a cluster would.
    pub(super) fn settle(&mut self) {
        for _ in 0..10 {
            let plan = self.plan();
            if rests(&plan) {
                return;
            }
            self.carry_out(plan);
        }
        panic!("it never comes to rest: {:?}", self.plan());
    }

    pub(super) fn carry_out(&mut self, plan: Plan) {
        let Plan {
            revoke,
            keep,
            mark,
            discard,
            request,
            automatic,
            approval_statuses,
            status,
            mirror,
            copying,
            wake_at: _,
        } = plan;
        for revoked in &revoke {
            self.carry_out_copying(&Copying::Retire(Arc::clone(revoked)));
        }
        self.seen.requests.retain(|request| !discard.contains(request));
        let Some(live) = &mut self.seen.live else { return };
        if live
            .request
            .as_ref()
            .is_some_and(|request| discard.contains(request))
        {
            live.request = None;
            live.approvals.clear();
        }
        if let (Some(patch), Some(request)) = (&keep, &mut live.request) {
            *request = Arc::new(merged::<APIKeyRequest>(request, patch));
        }
        for mark in mark {
            change(&mut live.approvals, &mark.id.name, |approval| {
                *approval = merged(approval, &mark.patch);
            });
        }
        match request {
            Step::Leave => {}
            Step::Create(mut created) => {
                created.metadata.uid = Some("request".into());
                live.request = Some(Arc::new(*created));
            }
            Step::Change {
                patch,
                changes_terms: _,
            } => {
                live.request = live
                    .request
                    .take()
                    .map(|request| Arc::new(merged::<APIKeyRequest>(&request, &patch)));
            }
        }
        match automatic {
            Automatic::Leave | Automatic::Await => {}
            Automatic::Create(mut created) => {
                created.metadata.generation = Some(1);
                created.metadata.creation_timestamp =
                    Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(self.now));
                live.approvals.push(Arc::new(Approval {
                    object: *created,
                    edited_at: None,
                }));
            }
            Automatic::Renew { name, patch } => change(&mut live.approvals, &name, |approval| {
                *approval = merged(approval, &patch);
                approval.metadata.generation = approval.metadata.generation.map(|generation| generation + 1);
            }),
        }
        for (approval, status) in approval_statuses {
            let name = approval.object.metadata.name.clone().unwrap();
            change(&mut live.approvals, &name, |approval| {
                approval.status = Some(status.clone());
            });
        }
        if let Some(status) = status {
            live.key = Arc::new(APIKey {
                status: Some(status),
                ..live.key.as_ref().clone()
            });
        }
        if let (Some(request), Some(conditions)) = (live.request.take(), mirror.clone()) {
            let status = Some(APIKeyRequestStatus { conditions });
            live.request = Some(Arc::new(APIKeyRequest {
                status,
                ..request.as_ref().clone()
            }));
        } else if mirror.is_none() {
            live.request = self.seen.requests.first().cloned().or(live.request.take());
        }
        self.seen.requests = live.request.iter().cloned().collect();
        for step in &copying {
            self.carry_out_copying(step);
        }
    }

    /// One write of an enforcement secret.
    pub(super) fn carry_out_copying(&mut self, step: &Copying) {
        let wanted = match step {
            Copying::Create(wanted) => wanted,
            Copying::Replace { wanted, seen } => {
                assert!(self.seen.may_update && seen.id == wanted.id);
                wanted
            }
            Copying::Retire(secret) => {
                self.seen.copies.retain(|copy| copy.meta.id != secret.id);
                if !self.seen.may_update {
                    self.seen.retired.push(Arc::clone(secret));
                }
                self.writes.push((secret.id.name.clone(), None));
                return;
            }
        };
        let there = self.seen.copies.iter().position(|copy| copy.meta.id == wanted.id);
        assert_eq!(
            there.is_some(),
            matches!(step, Copying::Replace { .. }),
            "{step:?}"
        );
        let uid = if let Some(place) = there {
            self.seen.copies.remove(place).meta.uid.clone()
        } else {
            self.made += 1;
            format!("copy-{}", self.made)
        };
        let desired = &wanted.desired;
        let mut annotations = desired.annotations.clone();
        if let Some(other) = &wanted.replaces {
            annotations.insert(meta::annotation::REPLACES.to_owned(), other.clone());
        }
        let copy = EnforcementCopy {
            meta: Arc::new(SecretMeta {
                id: wanted.id.clone(),
                uid,
                labels: desired.labels.clone(),
                annotations,
                ..SecretMeta::default()
            }),
            value: Some(desired.value),
        };
        let is_previous = meta::is_previous_secret(&wanted.id.name);
        self.seen
            .retired
            .retain(|secret| meta::is_previous_secret(&secret.id.name) != is_previous);
        self.writes.push((wanted.id.name.clone(), Some(copy.clone())));
        self.seen.copies.push(copy);
    }

    /// Where the key stands: its conditions that are True.
    pub(super) fn stands(&self) -> Vec<String> {
        let status = self
            .plan()
            .status
            .or_else(|| self.seen.live.as_ref()?.key.status.clone())
            .unwrap();
        let conditions = status
            .conditions
            .iter()
            .filter(|condition| condition.status == "True");
        conditions
            .map(|condition| format!("{}/{}", condition.type_, condition.reason))
            .collect()
    }

    /// The message of a condition of the key.
    pub(super) fn message(&self, aspect: KeyAspect) -> String {
        let status = self
            .plan()
            .status
            .or_else(|| self.seen.live.as_ref()?.key.status.clone())
            .unwrap();
        condition::find(&status.conditions, aspect)
            .unwrap()
            .message
            .clone()
    }

    /// The tier under which the key is enforced, if it is.
    pub(super) fn enforced_tier(&self) -> Option<&str> {
        let copy = self.seen.copies.first()?;
        copy.meta
            .annotations
            .get(meta::annotation::PLAN_ID)
            .map(String::as_str)
    }
}

/// Whether a plan writes nothing.
pub(super) fn rests(plan: &Plan) -> bool {
    let mut writes = Plan {
        wake_at: None,
        ..plan.clone()
    };
    if writes.automatic == Automatic::Await {
        writes.automatic = Automatic::Leave;
    }
    writes == Plan::default()
}

pub(super) fn product(mode: &str) -> APIProduct {
    decode(json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIProduct",
        "metadata": { "namespace": "gamestore", "name": "gamestore-api" },
        "spec": {
            "displayName": "Gamestore", "approvalMode": mode,
            "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore" },
        },
        "status": {
            "discoveredPlans": [
                { "tier": "gold", "limits": { "daily": 100 } },
                { "tier": "bronze", "limits": { "daily": 10 } },
            ],
            "discoveredAuthScheme": { "authentication": { "vip-users": {
                "apiKey": { "selector": { "matchLabels": { "app": "gamestore", "role": "admin" } } },
                "credentials": { "authorizationHeader": { "prefix": "APIKEY" } },
            } } },
        },
    }))
}

pub(super) fn decode<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// An object after a merge patch.
pub(super) fn merged<T: Serialize + DeserializeOwned>(object: &T, patch: &Value) -> T {
    let mut object = json!(object);
    merge(&mut object, patch);
    decode(object)
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name], value);
        }
    }
}

fn change(approvals: &mut [Arc<Approval>], name: &str, change: impl Fn(&mut APIKeyApproval)) {
    for approval in approvals {
        if approval.object.metadata.name.as_deref() == Some(name) {
            change(&mut Arc::make_mut(approval).object);
        }
    }
}
