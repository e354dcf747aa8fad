//! Create, update, patch: identity, generation, conflicts.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams, PostParams};
use kube::core::DynamicObject;
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::cluster::{bees, client, namespace, send, send_as, unique};

fn config_map(name: &str, value: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"key": value}})).unwrap()
}

async fn config_maps() -> (Client, String, Api<ConfigMap>) {
    let client = client().await;
    let namespace = namespace(&client).await;
    let api = Api::namespaced(client.clone(), &namespace);
    (client, namespace, api)
}

#[tokio::test]
async fn a_created_object_has_an_identity() {
    let (_, namespace, api) = config_maps().await;
    let made = api
        .create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap()
        .metadata;
    assert!(made.uid.is_some_and(|uid| uid.len() == 36));
    assert!(made.creation_timestamp.is_some());
    assert!(made.resource_version.is_some());
    assert_eq!(made.namespace.as_deref(), Some(namespace.as_str()));
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let (_, _, api) = config_maps().await;
    api.create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap();
    let refused = api
        .create(&PostParams::default(), &config_map("a", "2"))
        .await
        .unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused}")
    };
    assert_eq!((status.code, status.reason.as_str()), (409, "AlreadyExists"));
    assert_eq!(status.message, "configmaps \"a\" already exists");
}

#[tokio::test]
async fn a_generated_name_begins_as_asked() {
    let (client, namespace, _) = config_maps().await;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let (code, made) = send(
        &client,
        "POST",
        &path,
        r#"{"metadata": {"generateName": "made-"}}"#,
    )
    .await;
    assert_eq!(code, 201, "{made}");
    let name = made["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("made-") && name.len() == 10, "{name}");
}

#[tokio::test]
async fn an_update_with_an_old_version_is_a_conflict() {
    let (_, _, api) = config_maps().await;
    let first = api
        .create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap();
    let mut second = first.clone();
    second.data = config_map("a", "2").data;
    api.replace("a", &PostParams::default(), &second).await.unwrap();
    let refused = api
        .replace("a", &PostParams::default(), &first)
        .await
        .unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused}")
    };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert_eq!(
        status.message,
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to \
         the latest version and try again"
    );
}

#[tokio::test]
async fn an_update_that_changes_nothing_writes_nothing() {
    let (_, _, api) = config_maps().await;
    let first = api
        .create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap();
    let again = api.replace("a", &PostParams::default(), &first).await.unwrap();
    assert_eq!(first.metadata.resource_version, again.metadata.resource_version);
}

#[tokio::test]
async fn patches_that_race_all_land() {
    let (_, _, api) = config_maps().await;
    api.create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap();
    let patches = (0..32).map(|position| {
        let api = api.clone();
        async move {
            let patch = json!({"data": {format!("k{position}"): "v"}});
            api.patch("a", &PatchParams::default(), &Patch::Merge(patch))
                .await
                .unwrap()
        }
    });
    futures::future::join_all(patches).await;
    assert_eq!(api.get("a").await.unwrap().data.unwrap().len(), 33);
}

#[tokio::test]
async fn of_two_creates_at_once_one_wins() {
    let (_, _, api) = config_maps().await;
    let creates = (0..16).map(|position| {
        let api = api.clone();
        async move {
            api.create(&PostParams::default(), &config_map("a", &position.to_string()))
                .await
                .is_ok()
        }
    });
    let won = futures::future::join_all(creates)
        .await
        .into_iter()
        .filter(|won| *won)
        .count();
    assert_eq!(won, 1);
}

async fn bee() -> (Client, Api<DynamicObject>, String) {
    let client = client().await;
    let namespace = namespace(&client).await;
    let (group, resource) = bees(&client).await;
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &resource);
    let path = format!("/apis/{group}/v1/namespaces/{namespace}/bees");
    let body = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Bee", "metadata": {"name": "b"},
        "spec": {"color": "yellow"}, "status": {"seen": 1},
    });
    let (code, made) = send(&client, "POST", &path, body.to_string()).await;
    assert_eq!(code, 201, "{made}");
    (client, api, format!("{path}/b"))
}

#[tokio::test]
async fn a_new_custom_object_has_defaults_and_no_status() {
    let (_, api, _) = bee().await;
    let bee = api.get("b").await.unwrap();
    assert_eq!(bee.data["spec"], json!({"color": "yellow", "legs": 6}));
    assert_eq!(bee.data.get("status"), None);
    assert_eq!(bee.metadata.generation, Some(1));
}

