//! L. The Go controller is replaced by this one, on a cluster with everything that it wrote (`tests/fixtures/upgrade`,
//! made by hand from the specification).

use std::collections::BTreeMap;

use keydesk_testkit::conditions::{condition, has, is};
use keydesk_testkit::fixtures::{
    CONSUMER_NAMESPACE, OWNER_NAMESPACE, approval, but, enforcement_of, named, request_of,
};
use keydesk_testkit::wait::next_second;
use keydesk_testkit::{Address, Kind, kinds, manifests};
use serde_json::{Value, json};

use crate::stage::{Stage, settings};

/// The cluster as the Go controller left it. No controller runs.
async fn left_by_go() -> Stage {
    let stage = Stage::quiet().await;
    let mut uids = BTreeMap::new();
    for mut object in manifests::folder("crates/controller/tests/fixtures/upgrade") {
        let status = object.as_object_mut().unwrap().remove("status");
        for owner in object["metadata"]["ownerReferences"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            owner["uid"] = json!(uids[owner["name"].as_str().unwrap()]);
        }
        let address = Address::of(&object);
        let created = stage.create(&object).await;
        let uid = created["metadata"]["uid"].as_str().unwrap().to_owned();
        uids.insert(address.name.clone(), uid);
        if let Some(status) = status {
            stage.patch_status(&address, &status).await;
        }
    }
    stage
}

fn key_at(name: &str) -> Address {
    Address::new(kinds::KEY, CONSUMER_NAMESPACE, name)
}

fn key(name: &str) -> Value {
    named(keydesk_testkit::fixtures::key(), CONSUMER_NAMESPACE, name)
}

/// Every object of a kind that the Go controller wrote, by name.
async fn all(stage: &Stage, kind: Kind) -> BTreeMap<String, Value> {
    let namespaces = [OWNER_NAMESPACE, CONSUMER_NAMESPACE, "kuadrant-system"];
    let mut all = BTreeMap::new();
    for namespace in namespaces {
        for object in stage.admin.list(kind, namespace).await.unwrap() {
            all.insert(object["metadata"]["name"].as_str().unwrap().to_owned(), object);
        }
    }
    all
}

/// Waits until every decision on a key is on record.
async fn taken_over(stage: &Stage) {
    for (name, object) in all(stage, kinds::APPROVAL).await {
        if name != "of-nobody" {
            stage
                .soon(&Address::of(&object), "is on record", |seen| {
                    seen["metadata"]["annotations"]["keydesk.dev/approved-terms"].is_string()
                })
                .await;
        }
    }
}

#[tokio::test]
async fn s134_nothing_changes_when_the_go_controller_is_replaced() {
    let mut stage = left_by_go().await;
    let conditioned = [kinds::PRODUCT, kinds::KEY, kinds::REQUEST, kinds::APPROVAL];
    let mut before = Vec::new();
    for kind in conditioned {
        before.push(all(&stage, kind).await);
    }
    let copies = all(&stage, kinds::SECRET).await;
    stage.start(settings());
    taken_over(&stage).await;
    // What Go never forgets is forgotten, and with that the products have been looked at.
    let catalogue = Address::new(kinds::PRODUCT, OWNER_NAMESPACE, "catalogue-api");
    stage
        .soon(&catalogue, "has no endpoint", |seen| {
            seen["status"]["oidcDiscovery"].is_null()
        })
        .await;
    let failed = key_at("failed");
    stage
        .stays(&failed, "stays failed", |seen| is(seen, "Failed"))
        .await;

    for (kind, before) in conditioned.into_iter().zip(before) {
        let after = all(&stage, kind).await;
        for (name, was) in &before {
            let now = after
                .get(name)
                .unwrap_or_else(|| panic!("{} {name} is lost", kind.kind));
            assert_eq!(
                was["metadata"]["uid"], now["metadata"]["uid"],
                "{} {name}",
                kind.kind
            );
            assert_eq!(was["spec"], now["spec"], "{} {name}", kind.kind);
            assert_eq!(
                was["status"]["conditions"], now["status"]["conditions"],
                "{} {name}",
                kind.kind
            );
        }
        assert_eq!(before.len(), after.len(), "{}: none is new", kind.kind);
    }
    let after = all(&stage, kinds::SECRET).await;
    for (name, was) in &copies {
        assert_eq!(
            was["metadata"]["resourceVersion"], after[name]["metadata"]["resourceVersion"],
            "{name} is as it was"
        );
    }
    assert_eq!(copies.len(), after.len());
}

