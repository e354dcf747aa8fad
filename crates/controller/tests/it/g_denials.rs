//! G. A no is to the key, whatever it asks for at that moment, and needs no terms.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use keydesk_controller::Settings;
use keydesk_testkit::fixtures::{self, CONSUMER_NAMESPACE, but, secret};
use keydesk_testkit::hidden::base64;
use keydesk_testkit::wait::next_second;
use keydesk_testkit::{Address, conditions};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::stage::{Stage, another_key, decision_on, key_at, product_at, request_at, secret_at, settings};

async fn moves_to(stage: &Stage, product: &str) {
    stage
        .patch(
            &key_at(),
            &json!({ "spec": { "apiProductRef": { "name": product } } }),
        )
        .await;
    stage
        .soon(&request_at(), "shows the product", |request| {
            request["spec"]["apiProductRef"]["name"] == product
        })
        .await;
}

#[tokio::test]
async fn a_key_that_was_out_of_the_way_while_it_was_denied_does_not_come_back_approved() {
    for mode in ["manual", "automatic"] {
        let stage = Stage::approved().await;
        moves_to(&stage, "nowhere").await;
        next_second().await;
        stage.create(&decision_on(&fixtures::key(), "no", false)).await;
        let taken = |seen: &Value| conditions::has(seen, "Valid", "True", "Valid");
        let no = Address {
            name: "no".to_owned(),
            ..crate::stage::approval_at()
        };
        stage.soon(&no, "is taken in", taken).await;
        stage
            .patch(&product_at(), &json!({ "spec": { "approvalMode": mode } }))
            .await;
        moves_to(&stage, "gamestore-api").await;
        stage.key_is("Pending").await;
        stage
            .stays(&key_at(), "waits for a decision", |key| {
                conditions::is(key, "Pending")
            })
            .await;
        assert!(stage.enforced().await.is_empty(), "{mode}");
        // What it was approved for is over.
        stage
            .soon(&crate::stage::approval_at(), "is superseded", |seen| {
                conditions::has(seen, "Superseded", "True", "LaterDecision")
            })
            .await;
    }
}

#[tokio::test]
async fn a_denial_counts_whatever_terms_were_recorded_with_it() {
    for terms in ["garbage", "{\"tier\": \"gold\"}"] {
        let stage = Stage::approved().await;
        next_second().await;
        let annotations = json!({ "metadata": { "annotations": { "keydesk.dev/terms": terms } } });
        stage
            .create(&but(decision_on(&fixtures::key(), "no", false), &annotations))
            .await;
        stage.key_is("Denied").await;
        assert!(stage.enforced().await.is_empty(), "{terms}");
    }
}

/// What becomes of a request for KEY's Secret.
#[derive(Clone, Copy)]
enum Shown {
    /// It is forbidden.
    Never,
    /// There is no answer.
    Someday,
}

/// A client that is not shown KEY's Secret, and says when it asks for it.
fn blind(client: Client, shown: Shown, asked: &Arc<Notify>) -> Client {
    let Address { namespace, name, .. } = secret_at();
    let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
    let asked = Arc::clone(asked);
    let service = tower::service_fn(move |request: Request<Body>| {
        let hidden = request.method() == Method::GET && request.uri().path() == path;
        let (client, asked) = (client.clone(), Arc::clone(&asked));
        async move {
            if !hidden {
                return client.send(request).await;
            }
            asked.notify_one();
            if let Shown::Someday = shown {
                return std::future::pending().await;
            }
            let refusal = json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "reason": "Forbidden", "code": 403, "message": "secrets are nobody's business",
            });
            let mut answer = Response::new(Body::from(refusal.to_string().into_bytes()));
            *answer.status_mut() = StatusCode::FORBIDDEN;
            Ok(answer)
        }
    });
    Client::new(service, "default")
}

#[tokio::test]
async fn a_denial_does_not_wait_until_the_secret_can_be_read() {
    let mut stage = Stage::approved().await;
    stage.stop().await;
    let asked = Arc::default();
    let client = blind(stage.world.controller().client(), Shown::Never, &asked);
    stage.start_with(client, settings());
    asked.notified().await;
    // That it cannot be read takes nothing away.
    stage
        .stays(&key_at(), "is approved", |key| conditions::is(key, "Approved"))
        .await;
    assert_eq!(stage.enforced().await.len(), 1);
    next_second().await;
    stage.create(&decision_on(&fixtures::key(), "no", false)).await;
    stage.soon_nothing_enforced().await;
    stage.key_is("Denied").await;
}

#[tokio::test]
async fn a_secret_that_is_not_shown_at_a_start_holds_up_neither_its_denial_nor_the_other_keys() {
    let mut stage = Stage::approved().await;
    stage.stop().await;
    next_second().await;
    stage.create(&decision_on(&fixtures::key(), "no", false)).await;
    let client = blind(stage.world.controller().client(), Shown::Someday, &Arc::default());
    let learn_within = Duration::from_secs(1);
    stage.start_with(
        client,
        Settings {
            learn_within,
            ..settings()
        },
    );
    stage.soon_nothing_enforced().await;

    let other = another_key(CONSUMER_NAMESPACE, "other");
    stage
        .create(&secret(CONSUMER_NAMESPACE, "other", "other456"))
        .await;
    stage.create(&other).await;
    stage.create(&decision_on(&other, "yes", true)).await;
    stage
        .soon_enforced("is the other key's", |copy| {
            copy["data"]["api_key"] == base64(b"other456")
        })
        .await;
}
