//! One story per rule of who is affected, and of what is not kept.

use keydesk_api::foreign::{HTTPRoute, Kuadrant};
use keydesk_api::{APIKey, APIKeyApproval, APIProduct};
use keydesk_catalog::{Catalog, Kind, Object, Ref, SecretMeta, Target};
use keydesk_core::NamespacedName;
use serde_json::{Value, json};

use crate::events::decode;

fn key(name: &str, product: &str) -> Object {
    let key: APIKey = decode(
        "consumer-app",
        name,
        json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKey",
            "spec": {
                "apiProductRef": { "name": product, "namespace": "gamestore" }, "secretRef": { "name": "value" },
                "planTier": "gold", "requestedBy": { "userId": "ada", "email": "ada@example.org" },
            },
        }),
    );
    Object::Key(Box::new(key))
}

fn product(name: &str, status: &Value) -> Object {
    let product: APIProduct = decode(
        "gamestore",
        name,
        json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIProduct",
            "metadata": { "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}", "keydesk.dev/auth-entry": "vip" } },
            "spec": {
                "displayName": name,
                "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "gamestore" },
            },
            "status": status,
        }),
    );
    Object::Product(Box::new(product))
}

fn targets(affected: keydesk_catalog::Affected) -> Vec<Target> {
    affected.into_iter().collect()
}

fn route_target() -> Target {
    Target::Route(NamespacedName::new("gamestore", "gamestore"))
}

fn key_target(name: &str) -> Target {
    Target::Key(NamespacedName::new("consumer-app", name))
}

#[test]
fn discovery_affects_the_keys_of_the_product_and_a_fetched_document_does_not() {
    let product_target = Target::Product(NamespacedName::new("gamestore", "store"));
    let mut catalog = Catalog::default();
    catalog.apply(key("k", "store"));
    assert_eq!(
        targets(catalog.apply(product("store", &json!({})))),
        [product_target.clone(), route_target(), key_target("k")],
        "a route has a product that had none"
    );
    let fetched = json!({ "openapi": { "raw": "{}", "lastSyncTime": "2026-01-01T00:00:00Z" } });
    assert_eq!(
        targets(catalog.apply(product("store", &fetched))),
        std::slice::from_ref(&product_target)
    );
    let plans = json!({ "discoveredPlans": [{ "tier": "gold" }] });
    assert_eq!(
        targets(catalog.apply(product("store", &plans))),
        [product_target, key_target("k")]
    );
}

#[test]
fn the_text_of_a_document_and_foreign_annotations_are_not_kept() {
    let mut catalog = Catalog::default();
    catalog.apply(product(
        "store",
        &json!({ "openapi": { "raw": "{\"openapi\":3}", "lastSyncTime": "2026-01-01T00:00:00Z" } }),
    ));
    let kept = catalog
        .product(&NamespacedName::new("gamestore", "store"))
        .unwrap();
    assert_eq!(kept.status.as_ref().unwrap().openapi.as_ref().unwrap().raw, "");
    let annotations = kept.metadata.annotations.as_ref().unwrap();
    assert_eq!(annotations.keys().collect::<Vec<_>>(), ["keydesk.dev/auth-entry"]);
}

#[test]
fn a_changed_host_affects_keys_and_a_changed_status_only_route_and_products() {
    let route = |host: &str, status: Value| {
        let route: HTTPRoute = decode(
            "gamestore",
            "gamestore",
            json!({
                "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                "spec": { "hostnames": [host] }, "status": status,
            }),
        );
        Object::Route(Box::new(route))
    };
    let mut catalog = Catalog::default();
    catalog.apply(key("k", "store"));
    catalog.apply(product("store", &json!({})));
    let product = Target::Product(NamespacedName::new("gamestore", "store"));
    assert_eq!(
        targets(catalog.apply(route("a.example.org", json!({})))),
        [product.clone(), route_target(), key_target("k")]
    );
    let accepted = json!({ "parents": [] });
    assert_eq!(
        targets(catalog.apply(route("a.example.org", accepted))),
        [product, route_target()]
    );
}

#[test]
fn an_unrelated_secret_affects_nobody() {
    let mut catalog = Catalog::default();
    catalog.apply(key("k", "store"));
    let secret = |name: &str| {
        Object::Secret(SecretMeta {
            id: NamespacedName::new("consumer-app", name),
            ..SecretMeta::default()
        })
    };
    assert!(catalog.apply(secret("helm-release")).is_empty());
    assert_eq!(targets(catalog.apply(secret("value"))), [key_target("k")]);
}

