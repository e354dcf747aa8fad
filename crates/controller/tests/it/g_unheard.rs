//! G. Decisions made while the controller has not heard of what became of the key, or of what it asked for itself.

use std::io;
use std::sync::Arc;

use http::{Method, Request};
use keydesk_testkit::conditions::{has, is};
use keydesk_testkit::fixtures::{self, OWNER_NAMESPACE, product};
use keydesk_testkit::{Hears, Kind, News, kinds, wait};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tower::{BoxError, service_fn};

use crate::stage::{Stage, approval_at, in_namespace, key_at, product_at, request_at, settings};

/// A pending key, and a controller that hears of a kind what the news let through.
async fn pending(kind: Kind) -> (Stage, News) {
    let mut stage = Stage::quiet().await;
    let (news, client) = News::of(kind, &stage.world.controller().client());
    stage.start_with(client, settings());
    stage.create(&fixtures::kuadrant()).await;
    stage.own(&product()).await;
    stage.create(&fixtures::key_secret()).await;
    stage.create(&fixtures::key()).await;
    stage.key_is("Pending").await;
    (stage, news)
}

/// Approves the key, which is what its request makes of it by now, whatever the controller has heard.
async fn approve(stage: &Stage) -> Value {
    stage.create(&fixtures::approval()).await;
    // Then it goes with the request.
    stage
        .soon(&approval_at(), "has an owner", |approval| {
            approval["metadata"]["ownerReferences"][0]["kind"] == "APIKeyRequest"
        })
        .await
}

/// Whatever is heard now and later, the approval stays, and the key is enforced.
async fn is_kept(stage: &Stage, news: &News, approval: &Value) {
    let same = |seen: &Value| seen["metadata"]["uid"] == approval["metadata"]["uid"];
    news.let_through(Hears::Next(1));
    stage.stays(&approval_at(), "is still there", same).await;
    news.let_through(Hears::All);
    stage.key_is("Approved").await;
    stage
        .soon_enforced("is for gold", crate::stage::for_tier("gold"))
        .await;
    stage.stays(&approval_at(), "is still there", same).await;
    assert_eq!(
        approval["metadata"]["ownerReferences"][0]["uid"],
        stage.get(&request_at()).await["metadata"]["uid"]
    );
}

#[tokio::test]
async fn what_was_approved_since_a_key_was_made_again_does_not_go_with_its_earlier_life() {
    let (stage, news) = pending(kinds::KEY).await;
    news.let_through(Hears::Next(0));
    stage.delete(&key_at()).await;
    stage.create(&fixtures::key()).await;
    let approval = approve(&stage).await;
    is_kept(&stage, &news, &approval).await;
}

#[tokio::test]
async fn what_was_approved_since_a_key_came_back_from_another_owner_does_not_go_with_its_absence() {
    let (stage, news) = pending(kinds::KEY).await;
    stage.world.namespace("other-owner").await;
    stage.own(&in_namespace(product(), "other-owner")).await;
    let moves = |namespace: &str| json!({ "spec": { "apiProductRef": { "namespace": namespace } } });
    news.let_through(Hears::Next(0));
    stage.patch(&key_at(), &moves("other-owner")).await;
    stage.patch(&key_at(), &moves(OWNER_NAMESPACE)).await;
    let approval = approve(&stage).await;
    is_kept(&stage, &news, &approval).await;
}

#[tokio::test]
async fn what_an_owner_denied_without_being_heard_is_not_approved_by_the_system() {
    let (stage, news) = pending(kinds::APPROVAL).await;
    news.let_through(Hears::Next(0));
    stage.create(&fixtures::denial("not this one")).await;
    let automatic = json!({ "spec": { "approvalMode": "automatic" } });
    stage.patch(&product_at(), &automatic).await;
    stage
        .stays(&key_at(), "is pending", |key| is(key, "Pending"))
        .await;
    news.let_through(Hears::All);
    stage.key_is("Denied").await;
    let approvals = stage.admin.list(kinds::APPROVAL, OWNER_NAMESPACE).await.unwrap();
    assert_eq!(approvals.len(), 1, "nobody but the owner decided: {approvals:#?}");
}

