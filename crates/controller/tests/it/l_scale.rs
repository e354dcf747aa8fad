//! L. What a controller asks of the API server among many keys: counted, so that it is true of thousands.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};
use keydesk_testkit::fixtures::{CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, secret};
use keydesk_testkit::wait;
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;

use crate::stage::{Stage, another_key, settings};

/// Methods and paths of what is asked for.
type Asked = Arc<Mutex<Vec<(Method, String)>>>;

fn noting(client: Client, asked: &Asked) -> Client {
    let asked = Arc::clone(asked);
    let service = tower::service_fn(move |request: Request<Body>| {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let is_list_of_keys =
            path.ends_with("/v1alpha1/apikeys") && !request.uri().to_string().contains("watch=");
        asked.lock().push((method, path));
        let client = client.clone();
        async move {
            if is_list_of_keys {
                // Secrets are heard of first.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            client.send(request).await
        }
    });
    Client::new(service, "default")
}

/// Asks for a key, which is approved at once, and waits until so many are enforced.
async fn add_key(stage: &Stage, name: &str, number: usize) {
    let value = format!("the value of {name}");
    stage.create(&secret(CONSUMER_NAMESPACE, name, &value)).await;
    stage.create(&another_key(CONSUMER_NAMESPACE, name)).await;
    wait::soon(stage.admin.patience(), "all are enforced", async || {
        let enforced = stage.enforced().await.len();
        (enforced == number)
            .then_some(())
            .ok_or_else(|| format!("{enforced} are"))
    })
    .await;
}

#[tokio::test]
async fn a_start_reads_each_consumers_secret_once_the_enforcement_secrets_together_and_writes_nothing() {
    const KEYS: [&str; 4] = ["key-a", "key-b", "key-c", "key-d"];
    let mut stage = Stage::automatic().await;
    for (number, name) in KEYS.into_iter().enumerate() {
        add_key(&stage, name, number + 1).await;
    }
    stage.stop().await;
    let asked = Asked::default();
    stage.start_with(noting(stage.world.controller().client(), &asked), settings());
    // It comes after all others.
    add_key(&stage, "newcomer", KEYS.len() + 1).await;
    stage.stop().await;

    let asked = std::mem::take(&mut *asked.lock());
    let enforcement = format!("/api/v1/namespaces/{KUADRANT_NAMESPACE}/secrets");
    let times = |method: Method, path: &str| {
        let same = asked.iter().filter(|(m, p)| *m == method && p == path);
        same.count()
    };
    assert_eq!(times(Method::GET, &enforcement), 1, "{asked:?}");
    for name in KEYS {
        let path = format!("/api/v1/namespaces/{CONSUMER_NAMESPACE}/secrets/{name}");
        assert_eq!(times(Method::GET, &path), 1, "{path} in {asked:?}");
    }
    let of_keys = |path: &str| KEYS.iter().any(|name| path.contains(name));
    for (method, path) in &asked {
        let reads_one = *method == Method::GET && path.starts_with(&format!("{enforcement}/"));
        let is_write = !method.is_safe();
        assert!(!(reads_one || is_write) || !of_keys(path), "{method} {path}");
    }
    assert_eq!(times(Method::POST, &enforcement), 1, "the newcomer's");
}
