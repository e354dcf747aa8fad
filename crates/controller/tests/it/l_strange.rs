//! L. Objects that can never be put right hurt nobody but themselves.

use keydesk_testkit::Address;
use keydesk_testkit::conditions::{condition, is};
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, but, key, key_secret, named, secret,
};
use keydesk_testkit::hidden::base64;
use keydesk_testkit::kinds::{APPROVAL, KEY, SECRET};
use serde_json::{Value, json};

use crate::stage::{Stage, approval_at, enforcement_at, key_at, product_at, request_at, secret_at};

const STRANGE: &str = "strange";

/// One object of each kind with which something is wrong for good, before anything else is there.
async fn in_strange_company() -> Stage {
    let stage = Stage::empty().await;
    stage.world.namespace(STRANGE).await;
    stage.create(&fixtures::kuadrant()).await;
    for object in strange() {
        let at = Address::of(&object);
        stage.create(&object).await;
        if object["kind"] == "HTTPRoute" {
            stage.patch_status(&at, &fixtures::route_status(&[true])).await;
        }
        if object["kind"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("Policy"))
        {
            stage
                .patch_status(&at, &fixtures::policy_status(true, true))
                .await;
        }
    }
    // Approved by themselves, so that there is something to enforce that cannot be.
    for name in [long(253), "illegal".to_owned()] {
        let at = Address::new(KEY, STRANGE, &name);
        stage.soon(&at, "is approved", |seen| is(seen, "Approved")).await;
    }
    stage
}

fn long(length: usize) -> String {
    "n".repeat(length)
}

fn strange() -> Vec<Value> {
    let product = named(fixtures::automatic_product(), STRANGE, "gamestore-api");
    let ask = |name: &str, product: &str| {
        let spec = json!({ "spec": {
            "apiProductRef": { "name": product, "namespace": STRANGE },
            "secretRef": { "name": "value" },
        }});
        but(named(key(), STRANGE, name), &spec)
    };
    let illegal = json!({ "spec": {
        "targetRef": { "name": "illegal" },
        "rules": { "authentication": { "vip-users": { "apiKey": { "selector": {
            "matchLabels": { "app": "no label value!", "role": "admin" } } } } } },
    }});
    let unreadable = json!({
        "metadata": { "annotations": {
            "keydesk.dev/terms": "{", "keydesk.dev/approved-terms": "[]",
        }},
        "spec": { "apiKeyRequestRef": { "name": fixtures::request_name(CONSUMER_NAMESPACE, "gamestore-apikey") } },
    });
    let owned = json!({
        "metadata": { "ownerReferences": [{
            "apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "controller": true,
            "uid": "11111111-2222-3333-4444-555555555555",
        }], "finalizers": ["example.com/never"] },
        "spec": { "apiKeyRequestRef": { "name": "nobody-asked" } },
    });
    let request = json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1",
        "kind": "APIKeyRequest",
        "metadata": {
            "name": "by-hand", "namespace": STRANGE, "annotations": { "keydesk.dev/terms-before": "?" },
            "finalizers": ["example.com/never"],
        },
        "spec": {
            "apiProductRef": { "name": "gamestore-api" }, "planTier": "gold", "useCase": "",
            "requestedBy": { "userId": "eve", "email": "eve@example.com" },
            "apiKeyRef": { "name": "nobody", "namespace": STRANGE },
        },
    });
    let labelled = json!({ "metadata": {
        "finalizers": ["example.com/never"],
        "labels": { "devportal.kuadrant.io/enforcement": "true" },
    }});
    let documented = json!({ "spec": { "documentation": { "openAPISpecURL": "gopher://[::1" } } });
    vec![
        named(fixtures::route(), STRANGE, "gamestore"),
        named(fixtures::auth_policy(), STRANGE, "gamestore-auth"),
        but(product.clone(), &documented),
        named(fixtures::route(), STRANGE, "illegal"),
        but(named(fixtures::auth_policy(), STRANGE, "illegal"), &illegal),
        but(
            named(product, STRANGE, "illegal"),
            &json!({ "spec": { "targetRef": { "name": "illegal" } } }),
        ),
        secret(STRANGE, "value", "a-strange-value-0123456789"),
        ask(&long(253), "gamestore-api"),
        ask("illegal", "illegal"),
        ask("for-nothing", "no-such-product"),
        but(
            ask("without-secret", "gamestore-api"),
            &json!({ "spec": { "secretRef": { "name": "" } } }),
        ),
        but(
            named(fixtures::approval(), OWNER_NAMESPACE, "unreadable"),
            &unreadable,
        ),
        but(named(fixtures::approval(), OWNER_NAMESPACE, &long(253)), &owned),
        request,
        but(
            secret(KUADRANT_NAMESPACE, &long(253), "an-orphan-of-nobody-0123456789"),
            &labelled,
        ),
    ]
}

