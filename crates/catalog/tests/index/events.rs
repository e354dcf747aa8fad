//! Small clusters with few names, so that random events meet.

use keydesk_api::meta::annotation;
use keydesk_catalog::{Catalog, Kind, Object, Ref, SecretMeta};
use keydesk_core::NamespacedName;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use proptest::{collection, prop_oneof};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What may happen to a cluster.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Apply(Object),
    Delete(Ref),
    Resync(Kind, Vec<Object>),
}

impl Event {
    /// The kind of its objects.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Apply(object) => object.reference().kind,
            Self::Delete(reference) => reference.kind,
            Self::Resync(kind, _) => *kind,
        }
    }
}

pub(crate) fn happen(catalog: &mut Catalog, event: Event) -> keydesk_catalog::Affected {
    match event {
        Event::Apply(object) => catalog.apply(object),
        Event::Delete(reference) => catalog.delete(&reference),
        Event::Resync(kind, objects) => catalog.resync(kind, objects),
    }
}

pub(crate) fn decode<T: DeserializeOwned>(namespace: &str, name: &str, rest: Value) -> T {
    let mut object = rest;
    object["metadata"]["namespace"] = namespace.into();
    object["metadata"]["name"] = name.into();
    serde_json::from_value(object).unwrap()
}

pub(crate) fn events() -> impl Strategy<Value = Vec<Event>> {
    let delete = object().prop_map(|object| Event::Delete(object.reference()));
    let resync = collection::vec(object(), 1..6).prop_map(|objects| {
        let kind = objects[0].reference().kind;
        Event::Resync(kind, objects)
    });
    collection::vec(
        prop_oneof![6 => object().prop_map(Event::Apply), 2 => delete, 1 => resync],
        0..40,
    )
}

fn namespace() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "b"])
}

fn name() -> impl Strategy<Value = &'static str> {
    select(vec!["x", "y"])
}

/// The names of requests and secrets that are derived from keys, and one that is not.
fn derived(derive: fn(&str, &str) -> String) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (namespace(), name()).prop_map(move |(namespace, name)| derive(namespace, name)),
        1 => name().prop_map(str::to_owned),
    ]
}

fn object() -> impl Strategy<Value = Object> {
    prop_oneof![
        product(),
        key(),
        request(),
        approval(),
        route(),
        gateway(),
        auth_policy(),
        plan_policy(),
        rate_limit_policy(),
        kuadrant(),
        secret()
    ]
}

fn product() -> impl Strategy<Value = Object> {
    let entries = select(vec![json!({}), json!({ annotation::AUTH_ENTRY: "vips" })]);
    (namespace(), name(), name(), any::<bool>(), select(vec!["", "{}", "{\"a\":1}"]), entries).prop_map(
        |(namespace, id, route, automatic, document, annotations)| {
            Object::Product(decode(namespace, id, json!({
                "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIProduct",
                "metadata": { "annotations": annotations },
                "spec": {
                    "displayName": id,
                    "approvalMode": if automatic { "automatic" } else { "manual" },
                    "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": route },
                },
                "status": { "openapi": { "raw": document, "lastSyncTime": "2026-01-01T00:00:00Z" } },
            })))
        },
    )
}

/// What people vary between versions of a key, and what its request may show of them.
fn terms() -> impl Strategy<Value = (&'static str, Option<&'static str>, Option<&'static str>)> {
    (
        select(vec!["gold", "silver"]),
        select(vec![None, Some("read write"), Some("read")]),
        select(vec![
            None,
            Some("2026-03-01T00:00:00Z"),
            Some("2027-01-01T00:00:00.5Z"),
        ]),
    )
}

/// What an API server adds.
fn metadata() -> impl Strategy<Value = Value> {
    (
        select(vec!["", "0b0f2d7e-9b1c-4c59-8a55-0123456789ab", "odd"]),
        select(vec![None, Some("2026-01-01T00:00:00Z"), Some("2026-02-01T00:00:00Z")]),
        select(vec![None, None, Some("2026-02-02T00:00:00Z")]),
        1_i64..3,
    )
        .prop_map(|(uid, created, deleted, generation)| {
            json!({
                "uid": uid, "creationTimestamp": created, "deletionTimestamp": deleted, "generation": generation,
                "annotations": {},
            })
        })
}

