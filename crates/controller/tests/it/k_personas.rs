//! K. What the shipped roles let people do, asked and tried.

use keydesk_testkit::fixtures::{
    CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, approval, key, product,
};
use keydesk_testkit::{Address, Person, World, kinds};
use serde_json::json;

const PRODUCTS: &str = "apiproducts.devportal.kuadrant.io";
const KEYS: &str = "apikeys.devportal.kuadrant.io";
const REQUESTS: &str = "apikeyrequests.devportal.kuadrant.io";
const APPROVALS: &str = "apikeyapprovals.devportal.kuadrant.io";
const SECRETS: &str = "secrets";
const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 3] = ["create", "update", "delete"];

async fn world() -> World {
    let world = World::start().await;
    for namespace in [
        KUADRANT_NAMESPACE,
        OWNER_NAMESPACE,
        CONSUMER_NAMESPACE,
        "other-app",
        "other-owner",
    ] {
        world.namespace(namespace).await;
    }
    world
}

/// Sees that a person may do all of these, or none of them.
async fn expect(person: &Person, allowed: bool, verbs: &[&str], resource: &str, namespace: &str) {
    for verb in verbs {
        let may = person.may(verb, resource, namespace).await;
        assert_eq!(may, allowed, "{verb} {resource} in {namespace:?}");
    }
}

#[tokio::test]
async fn s125_a_consumer_holds_keys_and_browses() {
    let world = world().await;
    world
        .bind("test-consumer", "api-consumer", CONSUMER_NAMESPACE)
        .await;
    world.bind("test-consumer", "api-catalog-browser", "").await;
    let consumer = world.person("test-consumer", &[]);

    for resource in [KEYS, SECRETS] {
        expect(&consumer, true, &READ, resource, CONSUMER_NAMESPACE).await;
        expect(&consumer, true, &WRITE, resource, CONSUMER_NAMESPACE).await;
        for elsewhere in ["other-app", OWNER_NAMESPACE, KUADRANT_NAMESPACE, ""] {
            expect(&consumer, false, &READ, resource, elsewhere).await;
            expect(&consumer, false, &WRITE, resource, elsewhere).await;
        }
    }
    expect(&consumer, true, &READ, PRODUCTS, "").await;
    for resource in [PRODUCTS, REQUESTS, APPROVALS] {
        expect(&consumer, false, &WRITE, resource, CONSUMER_NAMESPACE).await;
        expect(&consumer, false, &WRITE, resource, OWNER_NAMESPACE).await;
    }
    for resource in [REQUESTS, APPROVALS] {
        expect(&consumer, false, &READ, resource, OWNER_NAMESPACE).await;
        expect(&consumer, false, &READ, resource, CONSUMER_NAMESPACE).await;
    }
    expect(
        &consumer,
        false,
        &["update", "patch"],
        &format!("{KEYS}/status"),
        CONSUMER_NAMESPACE,
    )
    .await;

    let elsewhere = Address::new(kinds::KEY, "other-app", "x");
    let refused = consumer.get(&elsewhere).await.unwrap_err();
    let words = r#"apikeys.devportal.kuadrant.io "x" is forbidden: User "test-consumer" cannot get resource "apikeys" in API group "devportal.kuadrant.io" in the namespace "other-app""#;
    assert_eq!((refused.code, refused.message.as_str()), (403, words));
    consumer.create(&key()).await.unwrap();
    let status = consumer
        .patch_status(&Address::of(&key()), &json!({ "apiHostname": "x" }))
        .await
        .unwrap_err();
    assert_eq!(status.code, 403);
    assert_eq!(consumer.create(&approval()).await.unwrap_err().code, 403);
}

