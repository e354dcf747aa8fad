//! J. A controller that is killed between two writes of enforcement secrets, and the next one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, Request};
use keydesk_testkit::fixtures::{KUADRANT_NAMESPACE, key, now_plus};
use keydesk_testkit::hidden::base64;
use keydesk_testkit::wait;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::stage::{Stage, decision_on, key_at, secret_at, settings};

/// Every place to break off a change of three writes: in which write, and whether that was made.
const PLACES: [(usize, bool); 6] = [
    (0, false),
    (0, true),
    (1, false),
    (1, true),
    (2, false),
    (2, true),
];

/// A client that hangs for ever in one of its writes of enforcement secrets: before it is made, or before its answer
/// arrives.
fn hanging(client: Client, (write, is_made): (usize, bool), reached: &Arc<Notify>) -> Client {
    let path = format!("/api/v1/namespaces/{KUADRANT_NAMESPACE}/secrets");
    let (written, reached) = (Arc::new(AtomicUsize::new(0)), Arc::clone(reached));
    let service = tower::service_fn(move |request: Request<Body>| {
        let is_write = request.method() != Method::GET && request.uri().path().starts_with(&path);
        let hangs = is_write && written.fetch_add(1, Ordering::Relaxed) == write;
        let (client, reached) = (client.clone(), Arc::clone(&reached));
        async move {
            if !hangs {
                return client.send(request).await;
            }
            if is_made {
                client.send(request).await?;
            }
            reached.notify_one();
            std::future::pending().await
        }
    });
    Client::new(service, "default")
}

/// What there is: the value, the tier and the end of each enforcement secret, if nothing is left to do to it.
async fn enforced(stage: &Stage) -> Vec<Option<[String; 3]>> {
    let tell = |secret: &Value| {
        let annotations = &secret["metadata"]["annotations"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        annotations["keydesk.dev/replaces"].is_null().then(|| {
            [
                text(&secret["data"]["api_key"]),
                text(&annotations["secret.kuadrant.io/plan-id"]),
                text(&annotations["keydesk.dev/previous-until"]),
            ]
        })
    };
    let mut told: Vec<_> = stage.enforced().await.iter().map(tell).collect();
    told.sort();
    told
}

/// Kills the controller in the course of a change, and sees to what end the next one brings it.
async fn kill_within(place: (usize, bool), change: impl AsyncFn(&Stage), end: &[[&str; 3]]) {
    let mut stage = Stage::approved().await;
    stage.stop().await;
    let reached = Arc::new(Notify::new());
    let client = hanging(stage.world.controller().client(), place, &reached);
    stage.start_with(client, settings());
    change(&stage).await;
    tokio::time::timeout(Duration::from_secs(20), reached.notified())
        .await
        .unwrap_or_else(|_| panic!("{place:?} is not reached"));
    stage.kill().await;
    stage.start(settings());
    let mut expected: Vec<_> = end.iter().map(|told| Some(told.map(str::to_owned))).collect();
    expected.sort();
    wait::soon(
        stage.admin.patience(),
        &format!("{place:?} is made up for"),
        async || {
            let told = enforced(&stage).await;
            if told == expected {
                Ok(())
            } else {
                Err(format!("{told:?}"))
            }
        },
    )
    .await;
}

#[tokio::test]
async fn s118_wherever_it_is_killed_one_secret_of_the_new_tier_is_left() {
    let retier = async |stage: &Stage| {
        stage
            .patch(&key_at(), &json!({ "spec": { "planTier": "bronze" } }))
            .await;
        wait::next_second().await;
        stage.create(&decision_on(&key(), "bronze", true)).await;
    };
    let value = base64(b"abc123");
    for place in PLACES {
        kill_within(place, retier, &[[&value, "bronze", ""]]).await;
    }
}

#[tokio::test]
async fn wherever_it_is_killed_both_values_of_a_rotation_are_enforced() {
    let until = now_plus(3_600);
    let [old, new] = [base64(b"abc123"), base64(b"new456")];
    let rotate = async |stage: &Stage| {
        let rotation = json!({
            "metadata": { "annotations": { "keydesk.dev/previous-until": until } },
            "data": { "api_key": new, "api_key.previous": old },
        });
        stage.patch(&secret_at(), &rotation).await;
    };
    for place in PLACES {
        kill_within(place, rotate, &[[&new, "gold", ""], [&old, "gold", &until]]).await;
    }
}
