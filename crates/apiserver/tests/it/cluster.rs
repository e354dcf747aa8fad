//! A server for a test: an embedded one of its own or, if a kubeconfig is given, a real one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::{Request, Response};
use k8s_openapi::api::core::v1::Namespace;
use keydesk_apiserver::{ApiServer, User};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, PostParams};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::{Value, json};

const KUBECONFIG: &str = "KEYDESK_TEST_KUBECONFIG";

/// Whether the tests run against a real server.
pub(crate) fn is_real() -> bool {
    std::env::var_os(KUBECONFIG).is_some()
}

/// An administrator's client.
pub(crate) async fn client() -> Client {
    match std::env::var(KUBECONFIG) {
        Ok(path) => {
            let config = Kubeconfig::read_from(path).unwrap();
            let options = KubeConfigOptions::default();
            let mut config = Config::from_custom_kubeconfig(config, &options).await.unwrap();
            // A test wants to see the first answer.
            config.default_retry = false;
            Client::try_from(config).unwrap()
        }
        Err(_) => embedded(&server().await),
    }
}

/// An embedded server in memory.
pub(crate) async fn server() -> ApiServer {
    ApiServer::builder().build().await.unwrap()
}

/// An administrator's client of that server.
pub(crate) fn embedded(server: &ApiServer) -> Client {
    Client::new(server.as_user(User::admin()), "default")
}

/// A name that no other test uses, now or earlier on the same real server.
pub(crate) fn unique(base: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    format!("{base}-{now:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A namespace of its own for a test.
pub(crate) async fn namespace(client: &Client) -> String {
    let name = unique("t");
    let namespace = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
    Api::<Namespace>::all(client.clone())
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();
    name
}

/// The answer to one request: code and JSON body.
pub(crate) async fn send(
    client: &Client,
    method: &str,
    path: &str,
    body: impl Into<Vec<u8>>,
) -> (u16, Value) {
    send_as(client, method, path, "application/json", body).await
}

/// The same, with a content type.
pub(crate) async fn send_as(
    client: &Client,
    method: &str,
    path: &str,
    content_type: &str,
    body: impl Into<Vec<u8>>,
) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", content_type);
    let request = request.body(Body::from(body.into())).unwrap();
    let (code, bytes) = receive(client.send(request).await.unwrap()).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (
        code,
        serde_json::from_slice(&bytes).unwrap_or(Value::String(text)),
    )
}

async fn receive(response: Response<Body>) -> (u16, Vec<u8>) {
    let code = response.status().as_u16();
    (code, response.into_body().collect_bytes().await.unwrap().to_vec())
}

/// Asks until the answer is what it should be.
pub(crate) async fn soon<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("did not happen within 10 s: {what}");
}

/// A definition of a namespaced kind `Bee` with a status and a small schema.
pub(crate) fn bee_definition(group: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("bees.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "bees", "singular": "bee", "kind": "Bee", "shortNames": ["b"]},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {
                        "spec": {
                            "type": "object",
                            "properties": {
                                "color": {"type": "string", "enum": ["yellow", "black"]},
                                "legs": {"type": "integer", "default": 6},
                            },
                        },
                        "status": {"type": "object", "properties": {"seen": {"type": "integer"}}},
                    },
                }},
            }],
        },
    })
}

/// Installs the definition and waits until it is served.
pub(crate) async fn bees(client: &Client) -> (String, ApiResource) {
    let group = format!("{}.example.com", unique("g"));
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let (code, answer) = send(client, "POST", path, bee_definition(&group).to_string()).await;
    assert_eq!(code, 201, "{answer}");
    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(&group, "v1", "Bee"), "bees");
    soon("the new kind is served", async || {
        let bees: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        bees.list(&kube::api::ListParams::default()).await.ok()
    })
    .await;
    (group, resource)
}