#[tokio::test]
async fn s134_statuses_of_go_are_as_ours_would_be() {
    let mut stage = left_by_go().await;
    let before = all(&stage, kinds::KEY).await;
    let versions = |keys: &BTreeMap<String, Value>| -> Vec<Value> {
        keys.values()
            .map(|key| key["metadata"]["resourceVersion"].clone())
            .collect()
    };
    stage.start(settings());
    taken_over(&stage).await;
    stage
        .stays(&key_at("pending"), "waits", |seen| is(seen, "Pending"))
        .await;
    let after = all(&stage, kinds::KEY).await;
    assert_eq!(
        versions(&before),
        versions(&after),
        "no status of a key is written: {after:#?}"
    );
}

#[tokio::test]
async fn s134_a_change_after_the_replacement_needs_a_new_decision() {
    let mut stage = left_by_go().await;
    stage.start(settings());
    taken_over(&stage).await;
    let (at, copy) = (key_at("approved"), enforcement_of(&key("approved")));
    stage
        .patch(&at, &json!({ "spec": { "planTier": "unlimited" } }))
        .await;
    stage
        .soon(&at, "asks for more", |seen| {
            is(seen, "Approved") && has(seen, "TermsChanged", "True", "AwaitingReapproval")
        })
        .await;
    let plan = |tier: &'static str| {
        move |seen: &Value| seen["metadata"]["annotations"]["secret.kuadrant.io/plan-id"] == tier
    };
    stage.stays(&copy, "is for gold", plan("gold")).await;

    let request = request_of(&key("approved"));
    stage
        .soon(&request, "shows what is asked", |seen| {
            seen["spec"]["planTier"] == "unlimited"
        })
        .await;
    next_second().await;
    let decision = but(
        named(approval(), OWNER_NAMESPACE, "after-the-upgrade"),
        &json!({ "spec": { "apiKeyRequestRef": { "name": request.name } } }),
    );
    stage.create(&decision).await;
    stage
        .soon_enforced_of("approved", "is for unlimited", plan("unlimited"))
        .await;
}

#[tokio::test]
async fn s134_decisions_of_before_can_be_taken_back_and_new_ones_made() {
    let mut stage = left_by_go().await;
    stage.start(settings());
    taken_over(&stage).await;
    let revoked = Address::new(kinds::APPROVAL, OWNER_NAMESPACE, "unlimited-approval");
    stage
        .patch(&revoked, &json!({ "spec": { "approved": false } }))
        .await;
    stage
        .soon(&key_at("unlimited"), "is denied", |seen| is(seen, "Denied"))
        .await;
    stage.admin.soon_gone(&enforcement_of(&key("unlimited"))).await;

    let pending = but(
        named(approval(), OWNER_NAMESPACE, "at-last"),
        &json!({ "spec": { "apiKeyRequestRef": { "name": request_of(&key("pending")).name } } }),
    );
    stage.create(&pending).await;
    stage
        .soon(&enforcement_of(&key("pending")), "is for bronze", |seen| {
            seen["metadata"]["annotations"]["secret.kuadrant.io/plan-id"] == "bronze"
        })
        .await;

    // An end that is cleared is more than Go's approval is taken for.
    let expired = key_at("expired");
    stage
        .patch(&expired, &json!({ "spec": { "expiresAt": null } }))
        .await;
    stage
        .soon(&expired, "asks for more", |seen| {
            is(seen, "Expired") && condition(seen, "TermsChanged").is_some()
        })
        .await;
    stage.admin.stays_gone(&enforcement_of(&key("expired"))).await;
}

#[tokio::test]
async fn s134_what_go_wrote_can_be_removed() {
    let mut stage = left_by_go().await;
    stage.start(settings());
    taken_over(&stage).await;
    let key = key_at("approved");
    stage
        .delete(&Address::new(
            kinds::PLAN_POLICY,
            OWNER_NAMESPACE,
            "gamestore-plan",
        ))
        .await;
    let product = Address::new(kinds::PRODUCT, OWNER_NAMESPACE, "gamestore-api");
    stage
        .soon(&product, "has no plans", |seen| {
            seen["status"]["discoveredPlans"].is_null()
        })
        .await;
    stage
        .soon(&key, "has no limits", |seen| seen["status"]["limits"].is_null())
        .await;
    let route = Address::new(kinds::ROUTE, OWNER_NAMESPACE, "gamestore");
    stage
        .patch(&route, &json!({ "spec": { "hostnames": null } }))
        .await;
    stage
        .soon(&key, "has no host", |seen| {
            seen["status"]["apiHostname"].is_null()
        })
        .await;
    stage
        .stays(&key, "stays approved", |seen| is(seen, "Approved"))
        .await;
}
