//! Hostile requests: always an answer, never a change, never a panic.

use http::Request;
use kube::client::Body;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cluster::{client, embedded, is_real, namespace, send, send_as, server};

async fn refuse(content_type: &str, body: impl Into<Vec<u8>>, expected: u16) {
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("/api/v1/namespaces/{namespace}/secrets");
    let (code, refused) = send_as(&client, "POST", &path, content_type, body).await;
    assert_eq!(code, expected, "{refused}");
    assert_eq!(refused["kind"], "Status", "{refused}");
    assert!(!refused["message"].as_str().unwrap().is_empty());
    let (_, list) = send(&client, "GET", &path, "").await;
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn what_is_no_json_is_a_bad_request() {
    for body in ["not json", "{\"metadata\": ", "[1]", "", "\"text\"", "{} {}"] {
        refuse("application/json", body, 400).await;
    }
}

#[tokio::test]
async fn what_is_no_yaml_is_a_bad_request() {
    refuse("application/yaml", "a: [", 400).await;
    refuse("application/yaml", "- 1\n- 2\n", 400).await;
}

#[tokio::test]
async fn what_is_no_protobuf_is_a_bad_request() {
    for body in [&b"nonsense"[..], b"k8s\0", b"k8s\0\xff\xff\xff\xff"] {
        refuse("application/vnd.kubernetes.protobuf", body, 400).await;
    }
}

#[tokio::test]
async fn an_unknown_format_is_an_unsupported_media_type() {
    refuse("text/plain", "{}", 415).await;
}

#[tokio::test]
async fn a_bottomless_body_is_a_bad_request() {
    let depth = 100_000;
    let body = format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    refuse("application/json", body, 400).await;
    refuse("application/yaml", "[".repeat(depth), 400).await;
}

#[tokio::test]
async fn a_body_of_more_than_three_mebibytes_is_too_large() {
    refuse("application/json", vec![b' '; (3 << 20) + 1], 413).await;
}

#[tokio::test]
async fn a_yaml_body_makes_the_same_object() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: value}\n";
    let (code, made) = send_as(&client, "POST", &path, "application/yaml", yaml).await;
    assert_eq!(code, 201, "{made}");
    assert_eq!(made["data"]["key"], "value");
}

#[tokio::test]
async fn invalid_utf_8_is_a_bad_request() {
    // A real server lets it pass and stores replacement characters.
    let client = embedded(&server().await);
    let body = b"{\"metadata\": {\"name\": \"a\"}, \"data\": {\"a\": \"\xff\"}}";
    let path = "/api/v1/namespaces/default/configmaps";
    assert_eq!(send(&client, "POST", path, body.to_vec()).await.0, 400);
}

#[tokio::test]
async fn an_object_of_more_than_one_and_a_half_mebibytes_is_too_large() {
    // A real server answers 500 with etcd's words.
    let client = embedded(&server().await);
    let (group, _) = crate::cluster::bees(&client).await;
    let annotations: serde_json::Map<String, Value> = serde_json::Map::new();
    let labels = "x".repeat(1_600_000);
    let body = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Bee",
        "metadata": {"name": "b", "annotations": annotations},
        "spec": {"color": labels},
    });
    let path = format!("/apis/{group}/v1/namespaces/default/bees");
    // The schema speaks first where there is one; a ConfigMap has its own limit, an Event has none.
    assert_eq!(send(&client, "POST", &path, body.to_string()).await.0, 422);
    let event = json!({
        "metadata": {"name": "e", "namespace": "default"}, "message": labels,
        "involvedObject": {"namespace": "default"},
    });
    let (code, refused) = send(
        &client,
        "POST",
        "/api/v1/namespaces/default/events",
        event.to_string(),
    )
    .await;
    assert_eq!(
        (code, refused["reason"].as_str()),
        (413, Some("RequestEntityTooLarge")),
        "{refused}"
    );
}

#[tokio::test]
async fn many_owners_that_all_claim_control_are_told_of_once() {
    let client = client().await;
    let owner = |name: &str| json!({"apiVersion": "v1", "kind": "Secret", "name": name, "uid": "u", "controller": true});
    let mut owners = vec![owner("first"), owner("second")];
    if !is_real() {
        // A real server prints the list once for each of them.
        owners.extend((0..20_000).map(|_| owner("o")));
    }
    let body = json!({"metadata": {"name": "a", "ownerReferences": owners}});
    let path = "/api/v1/namespaces/default/configmaps";
    let (code, refused) = send(&client, "POST", path, body.to_string()).await;
    assert_eq!(code, 422, "{code}");
    assert_eq!(refused["details"]["causes"].as_array().unwrap().len(), 1);
}

proptest! {
    #[test]
    fn no_request_is_without_an_answer(
        method in prop::sample::select(vec!["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]),
        segments in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "api", "apis", "v1", "namespaces", "default", "secrets", "configmaps", "events", "status", "finalize",
                    "rbac.authorization.k8s.io", "apiextensions.k8s.io", "customresourcedefinitions", "openapi", "v3",
                    "", ".", "..", "%2e%2e", "%ff", "%00", "watch",
                ]).prop_map(str::to_owned),
                "[a-zA-Z0-9%._~-]{0,12}",
            ],
            0..8,
        ),
        query in "([a-zA-Z]{0,20}=[a-zA-Z0-9%=,()! .+-]{0,20}&?){0,4}",
        known in prop::sample::select(vec![
            "", "limit", "continue", "fieldSelector", "labelSelector", "resourceVersion", "dryRun", "includeObject",
        ]),
        content_type in prop::sample::select(vec![
            "application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/merge-patch+json",
            "application/json-patch+json", "application/strategic-merge-patch+json", "x",
        ]),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..64),
            "[\\[\\]{}:,\"a-z0-9 ]{0,64}".prop_map(String::into_bytes),
        ],
    ) {
        let path = format!("/{}?{known}={}", segments.join("/"), query.replace(' ', "+"));
        let Ok(request) = Request::builder().method(method).uri(path).header("content-type", content_type).body(Body::from(body)) else {
            return Ok(());
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let code = runtime.block_on(async {
            embedded(&server().await).send(request).await.unwrap().status().as_u16()
        });
        prop_assert!((200..=422).contains(&code) || code == 504, "{code}");
    }
}
