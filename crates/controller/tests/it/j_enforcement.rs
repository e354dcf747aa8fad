//! J. The secret that a gateway reads: what is in it, and when it is there.

use keydesk_testkit::Address;
use keydesk_testkit::conditions::{condition, is, says};
use keydesk_testkit::fixtures::{
    self, KUADRANT_NAMESPACE, approval, but, denial, enforcement_of, key, key_secret, named, secret,
};
use keydesk_testkit::hidden::base64;
use keydesk_testkit::kinds;
use serde_json::{Value, json};

use crate::stage::{
    Stage, another_key, approval_at, auth_policy_at, decision_on, enforcement_at, key_at, secret_at,
};

const LABEL: &str = "devportal.kuadrant.io/enforcement=true";

/// All enforcement secrets.
async fn enforced(stage: &Stage) -> Vec<Value> {
    stage
        .admin
        .select(kinds::SECRET, KUADRANT_NAMESPACE, LABEL)
        .await
        .unwrap()
}

#[tokio::test]
async fn s110_the_enforcement_secret_is_upstreams_to_the_letter() {
    let stage = Stage::approved().await;
    assert_eq!(
        enforcement_at().name,
        "devportal-consumer-app-gamestore-apikey-8dee3e06"
    );
    let seen = stage.get(&enforcement_at()).await;
    assert_eq!(seen["type"], "Opaque");
    assert_eq!(seen["data"], json!({ "api_key": base64(b"abc123") }));
    let labels = json!({
        "devportal.kuadrant.io/enforcement": "true",
        "devportal.kuadrant.io/apiproduct": "gamestore-api",
        "devportal.kuadrant.io/apiproduct-namespace": "gamestore",
        "devportal.kuadrant.io/apikey": "gamestore-apikey",
        "devportal.kuadrant.io/apikey-namespace": "consumer-app",
        "authorino.kuadrant.io/managed-by": "authorino",
        "app": "gamestore",
        "role": "admin",
    });
    assert_eq!(seen["metadata"]["labels"], labels);
    let annotations = &seen["metadata"]["annotations"];
    assert_eq!(annotations["secret.kuadrant.io/plan-id"], "gold");
    assert_eq!(annotations["secret.kuadrant.io/user-id"], "user-12345");
    assert_eq!(seen["metadata"].get("ownerReferences"), None);
}

#[tokio::test]
async fn s110_annotations_of_the_consumers_secret_stay_with_the_consumer() {
    let stage = Stage::owned().await;
    let applied = json!({ "metadata": { "annotations": {
        "kubectl.kubernetes.io/last-applied-configuration": r#"{"stringData":{"api_key":"abc123"}}"#,
    }}});
    stage.create(&but(key_secret(), &applied)).await;
    stage.create(&key()).await;
    stage.create(&approval()).await;
    let seen = stage.soon(&enforcement_at(), "exists", |_| true).await;
    keydesk_testkit::hidden::assert_hidden("the metadata", &seen["metadata"].to_string(), &["abc123"]);
}

#[tokio::test]
async fn s111_only_an_approved_key_has_a_secret_and_always_the_same() {
    let stage = Stage::pending().await;
    stage.admin.stays_gone(&enforcement_at()).await;
    stage.create(&denial("No")).await;
    stage.key_is("Denied").await;
    stage.admin.stays_gone(&enforcement_at()).await;
    stage
        .patch(&approval_at(), &json!({ "spec": { "approved": true } }))
        .await;
    let first = stage.soon(&enforcement_at(), "exists", |_| true).await;
    stage
        .patch(
            &key_at(),
            &json!({ "metadata": { "annotations": { "touched": "yes" } } }),
        )
        .await;
    stage
        .patch(&approval_at(), &json!({ "spec": { "message": "edited" } }))
        .await;
    let same = |seen: &Value| seen["metadata"]["uid"] == first["metadata"]["uid"];
    stage.stays(&enforcement_at(), "is the same", same).await;
    stage.delete(&secret_at()).await;
    stage.key_is("Failed").await;
    stage.admin.soon_gone(&enforcement_at()).await;
}

