//! Enforcement secrets: what is in them, and that they stay so.

use std::sync::Arc;

use keydesk_api::condition::KeyAspect;
use keydesk_core::{FingerprintKey, SecretFacts};
use serde_json::json;

use super::stage::{Stage, merged, product, rests};
use crate::key::converge::Copying;

#[test]
fn a_copy_carries_upstreams_labels_and_annotations() {
    let stage = Stage::approved();
    let meta = &stage.seen.copies[0].meta;
    assert_eq!(
        meta.id.to_string(),
        "kuadrant-system/devportal-consumer-app-gamestore-apikey-8dee3e06"
    );
    let labels: Vec<_> = meta
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        labels,
        [
            "app=gamestore",
            "authorino.kuadrant.io/managed-by=authorino",
            "devportal.kuadrant.io/apikey=gamestore-apikey",
            "devportal.kuadrant.io/apikey-namespace=consumer-app",
            "devportal.kuadrant.io/apiproduct=gamestore-api",
            "devportal.kuadrant.io/apiproduct-namespace=gamestore",
            "devportal.kuadrant.io/enforcement=true",
            "role=admin",
        ]
    );
    let annotations: Vec<_> = meta
        .annotations
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        annotations,
        [
            "secret.kuadrant.io/plan-id=gold",
            "secret.kuadrant.io/user-id=user-12345"
        ]
    );
}

#[test]
fn whatever_differs_is_put_right() {
    let edits: [fn(&mut Stage); 4] = [
        |stage| stage.seen.copies[0].value = None,
        |stage| stage.live().value = Some(FingerprintKey::new([1; 32]).fingerprint(b"new456")),
        |stage| Arc::make_mut(&mut stage.seen.copies[0].meta).annotations.clear(),
        |stage| {
            Arc::make_mut(&mut stage.seen.copies[0].meta)
                .labels
                .insert("more".into(), "x".into());
        },
    ];
    for edit in edits {
        let mut stage = Stage::approved();
        edit(&mut stage);
        assert!(!stage.plan().copying.is_empty());
        stage.settle();
        assert!(rests(&stage.plan()));
    }
}

#[test]
fn a_copy_follows_the_kuadrant() {
    let mut stage = Stage::approved();
    stage.live().enforcement_namespace = Some("elsewhere".into());
    assert_eq!(stage.plan().revoke.len(), 1);
    stage.settle();
    assert_eq!(
        stage
            .seen
            .copies
            .iter()
            .map(|copy| copy.meta.id.namespace.as_str())
            .collect::<Vec<_>>(),
        ["elsewhere"]
    );
}

#[test]
fn nothing_is_written_over_a_copy_that_is_being_deleted() {
    let mut stage = Stage::approved();
    let meta = Arc::make_mut(&mut stage.seen.copies[0].meta);
    meta.deleting = true;
    meta.labels.clear();
    assert!(rests(&stage.plan()));
}

#[test]
fn somebody_elses_secret_of_that_name_is_left_alone_and_told() {
    let mut stage = Stage::new();
    stage.settle();
    stage.approve("yes", true, 10);
    stage.live().name_taken = true;
    stage.settle();
    assert!(stage.seen.copies.is_empty());
    assert_eq!(
        stage.stands(),
        ["Approved/Approved", "EnforcementFailed/EnforcementSecretConflict"]
    );
}

#[test]
fn a_key_without_a_secret_name_is_approved_but_says_that_nothing_is_enforced() {
    let mut stage = Stage::new();
    stage.edit(&json!({ "secretRef": { "name": "" } }));
    stage.live().secret = SecretFacts::Unnamed;
    stage.live().value = None;
    stage.settle();
    stage.approve("yes", true, 10);
    stage.settle();
    assert_eq!(
        stage.stands(),
        ["Approved/Approved", "EnforcementFailed/SecretNotNamed"]
    );
}

#[test]
fn a_refusal_is_told_and_tried_again() {
    let mut stage = Stage::new();
    stage.settle();
    stage.approve("yes", true, 10);
    stage.live().rejection = Some("Forbidden".into());
    assert_eq!(
        stage.message(KeyAspect::EnforcementFailed),
        "The API server refused the enforcement secret: Forbidden"
    );
    assert!(matches!(stage.plan().copying[..], [Copying::Create(_)]));
}

#[test]
fn a_selector_that_our_labels_contradict_is_told() {
    let mut stage = Stage::approved();
    let selector = json!({ "matchLabels": { "app": "gamestore", "authorino.kuadrant.io/managed-by": "x" } });
    let patch = json!({ "status": { "discoveredAuthScheme": { "authentication": { "vip-users": { "apiKey": { "selector": selector } } } } } });
    stage.live().product = Some(Arc::new(merged(&product("manual"), &patch)));
    stage.settle();
    assert_eq!(
        stage.stands(),
        ["Approved/Approved", "EnforcementFailed/SelectorNotMatched"]
    );
    assert_eq!(
        stage.seen.copies[0].meta.labels["authorino.kuadrant.io/managed-by"],
        "authorino"
    );
}

#[test]
fn a_label_that_the_selector_asks_for_and_that_cannot_be_is_the_owners_to_mend() {
    let long = "k".repeat(70);
    for (name, value, why) in [
        (
            "app",
            "not a label!",
            r#"the value "not a label!" that it asks of "app""#,
        ),
        ("not a key!", "x", r#"no label can be called "not a key!""#),
        (&long, "x", "no label can be called \"kkk"),
    ] {
        let mut stage = Stage::approved();
        let selector = json!({ "matchLabels": { name: value } });
        let patch = json!({ "status": { "discoveredAuthScheme": { "authentication": { "vip-users": { "apiKey": { "selector": selector } } } } } });
        stage.live().product = Some(Arc::new(merged(&product("manual"), &patch)));
        // What the API server says to such a Secret.
        stage.live().rejection = Some("Invalid".into());
        let message = stage.message(KeyAspect::EnforcementFailed);
        assert!(message.contains(why), "{message}");
        assert_eq!(
            stage.stands(),
            ["Approved/Approved", "EnforcementFailed/SelectorNotMatched"]
        );
    }
}

#[test]
fn the_entry_that_the_owner_names_is_used() {
    let mut stage = Stage::approved();
    let patch = json!({
        "metadata": { "annotations": { "keydesk.dev/auth-entry": "partners" } },
        "status": { "discoveredAuthScheme": { "authentication": {
            "partners": { "apiKey": { "selector": { "matchLabels": { "app": "partners" } } } },
        } } },
    });
    stage.live().product = Some(Arc::new(merged(&product("manual"), &patch)));
    stage.settle();
    assert_eq!(stage.seen.copies[0].meta.labels["app"], "partners");
}

#[test]
fn long_names_are_cut_in_labels_and_whole_in_annotations() {
    let mut stage = Stage::new();
    let long = format!("{}.v1", "k".repeat(200));
    let patch = json!({ "metadata": { "name": long } });
    let live = stage.live();
    live.key = Arc::new(merged(live.key.as_ref(), &patch));
    live.edges = keydesk_catalog::KeyEdges::of(&live.key);
    stage.settle();
    let request = stage.live().edges.request.name.clone();
    stage.approve("yes", true, 10);
    stage.edit_approval(
        "yes",
        &json!({ "spec": { "apiKeyRequestRef": { "name": request } } }),
        11,
    );
    stage.settle();
    let meta = &stage.seen.copies[0].meta;
    assert!(meta.id.name.len() <= 253 && meta.labels["devportal.kuadrant.io/apikey"].len() <= 63);
    assert_eq!(meta.annotations["keydesk.dev/apikey"], long);
}