/// A client whose deletions of requests break off, and what it asked for: the API server has yet to do it.
fn deleting_late(client: Client) -> (Client, Arc<Mutex<Vec<Request<Body>>>>) {
    let asked = Arc::<Mutex<Vec<_>>>::default();
    let ours = Arc::clone(&asked);
    let service = service_fn(move |request: Request<Body>| {
        let (client, asked) = (client.clone(), Arc::clone(&ours));
        let is_late = request.method() == Method::DELETE && request.uri().path().contains("/apikeyrequests/");
        async move {
            if is_late {
                asked.lock().await.push(request);
                return Err(BoxError::from(io::Error::from(io::ErrorKind::ConnectionReset)));
            }
            client.send(request).await.map_err(BoxError::from)
        }
    });
    (Client::new(service, "default"), asked)
}

#[tokio::test]
async fn what_was_approved_since_a_request_was_to_go_does_not_go_with_it_when_the_server_gets_to_it() {
    let mut stage = Stage::quiet().await;
    let client = stage.world.controller().client();
    let (late, asked) = deleting_late(client.clone());
    stage.start_with(late, settings());
    stage.create(&fixtures::kuadrant()).await;
    stage.own(&product()).await;
    stage.create(&fixtures::key_secret()).await;
    stage.create(&fixtures::key()).await;
    stage.key_is("Pending").await;
    stage.create(&fixtures::denial("not yet")).await;
    stage.key_is("Denied").await;
    stage.delete(&product_at()).await;
    stage
        .soon(&key_at(), "has failed", |key| {
            has(key, "Failed", "True", "APIProductNotFound")
        })
        .await;
    stage
        .soon(&request_at(), "shows it", |request| {
            has(request, "Failed", "True", "APIProductNotFound")
        })
        .await;
    // Without any decision it need not stay, and nothing is left to be shown on it.
    stage.delete(&approval_at()).await;
    wait::soon(stage.admin.patience(), "the request is to go", async || {
        let is_asked = !asked.lock().await.is_empty();
        is_asked.then_some(()).ok_or_else(|| "it is not".to_owned())
    })
    .await;
    let approval = approve(&stage).await;
    let asked = std::mem::take(&mut *asked.lock().await);
    for request in asked {
        let answer = client.send(request).await.unwrap();
        assert_eq!(answer.status(), 409, "it is another version by now");
    }
    stage.create(&product()).await;
    stage.key_is("Approved").await;
    let same = |seen: &Value| seen["metadata"]["uid"] == approval["metadata"]["uid"];
    stage.stays(&approval_at(), "is still there", same).await;
}

#[tokio::test]
async fn what_was_approved_after_a_request_went_unheard_is_what_it_had_shown() {
    let (stage, news) = pending(kinds::REQUEST).await;
    let asks_for = |tier: &str| json!({ "spec": { "planTier": tier } });
    stage.patch(&key_at(), &asks_for("bronze")).await;
    stage
        .soon(&request_at(), "shows bronze", |request| {
            request["spec"]["planTier"] == "bronze"
        })
        .await;
    // Of what it showed last the controller hears, of its end it does not.
    stage.key_is("Pending").await;
    news.let_through(Hears::Next(0));
    stage.delete(&product_at()).await;
    stage.admin.soon_gone(&request_at()).await;
    stage.create(&fixtures::approval()).await;
    // Whatever is looked at meanwhile, the request still seems to be there.
    stage.patch(&key_at(), &asks_for("gold")).await;
    stage.create(&product()).await;
    stage
        .stays(&key_at(), "is not approved", |key| !is(key, "Approved"))
        .await;
    news.let_through(Hears::All);
    stage.key_is("Approved").await;
    stage
        .soon_enforced("is for bronze", crate::stage::for_tier("bronze"))
        .await;
    stage
        .soon(&key_at(), "asks for more", |key| {
            has(key, "TermsChanged", "True", "AwaitingReapproval")
        })
        .await;
}