#[tokio::test]
async fn only_content_counts_as_a_generation() {
    let (_, api, _) = bee().await;
    let params = PatchParams::default();
    let patch = |value: Value| Patch::Merge(value);
    let labelled = api
        .patch("b", &params, &patch(json!({"metadata": {"labels": {"a": "b"}}})))
        .await
        .unwrap();
    assert_eq!(labelled.metadata.generation, Some(1));
    let changed = api
        .patch(
            "b",
            &params,
            &patch(json!({"spec": {"color": "black"}, "status": {"seen": 9}})),
        )
        .await
        .unwrap();
    assert_eq!(changed.metadata.generation, Some(2));
    assert_eq!(changed.data.get("status"), None);
    let seen = api
        .patch_status(
            "b",
            &params,
            &patch(json!({"spec": {"color": "yellow"}, "status": {"seen": 2}})),
        )
        .await
        .unwrap();
    assert_eq!(seen.metadata.generation, Some(2));
    assert_eq!(seen.data["spec"]["color"], "black");
    assert_eq!(seen.data["status"]["seen"], 2);
}

#[tokio::test]
async fn who_wrote_what_of_a_custom_object_tells_when() {
    let (_, api, _) = bee().await;
    let write = async |patch: Value| {
        let patch = Patch::Merge(patch);
        api.patch("b", &PatchParams::default(), &patch).await.unwrap()
    };
    write(json!({ "metadata": { "annotations": { "a": "1", "b": "1" } } })).await;
    let spec = write(json!({ "spec": { "color": "black" } })).await;
    let both = write(json!({ "metadata": { "annotations": { "a": "2" } } })).await;
    let written = |bee: &DynamicObject, pointer: &str| {
        let entries = bee.metadata.managed_fields.as_ref().unwrap().iter();
        let times = entries.filter_map(|entry| {
            let fields = entry
                .fields_v1
                .as_ref()
                .filter(|fields| fields.0.pointer(pointer).is_some());
            fields.and(entry.time.clone())
        });
        times.max()
    };
    assert!(
        written(&spec, "/f:spec/f:color")
            .or(written(&spec, "/f:spec"))
            .is_some()
    );
    assert!(written(&both, "/f:metadata/f:annotations/f:a").is_some());
    assert!(
        written(&both, "/f:spec") >= written(&spec, "/f:spec"),
        "it is not forgotten"
    );
}

#[tokio::test]
async fn a_custom_object_cannot_be_overwritten_blindly() {
    let (client, api, path) = bee().await;
    let mut bee = serde_json::to_value(api.get("b").await.unwrap()).unwrap();
    bee["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    bee["spec"]["color"] = json!("black");
    let (code, refused) = send(&client, "PUT", &path, bee.to_string()).await;
    assert_eq!(code, 422);
    assert_eq!(
        refused["details"]["causes"][0]["field"],
        "metadata.resourceVersion"
    );
    assert_eq!(
        refused["details"]["causes"][0]["message"],
        "Invalid value: 0: must be specified for an update"
    );
}

#[tokio::test]
async fn a_value_that_breaks_the_schema_is_refused_with_its_field() {
    let (client, _, path) = bee().await;
    let merge = "application/merge-patch+json";
    let (code, refused) = send_as(&client, "PATCH", &path, merge, r#"{"spec": {"color": "red"}}"#).await;
    assert_eq!(code, 422, "{refused}");
    assert_eq!(refused["reason"], "Invalid");
    let cause = &refused["details"]["causes"][0];
    assert_eq!(cause["field"], "spec.color");
    assert_eq!(
        cause["message"],
        r#"Unsupported value: "red": supported values: "yellow", "black""#
    );
}

#[tokio::test]
async fn metadata_is_checked_as_a_whole() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let body = json!({"metadata": {"name": "B_", "labels": {"a b": "c", "d": "e f"}}});
    let (code, refused) = send(&client, "POST", &path, body.to_string()).await;
    assert_eq!(code, 422, "{refused}");
    let fields: Vec<&str> = refused["details"]["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| cause["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["metadata.name", "metadata.labels", "metadata.labels"]);
}

#[tokio::test]
async fn an_object_lives_in_a_namespace_that_exists() {
    let client = client().await;
    let nowhere = unique("nowhere");
    let path = format!("/api/v1/namespaces/{nowhere}/configmaps");
    let (code, refused) = send(&client, "POST", &path, r#"{"metadata": {"name": "a"}}"#).await;
    assert_eq!(code, 404);
    assert_eq!(refused["message"], format!("namespaces {nowhere:?} not found"));
}

#[tokio::test]
async fn a_patch_of_each_kind_does_what_it_says() {
    let (client, namespace, api) = config_maps().await;
    api.create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap();
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/a");
    for (content_type, body, key) in [
        (
            "application/json-patch+json",
            r#"[{"op": "add", "path": "/data/json", "value": "1"}]"#,
            "json",
        ),
        (
            "application/merge-patch+json",
            r#"{"data": {"merge": "1"}}"#,
            "merge",
        ),
        (
            "application/strategic-merge-patch+json",
            r#"{"data": {"strategic": "1"}}"#,
            "strategic",
        ),
    ] {
        let (code, patched) = send_as(&client, "PATCH", &path, content_type, body).await;
        assert_eq!(code, 200, "{patched}");
        assert_eq!(patched["data"][key], "1", "{content_type}");
        assert_eq!(patched["data"]["key"], "1", "{content_type}");
    }
}
