//! The file: what was acknowledged is there again, and what is wrong is said.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use keydesk_apiserver::{ApiServer, Store, StoreError};
use kube::Api;
use kube::api::{ListParams, PostParams, WatchParams};
use serde_json::json;
use tempfile::TempDir;

use crate::cluster::embedded;

/// A client that was dropped holds the store until its task has been polled once more.
async fn free(directory: &Path) -> Store {
    for _ in 0..500 {
        match Store::open(directory) {
            Err(StoreError::Locked { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
            opened => return opened.unwrap(),
        }
    }
    panic!("the store is still in use after 5 s");
}

async fn start(directory: &Path) -> (ApiServer, Api<ConfigMap>) {
    let server = ApiServer::builder()
        .store(free(directory).await)
        .build()
        .await
        .unwrap();
    let api = Api::namespaced(embedded(&server), "default");
    (server, api)
}

async fn make(api: &Api<ConfigMap>, name: &str) -> ConfigMap {
    let body = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
    api.create(&PostParams::default(), &body).await.unwrap()
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let (server, api) = start(directory.path()).await;
    let made = make(&api, "a").await;
    drop(api);
    server.shutdown().await;

    let (_server, api) = start(directory.path()).await;
    assert_eq!(api.get("a").await.unwrap(), made);
    let next = make(&api, "b").await;
    let number = |object: &ConfigMap| {
        object
            .metadata
            .resource_version
            .as_ref()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    assert!(number(&next) > number(&made), "the revision never goes back");
}

#[tokio::test]
async fn history_from_before_a_restart_is_expired() {
    let directory = TempDir::new().unwrap();
    let (server, api) = start(directory.path()).await;
    let old = make(&api, "a").await.metadata.resource_version.unwrap();
    make(&api, "b").await;
    drop(api);
    server.shutdown().await;

    let (_server, api) = start(directory.path()).await;
    let mut events = Box::pin(api.watch(&WatchParams::default(), &old).await.unwrap());
    let event = futures::StreamExt::next(&mut events).await.unwrap().unwrap();
    let kube::api::WatchEvent::Error(status) = event else {
        panic!("{event:?}")
    };
    assert_eq!(status.code, 410);
}

#[tokio::test]
async fn a_copy_of_the_file_taken_at_any_moment_holds_every_acknowledged_write() {
    let directory = TempDir::new().unwrap();
    let (_server, api) = start(directory.path()).await;
    for count in 1..=5 {
        make(&api, &format!("c{count}")).await;
        // What a power cut would leave: the file as it is, without any close.
        let copy = TempDir::new().unwrap();
        fs::copy(
            directory.path().join("objects.redb"),
            copy.path().join("objects.redb"),
        )
        .unwrap();
        let (_second, restored) = start(copy.path()).await;
        assert_eq!(
            restored.list(&ListParams::default()).await.unwrap().items.len(),
            count
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_writers_lose_nothing_and_get_distinct_revisions() {
    let directory = TempDir::new().unwrap();
    let (server, api) = start(directory.path()).await;
    let writers = (0..64).map(|writer| {
        let api = api.clone();
        tokio::spawn(async move {
            let mut revisions = Vec::new();
            for count in 0..5 {
                let made = make(&api, &format!("w{writer}-{count}")).await;
                revisions.push(made.metadata.resource_version.unwrap());
            }
            revisions
        })
    });
    let mut revisions = Vec::new();
    for written in futures::future::join_all(writers).await {
        revisions.extend(written.unwrap());
    }
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), 320);
    drop(api);
    server.shutdown().await;
    let (_server, api) = start(directory.path()).await;
    assert_eq!(api.list(&ListParams::default()).await.unwrap().items.len(), 320);
}

#[tokio::test]
async fn a_store_is_used_by_one_server_at_a_time() {
    let directory = TempDir::new().unwrap();
    let first = Store::open(directory.path()).unwrap();
    let refused = Store::open(directory.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Locked { .. }), "{refused:?}");
    assert!(
        refused.to_string().ends_with("is in use by another process"),
        "{refused}"
    );
    drop(first);
    Store::open(directory.path()).unwrap();
}

#[tokio::test]
async fn a_store_is_for_its_owner_only() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("data");
    let _store = Store::open(&directory).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&directory.join("objects.redb")), 0o600);
}

#[tokio::test]
async fn a_damaged_store_is_said_to_be_so() {
    let directory = TempDir::new().unwrap();
    let (server, api) = start(directory.path()).await;
    for count in 0..50 {
        make(&api, &format!("c{count}")).await;
    }
    drop(api);
    server.shutdown().await;
    let file = directory.path().join("objects.redb");
    let whole = fs::read(&file).unwrap();

    let mut copies: Vec<Vec<u8>> = vec![
        b"this is no store".repeat(1000),
        vec![0; 8192],
        whole[..5000].to_vec(),
    ];
    // Every page in turn: at least those in use must be missed.
    for page in (4096..whole.len()).step_by(4096) {
        let mut damaged = whole.clone();
        damaged[page..page + 2048].fill(0xa5);
        copies.push(damaged);
    }
    let mut noticed = 0;
    for damaged in copies {
        fs::write(&file, damaged).unwrap();
        match Store::open(directory.path()) {
            Ok(_) => {}
            Err(StoreError::Corrupt { .. }) => noticed += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(noticed >= 4, "{noticed}");
}

#[tokio::test]
async fn a_place_where_nothing_can_be_written_is_said_to_be_so() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = Store::open(file.join("below")).unwrap_err();
    assert!(matches!(refused, StoreError::Open { .. }), "{refused:?}");
}
