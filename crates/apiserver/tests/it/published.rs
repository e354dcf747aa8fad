//! Discovery, OpenAPI and tables over HTTP, for a built-in and a custom kind.

use http::{Request, header};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use crate::cluster::{bees, client, namespace, send, soon};

async fn get(client: &Client, path: &str, accept: &str) -> (String, Value) {
    let request = Request::get(path)
        .header(header::ACCEPT, accept)
        .body(Body::empty())
        .unwrap();
    let response = client.send(request).await.unwrap();
    let media_type = response.headers()[header::CONTENT_TYPE]
        .to_str()
        .unwrap()
        .to_owned();
    let body = response.into_body().collect_bytes().await.unwrap();
    (media_type, serde_json::from_slice(&body).unwrap())
}

const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

#[tokio::test]
async fn both_forms_of_discovery_describe_the_same_kind() {
    let client = client().await;
    let (group, _) = bees(&client).await;
    let (_, list) = get(&client, &format!("/apis/{group}/v1"), "application/json").await;
    let bee = &list["resources"][0];
    assert_eq!(
        (&bee["name"], &bee["kind"], &bee["namespaced"], &bee["shortNames"]),
        (&json!("bees"), &json!("Bee"), &json!(true), &json!(["b"]))
    );
    assert_eq!(list["resources"][1]["name"], "bees/status");
    let item = soon("aggregated discovery knows the group", async || {
        let (media_type, all) = get(&client, "/apis", AGGREGATED).await;
        assert_eq!(
            media_type,
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        );
        all["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["metadata"]["name"] == group.as_str())
            .cloned()
    })
    .await;
    let kind = json!({"group": group, "version": "v1", "kind": "Bee"});
    assert_eq!(
        item["versions"][0]["resources"],
        json!([{
            "resource": "bees", "responseKind": kind, "scope": "Namespaced", "singularResource": "bee",
            "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
            "shortNames": ["b"],
            "subresources": [{"subresource": "status", "responseKind": kind, "verbs": ["get", "patch", "update"]}],
        }])
    );
}

#[tokio::test]
async fn a_path_that_nothing_serves_is_not_found() {
    let client = client().await;
    assert_eq!(send(&client, "GET", "/apis/none.example.com/v1", "").await.0, 404);
    let (code, answer) = send(&client, "GET", "/apis/rbac.authorization.k8s.io/v9", "").await;
    assert_eq!(
        (code, &answer["message"]),
        (404, &json!("the server could not find the requested resource"))
    );
    let (_, version) = send(&client, "GET", "/version", "").await;
    assert_eq!(version["major"], "1");
    assert_eq!(
        send(&client, "GET", "/readyz", "").await,
        (200, Value::String("ok".into()))
    );
}

#[tokio::test]
async fn the_schema_of_a_kind_is_where_the_index_says() {
    let client = client().await;
    let (group, _) = bees(&client).await;
    let path = format!("apis/{group}/v1");
    let url = soon("the index knows the group", async || {
        let (_, index) = send(&client, "GET", "/openapi/v3", "").await;
        index["paths"][&path]["serverRelativeURL"]
            .as_str()
            .map(str::to_owned)
    })
    .await;
    let (code, document) = send(&client, "GET", &url, "").await;
    assert_eq!(code, 200);
    let mut name: Vec<&str> = group.split('.').rev().collect();
    name.extend(["v1", "Bee"]);
    let bee = &document["components"]["schemas"][name.join(".")];
    assert_eq!(
        bee["x-kubernetes-group-version-kind"],
        json!([{"group": group, "kind": "Bee", "version": "v1"}])
    );
    assert_eq!(
        bee["properties"]["spec"]["properties"]["legs"],
        json!({"type": "integer", "default": 6})
    );
    let operation =
        &document["paths"][format!("/apis/{group}/v1/namespaces/{{namespace}}/bees/{{name}}")]["patch"];
    assert_eq!(operation["x-kubernetes-action"], "patch");
    assert!(
        operation["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["name"] == "fieldValidation")
    );
}

#[tokio::test]
async fn lists_objects_and_watches_come_as_tables() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("/api/v1/namespaces/{namespace}/secrets");
    let secret = json!({"metadata": {"name": "x"}, "data": {"a": "YQ=="}});
    assert_eq!(send(&client, "POST", &path, secret.to_string()).await.0, 201);
    let (_, list) = get(&client, &path, TABLE).await;
    assert_eq!(
        (&list["kind"], &list["apiVersion"]),
        (&json!("Table"), &json!("meta.k8s.io/v1"))
    );
    let names: Vec<&str> = list["columnDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Name", "Type", "Data", "Age"]);
    let cells = &list["rows"][0]["cells"];
    assert_eq!(
        (&cells[0], &cells[1], &cells[2]),
        (&json!("x"), &json!("Opaque"), &json!(1))
    );
    assert_eq!(list["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let (_, one) = get(&client, &format!("{path}/x?includeObject=Object"), TABLE).await;
    assert_eq!(one["rows"][0]["object"]["data"], json!({"a": "YQ=="}));
    let (_, bad) = get(&client, &format!("{path}?includeObject=bad"), TABLE).await;
    assert!(
        bad["message"]
            .as_str()
            .unwrap()
            .contains("must be 'Metadata', 'Object', 'None', or empty"),
        "{bad}"
    );
    let (media_type, plain) = get(&client, &path, "application/json").await;
    assert_eq!(
        (media_type.as_str(), &plain["kind"]),
        ("application/json", &json!("SecretList"))
    );
}

#[tokio::test]
async fn what_discovery_does_not_list_is_not_allowed() {
    let client = client().await;
    let kept = namespace(&client).await;
    let (code, answer) = send(
        &client,
        "DELETE",
        "/api/v1/namespaces?fieldSelector=metadata.name%3Dnone",
        "",
    )
    .await;
    let message = "the server does not allow this method on the requested resource";
    assert_eq!((code, &answer["message"]), (405, &json!(message)));
    assert_eq!(
        send(&client, "GET", &format!("/api/v1/namespaces/{kept}"), "")
            .await
            .0,
        200
    );
}
