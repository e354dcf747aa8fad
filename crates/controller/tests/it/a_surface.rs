//! A. What the definitions accept, default, refuse and show. No controller runs.

use keydesk_testkit::fixtures::{
    CONSUMER_NAMESPACE, OWNER_NAMESPACE, approval, but, key, key_secret, product,
};
use keydesk_testkit::{Address, Refused, World, kinds};
use serde_json::{Value, json};

async fn world() -> World {
    let world = World::start().await;
    world.namespace(OWNER_NAMESPACE).await;
    world.namespace(CONSUMER_NAMESPACE).await;
    world
}

/// What the server says to a manifest that it must refuse.
async fn refusal(world: &World, manifest: &Value) -> Refused {
    match world.admin().create(manifest).await {
        Err(refused) => refused,
        Ok(accepted) => panic!("accepted: {accepted:#}"),
    }
}

/// Sees that each change to `manifest` is refused with 422 and a message that holds the words beside it.
async fn all_refused(world: &World, manifest: &Value, cases: &[(Value, &str)]) {
    for (change, words) in cases {
        let refused = refusal(world, &but(manifest.clone(), change)).await;
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (422, "Invalid"),
            "{change}: {refused}"
        );
        assert!(refused.message.contains(words), "{change}: {refused}");
    }
    assert_eq!(
        world.admin().find(&Address::of(manifest)).await,
        None,
        "nothing was stored"
    );
}

#[tokio::test]
async fn s001_the_four_kinds_are_served_with_their_status() {
    let world = world().await;
    let (code, body) = world
        .admin()
        .send(
            http::Method::GET,
            "/apis/devportal.kuadrant.io/v1alpha1",
            "",
            Vec::new(),
        )
        .await;
    assert_eq!(code, 200);
    let list: Value = serde_json::from_slice(&body).unwrap();
    let resources = list["resources"].as_array().unwrap();
    let find = |name: &str| {
        let found = resources.iter().find(|resource| resource["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not listed: {list:#}"))
    };
    for (plural, singular, kind) in [
        ("apiproducts", "apiproduct", "APIProduct"),
        ("apikeys", "apikey", "APIKey"),
        ("apikeyrequests", "apikeyrequest", "APIKeyRequest"),
        ("apikeyapprovals", "apikeyapproval", "APIKeyApproval"),
    ] {
        assert_eq!(find(plural)["kind"], kind);
        assert_eq!(find(plural)["singularName"], singular);
        assert_eq!(find(plural)["namespaced"], true);
        assert_eq!(find(&format!("{plural}/status"))["namespaced"], true);
    }
    assert_eq!(find("apikeys")["shortNames"], json!(["apik"]));
}