#[tokio::test]
async fn s112_namesakes_have_secrets_of_their_own() {
    let stage = Stage::owned().await;
    let keys = [
        (
            "consumer-app",
            "same",
            enforcement_of(&another_key("consumer-app", "same")).name,
        ),
        (
            "other-app",
            "same",
            enforcement_of(&another_key("other-app", "same")).name,
        ),
        ("foo-bar", "baz", "devportal-foo-bar-baz-fa616890".to_owned()),
        ("foo", "bar-baz", "devportal-foo-bar-baz-cd6ffb27".to_owned()),
    ];
    for (index, (namespace, name, secret_name)) in keys.into_iter().enumerate() {
        stage.world.namespace(namespace).await;
        let value = format!("value-{index}");
        stage.create(&secret(namespace, name, &value)).await;
        let key = another_key(namespace, name);
        stage.create(&key).await;
        stage
            .create(&decision_on(&key, &format!("yes-{index}"), true))
            .await;
        let address = Address::new(kinds::SECRET, KUADRANT_NAMESPACE, &secret_name);
        let own = |seen: &Value| seen["data"]["api_key"] == base64(value.as_bytes());
        stage.soon(&address, "has its own value", own).await;
    }
    assert_eq!(enforced(&stage).await.len(), 4);
}

#[tokio::test]
async fn s113_an_enforcement_secret_without_an_approved_key_is_removed() {
    let stage = Stage::approved().await;
    let mut stray = stage.get(&enforcement_at()).await;
    stray["metadata"] = json!({
        "name": "devportal-gone-app-gone-00000000", "namespace": KUADRANT_NAMESPACE,
        "labels": but(stray["metadata"]["labels"].clone(), &json!({
            "devportal.kuadrant.io/apikey": "gone", "devportal.kuadrant.io/apikey-namespace": "gone-app",
        })),
    });
    let barely = json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": { "api_key": "a-value-of-nobody" },
        "metadata": {
            "name": "barely", "namespace": KUADRANT_NAMESPACE,
            "labels": { "devportal.kuadrant.io/enforcement": "true" },
        },
    });
    for stray in [stray, barely] {
        stage.create(&stray).await;
        stage.admin.soon_gone(&Address::of(&stray)).await;
    }
    stage.stays(&enforcement_at(), "is left alone", |_| true).await;
}

#[tokio::test]
async fn s113_an_orphan_from_before_the_start_is_removed() {
    let mut stage = Stage::approved().await;
    stage.stop().await;
    stage.delete(&key_at()).await;
    stage.start(crate::stage::settings());
    stage.admin.soon_gone(&enforcement_at()).await;
    stage.admin.soon_gone(&crate::stage::request_at()).await;
}

#[tokio::test]
async fn s114_reserved_labels_win() {
    let stage = Stage::pending().await;
    let labels = json!({
        "authorino.kuadrant.io/managed-by": "x", "devportal.kuadrant.io/apikey": "y", "app": "gamestore", "role": null,
    });
    let entry = json!({ "apiKey": { "selector": { "matchLabels": labels } } });
    stage
        .patch(
            &auth_policy_at(),
            &json!({ "spec": { "rules": { "authentication": { "vip-users": entry } } } }),
        )
        .await;
    stage
        .soon(&key_at(), "has the new selector", |seen| {
            let selector = &seen["status"]["authScheme"]["authenticationSpec"]["selector"];
            selector["matchLabels"]["authorino.kuadrant.io/managed-by"] == "x"
        })
        .await;
    stage.create(&approval()).await;
    let seen = stage.soon(&enforcement_at(), "exists", |_| true).await;
    assert_eq!(
        seen["metadata"]["labels"]["authorino.kuadrant.io/managed-by"],
        "authorino"
    );
    assert_eq!(
        seen["metadata"]["labels"]["devportal.kuadrant.io/apikey"],
        "gamestore-apikey"
    );
}