#[tokio::test]
async fn s126_an_owner_decides_in_the_own_namespace() {
    let world = world().await;
    world.bind("test-owner", "api-owner", OWNER_NAMESPACE).await;
    let owner = world.person("test-owner", &[]);

    for resource in [PRODUCTS, APPROVALS] {
        expect(&owner, true, &READ, resource, OWNER_NAMESPACE).await;
        expect(&owner, true, &WRITE, resource, OWNER_NAMESPACE).await;
        expect(&owner, false, &READ, resource, "other-owner").await;
        expect(&owner, false, &WRITE, resource, "other-owner").await;
    }
    expect(&owner, true, &READ, REQUESTS, OWNER_NAMESPACE).await;
    expect(&owner, false, &WRITE, REQUESTS, OWNER_NAMESPACE).await;
    expect(&owner, false, &READ, REQUESTS, "other-owner").await;
    for namespace in [OWNER_NAMESPACE, CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, ""] {
        expect(&owner, false, &READ, KEYS, namespace).await;
        expect(&owner, false, &READ, SECRETS, namespace).await;
    }
    for resource in [PRODUCTS, APPROVALS, REQUESTS, KEYS] {
        expect(
            &owner,
            false,
            &["update", "patch"],
            &format!("{resource}/status"),
            OWNER_NAMESPACE,
        )
        .await;
    }

    owner.create(&product()).await.unwrap();
    owner.create(&approval()).await.unwrap();
    let refused = owner.list(kinds::KEY, "").await.unwrap_err();
    let words = r#"apikeys.devportal.kuadrant.io is forbidden: User "test-owner" cannot list resource "apikeys" in API group "devportal.kuadrant.io" at the cluster scope"#;
    assert_eq!((refused.code, refused.message.as_str()), (403, words));
}

#[tokio::test]
async fn s127_an_administrator_sees_everything_but_secrets() {
    let world = world().await;
    world.bind("test-platform", "api-admin", "").await;
    let platform = world.person("test-platform", &[]);
    for resource in [PRODUCTS, APPROVALS, KEYS] {
        expect(&platform, true, &READ, resource, "").await;
        expect(&platform, true, &WRITE, resource, "").await;
    }
    expect(&platform, true, &READ, REQUESTS, "").await;
    expect(&platform, false, &WRITE, REQUESTS, "").await;
    expect(&platform, false, &READ, SECRETS, "").await;
    expect(&platform, false, &READ, SECRETS, KUADRANT_NAMESPACE).await;
    expect(&platform, false, &WRITE, SECRETS, CONSUMER_NAMESPACE).await;
}

#[tokio::test]
async fn s128_the_helper_roles_have_upstreams_names() {
    let world = world().await;
    let verbs = [
        ("admin", json!(["*"])),
        (
            "editor",
            json!(["create", "delete", "get", "list", "patch", "update", "watch"]),
        ),
        ("viewer", json!(["get", "list", "watch"])),
    ];
    for resource in ["apiproduct", "apikey", "apikeyrequest", "apikeyapproval"] {
        for (role, verbs) in &verbs {
            let name = format!("{resource}-{role}-role");
            let found = world
                .admin()
                .get(&Address::new(kinds::CLUSTER_ROLE, "", &name))
                .await
                .unwrap();
            assert_eq!(
                found["rules"][0]["resources"],
                json!([format!("{resource}s")]),
                "{name}"
            );
            assert_eq!(found["rules"][0]["verbs"], *verbs, "{name}");
            assert_eq!(
                found["rules"][1]["resources"],
                json!([format!("{resource}s/status")]),
                "{name}"
            );
            assert_eq!(found["rules"][1]["verbs"], json!(["get"]), "{name}");
        }
    }
    world
        .admin()
        .get(&Address::new(kinds::CLUSTER_ROLE, "", "manager-role"))
        .await
        .unwrap();
}

#[tokio::test]
async fn s125_nobody_without_a_role_may_do_anything() {
    let world = world().await;
    let stranger = world.person("test-stranger", &[]);
    for resource in [PRODUCTS, KEYS, REQUESTS, APPROVALS, SECRETS] {
        for namespace in [OWNER_NAMESPACE, CONSUMER_NAMESPACE, ""] {
            expect(&stranger, false, &READ, resource, namespace).await;
            expect(&stranger, false, &WRITE, resource, namespace).await;
        }
    }
}