fn key() -> impl Strategy<Value = Object> {
    (
        (namespace(), name()),
        (namespace(), name()),
        select(vec!["", "x", "y"]),
        terms(),
        metadata(),
    )
        .prop_map(|((namespace, id), (product_namespace, product), secret, terms, mut metadata)| {
            let (tier, scopes, expires_at) = terms;
            if let Some(scopes) = scopes {
                metadata["annotations"][annotation::SCOPES] = scopes.into();
            }
            Object::Key(decode(
                namespace,
                id,
                json!({
                    "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKey", "metadata": metadata,
                    "spec": {
                        "apiProductRef": { "name": product, "namespace": product_namespace },
                        "secretRef": { "name": secret },
                        "planTier": tier,
                        "expiresAt": expires_at,
                        "useCase": scopes,
                        "requestedBy": { "userId": "ada", "email": "ada@example.org" },
                    },
                }),
            ))
        })
}

fn request() -> impl Strategy<Value = Object> {
    let before = select(vec![
        None,
        Some("{"),
        Some(
            r#"{"changedAt":"2026-01-15T00:00:00Z","terms":{"namespace":"a","product":{"name":"x","namespace":"a"},"tier":"silver","userId":"ada"}}"#,
        ),
    ]);
    let bound = |uid: &str, accepted: &str, generation: i64| {
        format!(
            r#""{uid}":{{"acceptedAt":"{accepted}","generation":{generation},"terms":{{"namespace":"a","product":{{"name":"x","namespace":"a"}},"tier":"silver","userId":"ada"}}}}"#
        )
    };
    let uuid = "0b0f2d7e-9b1c-4c59-8a55-0123456789ab";
    let bound = select(vec![
        None,
        None,
        Some("{".to_owned()),
        Some(format!("{{{}}}", bound("", "2026-01-01T00:00:00Z", 1))),
        Some(format!("{{{}}}", bound(uuid, "2026-01-01T00:00:00Z", 1))),
        Some(format!(
            "{{{},{}}}",
            bound(uuid, "2026-02-01T00:00:00Z", 2),
            bound("odd", "2026-01-02T00:00:00.5Z", 1)
        )),
    ]);
    (
        (namespace(), derived(keydesk_api::meta::request_name)),
        (namespace(), name()),
        name(),
        terms(),
        (metadata(), before, bound),
    )
        .prop_map(|((namespace, id), (key_namespace, key), product, terms, (mut metadata, before, bound))| {
            let (tier, scopes, expires_at) = terms;
            if let Some(scopes) = scopes {
                metadata["annotations"][annotation::SCOPES] = scopes.into();
            }
            if let Some(before) = before {
                metadata["annotations"][annotation::TERMS_BEFORE] = before.into();
            }
            if let Some(bound) = bound {
                metadata["annotations"][annotation::BOUND_APPROVALS] = bound.into();
            }
            Object::Request(decode(
                namespace,
                &id,
                json!({
                    "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyRequest", "metadata": metadata,
                    "spec": {
                        "apiProductRef": { "name": product }, "planTier": tier, "useCase": "",
                        "expiresAt": expires_at,
                        "requestedBy": { "userId": "ada", "email": "ada@example.org" },
                        "apiKeyRef": { "name": key, "namespace": key_namespace },
                    },
                }),
            ))
        })
}

fn approval() -> impl Strategy<Value = Object> {
    let terms = |tier: &str| {
        format!(
            r#"{{"namespace":"a","product":{{"name":"x","namespace":"a"}},"tier":"{tier}","userId":"ada"}}"#
        )
    };
    let reviewed = select(vec![None, Some("{".to_owned()), Some(terms("gold"))]);
    let bound = |accepted: &str, generation: i64| {
        let terms = terms("silver");
        Some(format!(
            r#"{{"acceptedAt":"{accepted}","generation":{generation},"terms":{terms}}}"#
        ))
    };
    let bindings = select(vec![
        None,
        Some("{".to_owned()),
        bound("2026-01-01T00:00:00Z", 1),
        bound("2026-02-01T00:00:00Z", 2),
    ]);
    let names = prop_oneof![
        1 => name().prop_map(str::to_owned),
        1 => derived(keydesk_api::meta::request_name),
        1 => derived(keydesk_api::meta::request_name)
            .prop_map(|request| keydesk_api::meta::auto_approval_name(&request)),
    ];
    (
        (namespace(), names),
        derived(keydesk_api::meta::request_name),
        any::<bool>(),
        select(vec!["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-02-01T00:00:00.25Z"]),
        (metadata(), reviewed, bindings),
    )
        .prop_map(|((namespace, id), request, approved, reviewed_at, (mut metadata, reviewed, binding))| {
            if let Some(reviewed) = reviewed {
                metadata["annotations"][annotation::TERMS] = reviewed.into();
            }
            if let Some(binding) = binding {
                metadata["annotations"][annotation::APPROVED_TERMS] = binding.into();
            }
            metadata["managedFields"] = json!([
                { "manager": "kubectl", "operation": "Update", "time": reviewed_at, "fieldsV1": { "f:spec": {} } },
            ]);
            Object::Approval(decode(
                namespace,
                &id,
                json!({
                    "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApproval", "metadata": metadata,
                    "spec": {
                        "apiKeyRequestRef": { "name": request }, "approved": approved,
                        "reviewedBy": "owner", "reviewedAt": reviewed_at,
                        "message": approved.then_some("welcome"),
                    },
                }),
            ))
        })
}

