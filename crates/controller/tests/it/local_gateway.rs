//! The gateway controller that `keydesk up` plays.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Method, Request, Response, StatusCode};
use keydesk_controller::local_gateway;
use keydesk_testkit::{Address, conditions, kinds};
use kube::Client;
use kube::client::Body;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::stage::Stage;

/// A client whose first write is lost, and which counts its writes.
fn losing_one(client: Client, writes: &Arc<AtomicUsize>) -> Client {
    let writes = Arc::clone(writes);
    let service = tower::service_fn(move |request: Request<Body>| {
        let is_lost = request.method() == Method::PUT && writes.fetch_add(1, Ordering::Relaxed) == 0;
        let client = client.clone();
        async move {
            if !is_lost {
                return client.send(request).await;
            }
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            Ok(answer)
        }
    });
    Client::new(service, "default")
}

#[tokio::test]
async fn a_status_that_could_not_be_written_is_written_a_moment_later_though_nothing_happens() {
    let stage = Stage::quiet().await;
    let (writes, shutdown) = (Arc::default(), CancellationToken::new());
    let client = losing_one(stage.admin.client(), &writes);
    let gateway = tokio::spawn(local_gateway::run(client, shutdown.clone()));
    let class = json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": { "name": "keydesk-loses-one" },
        "spec": { "controllerName": "keydesk.dev/gateway" },
    });
    stage.create(&class).await;
    let class_at = Address::new(kinds::GATEWAY_CLASS, "", "keydesk-loses-one");
    stage
        .soon(&class_at, "is accepted", |seen| {
            conditions::has(seen, "Accepted", "True", "Accepted")
        })
        .await;
    assert!(writes.load(Ordering::Relaxed) > 1);
    shutdown.cancel();
    gateway.await.expect("the gateway ends in order");
    stage.delete(&class_at).await;
}
