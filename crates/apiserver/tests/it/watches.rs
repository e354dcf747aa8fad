//! Watches: order, selection, and how they end.

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::cluster::{bees, client, embedded, namespace, send, server};

async fn config_maps() -> (Client, Api<ConfigMap>, String) {
    let client = client().await;
    let namespace = namespace(&client).await;
    (
        client.clone(),
        Api::namespaced(client, &namespace),
        format!("/api/v1/namespaces/{namespace}/configmaps"),
    )
}

async fn make(api: &Api<ConfigMap>, name: &str, labels: Value) -> String {
    let body = json!({"metadata": {"name": name, "labels": labels}});
    let made = api
        .create(&PostParams::default(), &serde_json::from_value(body).unwrap())
        .await
        .unwrap();
    made.metadata.resource_version.unwrap()
}

/// `ADDED a`, of the next `count` events that are no bookmarks.
async fn told(stream: impl Stream<Item = kube::Result<WatchEvent<ConfigMap>>>, count: usize) -> Vec<String> {
    let told = stream.filter_map(|event| async {
        let told = |kind: &str, object: ConfigMap| {
            let name = object.metadata.name.unwrap();
            (name != "kube-root-ca.crt").then(|| format!("{kind} {name}"))
        };
        match event.unwrap() {
            WatchEvent::Added(object) => told("ADDED", object),
            WatchEvent::Modified(object) => told("MODIFIED", object),
            WatchEvent::Deleted(object) => told("DELETED", object),
            WatchEvent::Bookmark(_) => None,
            WatchEvent::Error(status) => Some(format!("ERROR {} {}", status.code, status.reason)),
        }
    });
    told.take(count).collect().await
}

#[tokio::test]
async fn a_watch_tells_what_happens_after_its_revision_in_order() {
    let (_, api, _) = config_maps().await;
    let revision = make(&api, "a", json!({})).await;
    make(&api, "b", json!({})).await;
    let patch = Patch::Merge(json!({"data": {"x": "1"}}));
    api.patch("a", &PatchParams::default(), &patch).await.unwrap();
    api.delete("b", &DeleteParams::default()).await.unwrap();
    let stream = api.watch(&WatchParams::default(), &revision).await.unwrap();
    assert_eq!(told(stream, 3).await, ["ADDED b", "MODIFIED a", "DELETED b"]);
}

#[tokio::test]
async fn a_watch_without_a_revision_begins_with_what_is_there() {
    let (_, api, _) = config_maps().await;
    make(&api, "a", json!({})).await;
    let stream = api.watch(&WatchParams::default(), "0").await.unwrap().boxed();
    let mut stream = stream;
    assert_eq!(told(&mut stream, 1).await, ["ADDED a"]);
    make(&api, "b", json!({})).await;
    assert_eq!(told(&mut stream, 1).await, ["ADDED b"]);
}

#[tokio::test]
async fn an_object_that_leaves_the_selection_is_deleted_to_the_watcher() {
    let (_, api, _) = config_maps().await;
    let revision = make(&api, "a", json!({"team": "red"})).await;
    make(&api, "other", json!({"team": "blue"})).await;
    for team in ["blue", "red"] {
        let patch = Patch::Merge(json!({"metadata": {"labels": {"team": team}}}));
        api.patch("a", &PatchParams::default(), &patch).await.unwrap();
    }
    let stream = api
        .watch(&WatchParams::default().labels("team=red"), &revision)
        .await
        .unwrap();
    assert_eq!(told(stream, 2).await, ["DELETED a", "ADDED a"]);
}

#[tokio::test]
async fn every_event_moves_the_revision_on() {
    let (_, api, _) = config_maps().await;
    let revision = make(&api, "a", json!({"team": "red"})).await;
    let patch = Patch::Merge(json!({"metadata": {"labels": {"team": "blue"}}}));
    let moved = api
        .patch("a", &PatchParams::default(), &patch)
        .await
        .unwrap()
        .metadata
        .resource_version;
    api.delete("a", &DeleteParams::default()).await.unwrap();
    let red = api
        .watch(&WatchParams::default().labels("team=red"), &revision)
        .await
        .unwrap();
    let all = api.watch(&WatchParams::default(), &revision).await.unwrap();
    let Some(Ok(WatchEvent::Deleted(left))) = red.boxed().next().await else {
        panic!("no DELETED")
    };
    assert_eq!(left.metadata.resource_version, moved);
    let gone: Vec<_> = all.take(2).try_collect().await.unwrap();
    let WatchEvent::Deleted(gone) = &gone[1] else {
        panic!("no DELETED")
    };
    let number = |version: &Option<String>| version.as_ref().unwrap().parse::<u64>().unwrap();
    assert!(number(&gone.metadata.resource_version) > number(&moved));
}

#[tokio::test]
async fn a_watch_ends_when_its_time_is_over() {
    let (_, api, _) = config_maps().await;
    let revision = make(&api, "a", json!({})).await;
    let stream = api
        .watch(&WatchParams::default().timeout(1), &revision)
        .await
        .unwrap();
    let events: Vec<_> = stream.try_collect().await.unwrap();
    assert!(
        events
            .iter()
            .all(|event| matches!(event, WatchEvent::Bookmark(_))),
        "{events:?}"
    );
}

#[tokio::test]
async fn sending_initial_events_is_refused_so_that_clients_fall_back() {
    // A real server of today has the feature.
    let client = embedded(&server().await);
    let path = "/api/v1/namespaces/default/configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    let (code, refused) = send(&client, "GET", path, "").await;
    assert_eq!((code, refused["reason"].as_str()), (422, Some("Invalid")));
    assert_eq!(
        refused["message"],
        "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for \
         watch unless the WatchList feature gate is enabled"
    );
}

#[tokio::test]
async fn a_watch_of_a_kind_ends_with_its_definition() {
    let client = client().await;
    let (group, resource) = bees(&client).await;
    let api: Api<kube::core::DynamicObject> = Api::all_with(client.clone(), &resource);
    let stream = api.watch(&WatchParams::default().timeout(20), "0").await.unwrap();
    let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/bees.{group}");
    let (code, answer) = send(&client, "DELETE", &path, "").await;
    assert_eq!(code, 200, "{answer}");
    let end = tokio::time::timeout(std::time::Duration::from_secs(10), stream.count()).await;
    assert!(end.is_ok(), "the watch goes on without its kind");
}

#[tokio::test]
async fn events_of_a_table_watch_say_the_columns_once() {
    let (client, api, path) = config_maps().await;
    make(&api, "a", json!({})).await;
    make(&api, "b", json!({})).await;
    let path = format!(
        "{path}?watch=true&timeoutSeconds=1&labelSelector=none+notin+(none)&fieldSelector=metadata.name!%3Dkube-root-ca.crt"
    );
    let request = http::Request::get(path).header("accept", "application/json;as=Table;g=meta.k8s.io;v=v1");
    let text = client
        .request_text(request.body(Vec::new()).unwrap())
        .await
        .unwrap();
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events[0]["object"]["rows"][0]["cells"][0], "a");
    assert!(events[0]["object"]["columnDefinitions"].is_array());
    assert_eq!(events[1]["object"]["columnDefinitions"], Value::Null);
}