#[test]
fn a_deleted_key_hands_its_approvals_back() {
    let request = keydesk_api::meta::request_name("consumer-app", "k");
    let approval: APIKeyApproval = decode(
        "gamestore",
        "yes",
        json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApproval",
            "metadata": { "managedFields": [
                { "manager": "kubectl", "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": { "f:spec": {} } },
                { "manager": "keydesk", "operation": "Update", "time": "2026-01-03T00:00:00Z", "fieldsV1": { "f:metadata": {} } },
            ] },
            "spec": {
                "apiKeyRequestRef": { "name": request }, "approved": true,
                "reviewedBy": "owner", "reviewedAt": "2026-01-01T00:00:00Z",
            },
        }),
    );
    let id = NamespacedName::new("gamestore", "yes");
    let mut catalog = Catalog::default();
    assert_eq!(
        targets(catalog.apply(Object::Approval(Box::new(approval)))),
        [Target::Approval(id.clone())]
    );
    catalog.apply(key("k", "store"));
    let gone = Ref {
        kind: Kind::Key,
        namespace: "consumer-app".into(),
        name: "k".into(),
    };
    assert_eq!(
        targets(catalog.delete(&gone)),
        [key_target("k"), Target::Approval(id.clone())]
    );
    let kept = catalog.approval(&id).unwrap();
    assert_eq!(kept.edited_at.unwrap().to_string(), "2026-01-02T00:00:00Z");
    assert_eq!(kept.object.metadata.managed_fields, None);
}

#[test]
fn the_oldest_kuadrant_that_stays_counts() {
    let kuadrant = |namespace: &str, created: &str, deleting: bool| {
        let mut object = json!({
            "apiVersion": "kuadrant.io/v1beta1", "kind": "Kuadrant", "spec": {},
            "metadata": { "creationTimestamp": created },
        });
        if deleting {
            object["metadata"]["deletionTimestamp"] = "2026-02-01T00:00:00Z".into();
        }
        let kuadrant: Kuadrant = decode(namespace, "kuadrant", object);
        Object::Kuadrant(Box::new(kuadrant))
    };
    let mut catalog = Catalog::default();
    catalog.apply(key("k", "store"));
    assert_eq!(
        targets(catalog.apply(kuadrant("new", "2026-01-02T00:00:00Z", false))),
        [key_target("k"), Target::Kuadrant]
    );
    assert_eq!(
        targets(catalog.apply(kuadrant("old", "2026-01-01T00:00:00Z", false))),
        [key_target("k"), Target::Kuadrant]
    );
    assert_eq!(catalog.enforcement_namespace(), Some("old"));
    assert!(
        catalog
            .apply(kuadrant("newest", "2026-01-03T00:00:00Z", false))
            .is_empty()
    );
    catalog.apply(kuadrant("old", "2026-01-01T00:00:00Z", true));
    assert_eq!(catalog.enforcement_namespace(), Some("new"));
}

#[test]
fn secrets_without_the_enforcement_label_keep_no_labels_and_no_annotations() {
    let meta = |labels: Value| {
        serde_json::from_value(json!({
            "namespace": "a", "name": "x", "labels": labels,
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "the value itself",
                "secret.kuadrant.io/plan-id": "gold",
                "keydesk.dev/previous-until": "2026-06-01T12:00:00Z",
                "keydesk.dev/other": "x",
            },
        }))
        .unwrap()
    };
    let foreign = SecretMeta::keep(meta(json!({ "owner": "helm" })));
    assert!(foreign.labels.is_empty() && foreign.annotations.is_empty() && !foreign.enforces());
    assert_eq!(foreign.accepted_until(), None);
    let ours = SecretMeta::keep(meta(
        json!({ "devportal.kuadrant.io/enforcement": "true", "app": "gamestore" }),
    ));
    assert_eq!(
        ours.annotations.keys().collect::<Vec<_>>(),
        ["keydesk.dev/previous-until", "secret.kuadrant.io/plan-id"]
    );
    assert_eq!(ours.accepted_until(), "2026-06-01T12:00:00Z".parse().ok());
    assert!(ours.labels.contains_key("app") && ours.enforces());
}

#[test]
fn who_judges_for_itself_keeps_what_is_judged_by_and_no_more() {
    let mut catalog = Catalog::brief();
    catalog.apply(key("k", "store"));
    let plans = json!({ "discoveredPlans": [{ "tier": "gold" }] });
    catalog.apply(product("store", &plans));
    let id = NamespacedName::new("consumer-app", "k");
    let record = catalog.key_record(&id).unwrap();
    assert_eq!((&*record.asked.tier, &*record.secret), ("gold", "value"));
    assert!(catalog.key(&id).is_none());
    let product = catalog
        .product(&NamespacedName::new("gamestore", "store"))
        .unwrap();
    assert!(product.status.is_none());
}