#[tokio::test]
async fn s136_in_strange_company_a_key_is_approved_changed_and_revoked() {
    let stage = in_strange_company().await;
    stage.own(&fixtures::product()).await;
    stage.create(&key_secret()).await;
    stage.create(&key()).await;
    stage.key_is("Pending").await;
    stage.create(&fixtures::approval()).await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;

    let value = base64(b"another-value-0123456789");
    stage
        .patch(&secret_at(), &json!({ "data": { "api_key": value } }))
        .await;
    stage
        .soon(&enforcement_at(), "has the new value", |seen| {
            seen["data"]["api_key"] == value
        })
        .await;
    stage
        .patch(&approval_at(), &json!({ "spec": { "approved": false } }))
        .await;
    stage.key_is("Denied").await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage
        .patch(&approval_at(), &json!({ "spec": { "approved": true } }))
        .await;
    stage.soon(&enforcement_at(), "is back", |_| true).await;
    stage.delete(&key_at()).await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage.admin.soon_gone(&request_at()).await;
}

#[tokio::test]
async fn s136_in_strange_company_a_product_approves_by_itself_and_keys_expire() {
    let stage = in_strange_company().await;
    stage.own(&fixtures::automatic_product()).await;
    stage.create(&key_secret()).await;
    // Somebody's word that nobody can read is in the way of an approval by the system: it goes first.
    let unreadable = Address::new(APPROVAL, OWNER_NAMESPACE, "unreadable");
    stage.delete(&unreadable).await;
    stage.create(&key()).await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    stage
        .patch(
            &key_at(),
            &json!({ "spec": { "expiresAt": fixtures::now_plus(2) } }),
        )
        .await;
    stage.key_is("Expired").await;
    stage.admin.soon_gone(&enforcement_at()).await;
    stage.delete(&product_at()).await;
    stage
        .key_fails(
            "APIProductNotFound",
            "Referenced APIProduct gamestore/gamestore-api not found",
        )
        .await;
}

#[tokio::test]
async fn s136_what_is_strange_about_an_object_is_said_on_it() {
    let stage = in_strange_company().await;
    let illegal = Address::new(KEY, STRANGE, "illegal");
    stage
        .soon(&illegal, "says that it cannot be enforced", |seen| {
            condition(seen, "EnforcementFailed").is_some()
        })
        .await;
    let nothing = Address::new(KEY, STRANGE, "for-nothing");
    stage.soon(&nothing, "is failed", |seen| is(seen, "Failed")).await;
    // A name may be as long as names can be: what is derived from it is shortened.
    let name = long(253);
    let long = Address::new(KEY, STRANGE, &name);
    stage
        .soon(&long, "is approved", |seen| {
            is(seen, "Approved") && condition(seen, "EnforcementFailed").is_none()
        })
        .await;
    let copies = stage
        .admin
        .select(
            SECRET,
            KUADRANT_NAMESPACE,
            &format!("devportal.kuadrant.io/apikey-namespace={STRANGE}"),
        )
        .await
        .unwrap();
    assert!(
        copies
            .iter()
            .any(|copy| copy["metadata"]["annotations"]["keydesk.dev/apikey"] == name),
        "it is enforced, under a shorter name: {copies:#?}"
    );
}