#[tokio::test]
async fn s124_secrets_of_others_are_never_touched() {
    let mut stage = Stage::quiet().await;
    stage.create(&fixtures::kuadrant()).await;
    stage.create(&key_secret()).await;
    let plain = secret(KUADRANT_NAMESPACE, "somebody-elses", "theirs");
    let namesake = named(
        secret(KUADRANT_NAMESPACE, "", "theirs"),
        KUADRANT_NAMESPACE,
        &enforcement_at().name,
    );
    let marked = but(
        secret(KUADRANT_NAMESPACE, "half-marked", "theirs"),
        &json!({ "metadata": { "labels": { "app": "gamestore", "authorino.kuadrant.io/managed-by": "authorino" } } }),
    );
    let mut before = Vec::new();
    for foreign in [&plain, &namesake, &marked] {
        before.push(stage.create(foreign).await);
    }
    stage.start(crate::stage::settings());
    stage.own(&fixtures::product()).await;
    stage.create(&key()).await;
    stage.create(&approval()).await;
    stage
        .soon(&key_at(), "is decided on", |seen| {
            is(seen, "Approved") || is(seen, "Failed")
        })
        .await;
    stage.create(&denial_elsewhere()).await;
    for foreign in before {
        let version = foreign["metadata"]["resourceVersion"].clone();
        stage
            .stays(&Address::of(&foreign), "is untouched", |seen| {
                seen["metadata"]["resourceVersion"] == version
            })
            .await;
    }
    stage.delete(&key_at()).await;
    stage.admin.soon_gone(&crate::stage::request_at()).await;
    stage
        .stays(&Address::of(&namesake), "is untouched", |_| true)
        .await;
}

#[tokio::test]
async fn s124_a_foreign_secret_of_the_derived_name_is_reported_until_it_goes() {
    let stage = Stage::pending().await;
    let namesake = named(
        secret(KUADRANT_NAMESPACE, "", "theirs"),
        KUADRANT_NAMESPACE,
        &enforcement_at().name,
    );
    let before = stage.create(&namesake).await;
    stage.create(&approval()).await;
    let message = format!(
        "Secret {KUADRANT_NAMESPACE}/{} exists and is no enforcement secret: remove or rename it",
        enforcement_at().name
    );
    stage
        .soon(&key_at(), "reports the conflict", |seen| {
            is(seen, "Approved")
                && says(
                    seen,
                    "EnforcementFailed",
                    "True",
                    "EnforcementSecretConflict",
                    &message,
                )
        })
        .await;
    let untouched =
        |seen: &Value| seen["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"];
    stage.stays(&enforcement_at(), "is untouched", untouched).await;
    stage.delete(&enforcement_at()).await;
    stage
        .soon(&enforcement_at(), "is ours", |seen| {
            seen["data"]["api_key"] == base64(b"abc123")
        })
        .await;
    stage
        .soon(&key_at(), "reports no conflict", |seen| {
            condition(seen, "EnforcementFailed").is_none()
        })
        .await;
}

#[tokio::test]
async fn s124_what_is_only_half_labelled_elsewhere_is_nobodys_orphan() {
    let stage = Stage::approved().await;
    let mut stray = stage.get(&enforcement_at()).await;
    stray["metadata"] = json!({
        "name": "somebody-elses", "namespace": fixtures::CONSUMER_NAMESPACE,
        "labels": { "devportal.kuadrant.io/enforcement": "true", "authorino.kuadrant.io/managed-by": "authorino" },
    });
    stage.create(&stray).await;
    stage.stays(&Address::of(&stray), "is left alone", |_| true).await;
}

/// Another decision, so that something goes on around the foreign secrets.
fn denial_elsewhere() -> Value {
    named(denial("No"), fixtures::OWNER_NAMESPACE, "later-denial")
}