#[tokio::test]
async fn s002_keys_and_products_print_their_columns() {
    let world = world().await;
    let admin = world.admin();
    admin.create(&key()).await.unwrap();
    admin.create(&product()).await.unwrap();

    let keys = admin.table(kinds::KEY, CONSUMER_NAMESPACE).await;
    assert_eq!(
        columns(&keys, 0),
        ["Name", "Approved", "API", "Plan", "User", "Age"]
    );
    let cells = keys["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(cells[0], "gamestore-apikey");
    assert_eq!(cells[2..5], ["gamestore-api", "gold", "user-12345"]);

    let products = admin.table(kinds::PRODUCT, OWNER_NAMESPACE).await;
    assert_eq!(columns(&products, 0), ["Name", "Age"]);
    assert_eq!(columns(&products, 2), ["Name", "Ready", "Age"]);
    let requests = admin.table(kinds::REQUEST, OWNER_NAMESPACE).await;
    assert_eq!(columns(&requests, 2), ["Name", "Age"]);
}

/// The names of the columns up to a priority; kubectl shows those of 0, and the others with `-o wide`.
fn columns(table: &Value, priority: u64) -> Vec<&str> {
    let columns = table["columnDefinitions"].as_array().unwrap().iter();
    columns
        .filter(|column| column["priority"].as_u64().unwrap() <= priority)
        .map(|column| column["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn s003_a_product_gets_its_defaults() {
    let world = world().await;
    let spare = but(
        product(),
        &json!({ "spec": { "approvalMode": null, "publishStatus": null } }),
    );
    let stored = world.admin().create(&spare).await.unwrap();
    assert_eq!(stored["spec"]["approvalMode"], "manual");
    assert_eq!(stored["spec"]["publishStatus"], "Draft");
    assert_eq!(
        world.admin().get(&Address::of(&spare)).await.unwrap()["spec"],
        stored["spec"]
    );
}

#[tokio::test]
async fn s004_a_product_targets_routes_only() {
    let world = world().await;
    let cases = [
        (
            json!({ "spec": { "targetRef": { "kind": "Gateway" } } }),
            "Invalid targetRef.kind. The only supported value is 'HTTPRoute'",
        ),
        (
            json!({ "spec": { "targetRef": { "group": "apps" } } }),
            "Invalid targetRef.group. The only supported value is 'gateway.networking.k8s.io'",
        ),
        (
            json!({ "spec": { "targetRef": { "name": "" } } }),
            "spec.targetRef.name",
        ),
        (
            json!({ "spec": { "targetRef": null } }),
            "spec.targetRef: Required value",
        ),
    ];
    all_refused(&world, &product(), &cases).await;
}

#[tokio::test]
async fn s005_a_product_outside_its_enumerations_is_refused() {
    let world = world().await;
    let cases = [
        (
            json!({ "spec": { "approvalMode": "auto" } }),
            r#"spec.approvalMode: Unsupported value: "auto": supported values: "automatic", "manual""#,
        ),
        (
            json!({ "spec": { "publishStatus": "Hidden" } }),
            r#"spec.publishStatus: Unsupported value: "Hidden": supported values: "Draft", "Published""#,
        ),
        (
            json!({ "spec": { "displayName": null } }),
            "spec.displayName: Required value",
        ),
    ];
    all_refused(&world, &product(), &cases).await;
}

#[tokio::test]
async fn s006_a_key_without_its_parts_is_refused() {
    let world = world().await;
    let cases = [
        (
            json!({ "spec": { "secretRef": null } }),
            "spec.secretRef: Required value",
        ),
        (
            json!({ "spec": { "planTier": null } }),
            "spec.planTier: Required value",
        ),
        (
            json!({ "spec": { "requestedBy": null } }),
            "spec.requestedBy: Required value",
        ),
        (
            json!({ "spec": { "requestedBy": { "userId": null } } }),
            "spec.requestedBy.userId: Required value",
        ),
        (
            json!({ "spec": { "requestedBy": { "email": null } } }),
            "spec.requestedBy.email: Required value",
        ),
        (
            json!({ "spec": { "apiProductRef": null } }),
            "spec.apiProductRef: Required value",
        ),
        (
            json!({ "spec": { "apiProductRef": { "name": null } } }),
            "spec.apiProductRef.name: Required value",
        ),
    ];
    all_refused(&world, &key(), &cases).await;
}

#[tokio::test]
async fn s007_s008_a_key_may_leave_out_use_case_and_product_namespace() {
    let world = world().await;
    let change = json!({ "spec": { "useCase": null, "apiProductRef": { "namespace": null } } });
    let stored = world.admin().create(&but(key(), &change)).await.unwrap();
    assert_eq!(
        stored["spec"]["apiProductRef"],
        json!({ "name": "gamestore-api" })
    );
    assert_eq!(stored["spec"].get("useCase"), None);
}

#[tokio::test]
async fn s009_an_email_address_looks_like_one() {
    let world = world().await;
    let with = |email: &str| json!({ "spec": { "requestedBy": { "email": email } } });
    let words =
        r"spec.requestedBy.email in body should match '^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$'";
    let cases = ["not-an-email", "a@b", "a b@c.org", "", "@c.org"].map(|email| (with(email), words));
    all_refused(&world, &key(), &cases).await;
    world
        .admin()
        .create(&but(key(), &with("a.b+c@x-y.example.org")))
        .await
        .unwrap();
}

#[tokio::test]
async fn s010_a_decision_says_what_who_when_and_on_which_request() {
    let world = world().await;
    let cases = [
        (
            json!({ "spec": { "approved": null } }),
            "spec.approved: Required value",
        ),
        (
            json!({ "spec": { "reviewedBy": null } }),
            "spec.reviewedBy: Required value",
        ),
        (
            json!({ "spec": { "reviewedAt": null } }),
            "spec.reviewedAt: Required value",
        ),
        (
            json!({ "spec": { "apiKeyRequestRef": { "name": null } } }),
            "spec.apiKeyRequestRef.name: Required value",
        ),
        (
            json!({ "spec": { "reviewedAt": "yesterday" } }),
            "spec.reviewedAt",
        ),
        (json!({ "spec": { "approved": "yes" } }), "spec.approved"),
    ];
    all_refused(&world, &approval(), &cases).await;
    let short = but(
        approval(),
        &json!({ "spec": { "reason": null, "message": null } }),
    );
    world.admin().create(&short).await.unwrap();
}

#[tokio::test]
async fn s011_the_status_does_not_change_through_the_object_itself() {
    let world = world().await;
    let admin = world.admin();
    let condition = json!([{
        "type": "Approved", "status": "True", "reason": "Self", "message": "I may",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }]);
    let forged = but(key(), &json!({ "status": { "conditions": condition } }));
    let stored = admin.create(&forged).await.unwrap();
    assert_eq!(stored.get("status"), None);
    let patched = admin
        .patch(
            &Address::of(&forged),
            &json!({ "status": { "conditions": condition } }),
        )
        .await
        .unwrap();
    assert_eq!(patched.get("status"), None);
    assert_eq!(
        patched["metadata"]["resourceVersion"], stored["metadata"]["resourceVersion"],
        "nothing was written"
    );

    let through_status = json!({ "conditions": condition });
    let patched = admin
        .patch_status(&Address::of(&forged), &through_status)
        .await
        .unwrap();
    assert_eq!(patched["status"]["conditions"], condition);
    assert_eq!(patched["metadata"]["generation"], 1);
}

#[tokio::test]
async fn s012_retired_status_fields_are_not_kept() {
    let world = world().await;
    world.admin().create(&key()).await.unwrap();
    let retired = json!({
        "phase": "Approved", "secretRef": { "name": "x" }, "canReadSecret": true, "reviewedBy": "x",
        "reviewedAt": "2026-01-01T00:00:00Z", "apiKeyValue": "x", "apiHostname": "kept.example.com",
    });
    let stored = world
        .admin()
        .patch_status(&Address::of(&key()), &retired)
        .await
        .unwrap();
    assert_eq!(stored["status"], json!({ "apiHostname": "kept.example.com" }));
}

#[tokio::test]
async fn s001_objects_without_a_spec_are_stored_as_upstream_stores_them() {
    let world = world().await;
    for object in [product(), key(), approval()] {
        let bare = but(object, &json!({ "spec": null }));
        world.admin().create(&bare).await.unwrap();
    }
    world.admin().create(&key_secret()).await.unwrap();
}