fn route() -> impl Strategy<Value = Object> {
    let parent =
        (namespace(), name()).prop_map(|(namespace, name)| json!({ "namespace": namespace, "name": name }));
    (
        namespace(),
        name(),
        collection::vec(parent, 0..3),
        select(vec!["one.example.org", "two.example.org"]),
    )
        .prop_map(|(namespace, id, parents, host)| {
            Object::Route(decode(
                namespace,
                id,
                json!({
                    "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                    "spec": { "parentRefs": parents, "hostnames": [host] },
                }),
            ))
        })
}

fn policy_target() -> impl Strategy<Value = Value> {
    (select(vec!["HTTPRoute", "Gateway", "Service"]), name())
        .prop_map(|(kind, name)| json!({ "group": "gateway.networking.k8s.io", "kind": kind, "name": name }))
}

fn auth_policy() -> impl Strategy<Value = Object> {
    (namespace(), name(), policy_target()).prop_map(|(namespace, id, target)| {
        Object::AuthPolicy(decode(
            namespace,
            id,
            json!({
                "apiVersion": "kuadrant.io/v1", "kind": "AuthPolicy", "spec": { "targetRef": target },
            }),
        ))
    })
}

fn plan_policy() -> impl Strategy<Value = Object> {
    (namespace(), name(), policy_target()).prop_map(|(namespace, id, target)| {
        Object::PlanPolicy(decode(namespace, id, json!({
            "apiVersion": "extensions.kuadrant.io/v1alpha1", "kind": "PlanPolicy", "spec": { "targetRef": target },
        })))
    })
}

fn gateway() -> impl Strategy<Value = Object> {
    (namespace(), name(), select(vec!["keydesk", "istio"])).prop_map(|(namespace, id, class)| {
        Object::Gateway(decode(namespace, id, json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "spec": { "gatewayClassName": class },
        })))
    })
}

fn rate_limit_policy() -> impl Strategy<Value = Object> {
    (namespace(), name(), policy_target()).prop_map(|(namespace, id, target)| {
        Object::RateLimitPolicy(decode(
            namespace,
            id,
            json!({
                "apiVersion": "kuadrant.io/v1", "kind": "RateLimitPolicy", "spec": { "targetRef": target },
            }),
        ))
    })
}

fn kuadrant() -> impl Strategy<Value = Object> {
    (namespace(), name(), 0_u8..3).prop_map(|(namespace, id, age)| {
        Object::Kuadrant(decode(
            namespace,
            id,
            json!({
                "apiVersion": "kuadrant.io/v1beta1", "kind": "Kuadrant", "spec": {},
                "metadata": { "creationTimestamp": format!("2026-01-0{}T00:00:00Z", age + 1) },
            }),
        ))
    })
}

fn secret() -> impl Strategy<Value = Object> {
    let id = prop_oneof![
        name().prop_map(str::to_owned),
        derived(keydesk_api::meta::enforcement_secret_name),
        derived(|namespace, name| keydesk_api::meta::successor_secret_name(
            &keydesk_api::meta::previous_secret_name(&keydesk_api::meta::enforcement_secret_name(
                namespace, name
            )),
            "uid"
        )),
    ];
    (namespace(), id, any::<bool>(), 0_u8..3).prop_map(|(namespace, name, enforces, version)| {
        let label = || {
            (
                keydesk_api::meta::label::ENFORCEMENT.to_owned(),
                "true".to_owned(),
            )
        };
        Object::Secret(SecretMeta {
            id: NamespacedName::new(namespace, name),
            resource_version: version.to_string(),
            labels: enforces.then(label).into_iter().collect(),
            ..SecretMeta::default()
        })
    })
}
