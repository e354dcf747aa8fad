//! Deletion: finalizers, preconditions, garbage, namespaces.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, PropagationPolicy};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::cluster::{client, namespace, send, soon, unique};

async fn config_maps() -> (Client, String, Api<ConfigMap>) {
    let client = client().await;
    let namespace = namespace(&client).await;
    let api = Api::namespaced(client.clone(), &namespace);
    (client, namespace, api)
}

async fn make(api: &Api<ConfigMap>, metadata: Value) -> ConfigMap {
    let body = serde_json::from_value(json!({"metadata": metadata})).unwrap();
    api.create(&PostParams::default(), &body).await.unwrap()
}

fn owned_by(name: &str, owner: &ConfigMap) -> Value {
    json!({"name": name, "ownerReferences": [reference(owner)]})
}

fn reference(owner: &ConfigMap) -> Value {
    let metadata = &owner.metadata;
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "name": metadata.name, "uid": metadata.uid, "blockOwnerDeletion": true,
    })
}

async fn gone(api: &Api<ConfigMap>, name: &str) {
    soon(&format!("{name} is gone"), async || {
        api.get_opt(name).await.unwrap().is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_finalizer_holds_an_object_until_it_is_taken_away() {
    let (_, _, api) = config_maps().await;
    make(&api, json!({"name": "a", "finalizers": ["example.com/hold"]})).await;
    let going = api
        .delete("a", &DeleteParams::default())
        .await
        .unwrap()
        .left()
        .expect("still there");
    assert!(going.metadata.deletion_timestamp.is_some());
    let again = api
        .delete("a", &DeleteParams::default())
        .await
        .unwrap()
        .left()
        .expect("still there");
    assert_eq!(going.metadata.resource_version, again.metadata.resource_version);

    let params = PatchParams::default();
    let more = json!({"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}});
    let refused = api.patch("a", &params, &Patch::Merge(more)).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("no new finalizers can be added if the object is being deleted"),
        "{refused}"
    );

    api.patch(
        "a",
        &params,
        &Patch::Merge(json!({"metadata": {"finalizers": null}})),
    )
    .await
    .unwrap();
    assert!(api.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
async fn a_precondition_protects_from_deleting_another() {
    let (client, namespace, api) = config_maps().await;
    let made = make(&api, json!({"name": "a"})).await;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/a");
    for preconditions in [json!({"uid": "another"}), json!({"resourceVersion": "1"})] {
        let body = json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions});
        let (code, refused) = send(&client, "DELETE", &path, body.to_string()).await;
        assert_eq!(
            (code, refused["reason"].as_str()),
            (409, Some("Conflict")),
            "{refused}"
        );
    }
    let same = json!({"preconditions": {"uid": made.metadata.uid}});
    assert_eq!(send(&client, "DELETE", &path, same.to_string()).await.0, 200);
}

#[tokio::test]
async fn what_an_object_owns_goes_with_it() {
    let (_, _, api) = config_maps().await;
    let owner = make(&api, json!({"name": "owner"})).await;
    let child = make(&api, owned_by("child", &owner)).await;
    make(&api, owned_by("grandchild", &child)).await;
    make(&api, json!({"name": "bystander"})).await;
    api.delete("owner", &DeleteParams::background()).await.unwrap();
    gone(&api, "child").await;
    gone(&api, "grandchild").await;
    assert!(api.get_opt("bystander").await.unwrap().is_some());
}

#[tokio::test]
async fn an_object_of_an_owner_that_never_was_goes() {
    let (_, _, api) = config_maps().await;
    let mut owner = make(&api, json!({"name": "owner"})).await;
    owner.metadata.uid = Some("00000000-0000-0000-0000-000000000000".into());
    make(&api, owned_by("child", &owner)).await;
    gone(&api, "child").await;
    assert!(api.get_opt("owner").await.unwrap().is_some());
}

#[tokio::test]
async fn an_object_with_two_owners_outlives_one() {
    let (_, _, api) = config_maps().await;
    let (first, second) = (
        make(&api, json!({"name": "first"})).await,
        make(&api, json!({"name": "second"})).await,
    );
    make(
        &api,
        json!({"name": "child", "ownerReferences": [reference(&first), reference(&second)]}),
    )
    .await;
    api.delete("first", &DeleteParams::background()).await.unwrap();
    soon("the owner that is gone is forgotten", async || {
        let owners = api.get("child").await.unwrap().metadata.owner_references.unwrap();
        (owners.len() == 1 && owners[0].name == "second").then_some(())
    })
    .await;
    api.delete("second", &DeleteParams::background()).await.unwrap();
    gone(&api, "child").await;
}

#[tokio::test]
async fn in_the_foreground_the_owner_goes_last() {
    let (_, _, api) = config_maps().await;
    let owner = make(&api, json!({"name": "owner"})).await;
    let mut child = owned_by("child", &owner);
    child["finalizers"] = json!(["example.com/hold"]);
    make(&api, child).await;
    api.delete("owner", &DeleteParams::foreground()).await.unwrap();
    soon("the child is being deleted", async || {
        api.get("child")
            .await
            .unwrap()
            .metadata
            .deletion_timestamp
            .map(|_| ())
    })
    .await;
    let waiting = api.get("owner").await.unwrap();
    assert_eq!(
        waiting.metadata.finalizers,
        Some(vec!["foregroundDeletion".to_owned()])
    );
    let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    api.patch("child", &PatchParams::default(), &free).await.unwrap();
    gone(&api, "owner").await;
    gone(&api, "child").await;
}

#[tokio::test]
async fn orphans_stay() {
    let (_, _, api) = config_maps().await;
    let owner = make(&api, json!({"name": "owner"})).await;
    make(&api, owned_by("child", &owner)).await;
    let orphan = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Orphan),
        ..DeleteParams::default()
    };
    api.delete("owner", &orphan).await.unwrap();
    gone(&api, "owner").await;
    let child = api.get("child").await.unwrap();
    assert_eq!(child.metadata.owner_references.unwrap_or_default(), vec![]);
}

#[tokio::test]
async fn a_selection_is_deleted_at_once() {
    let (client, namespace, api) = config_maps().await;
    for (name, team) in [("a", "red"), ("b", "red"), ("c", "blue")] {
        make(&api, json!({"name": name, "labels": {"team": team}})).await;
    }
    let path = format!("/api/v1/namespaces/{namespace}/configmaps?labelSelector=team%3Dred");
    let (code, deleted) = send(&client, "DELETE", &path, "").await;
    assert_eq!((code, deleted["items"].as_array().unwrap().len()), (200, 2));
    gone(&api, "a").await;
    gone(&api, "b").await;
    assert!(api.get_opt("c").await.unwrap().is_some());
}

#[tokio::test]
async fn a_namespace_is_emptied_before_it_goes() {
    let (client, name, api) = config_maps().await;
    make(&api, json!({"name": "a"})).await;
    make(&api, json!({"name": "held", "finalizers": ["example.com/hold"]})).await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    gone(&api, "a").await;
    let going = namespaces.get(&name).await.unwrap();
    assert_eq!(going.status.unwrap().phase.as_deref(), Some("Terminating"));

    let path = format!("/api/v1/namespaces/{name}/configmaps");
    let (code, refused) = send(&client, "POST", &path, r#"{"metadata": {"name": "late"}}"#).await;
    assert_eq!(code, 403);
    assert_eq!(
        refused["message"],
        format!(
            "configmaps \"late\" is forbidden: unable to create new content in namespace {name} because it is being \
             terminated"
        )
    );
    assert_eq!(refused["details"]["causes"][0]["reason"], "NamespaceTerminating");

    let free = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    api.patch("held", &PatchParams::default(), &free).await.unwrap();
    soon("the namespace is gone", async || {
        namespaces.get_opt(&name).await.unwrap().is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_new_namespace_says_its_name_in_a_label() {
    let client = client().await;
    let name = unique("labelled");
    let body = json!({"metadata": {"name": name}, "spec": {"finalizers": []}});
    let (code, made) = send(&client, "POST", "/api/v1/namespaces", body.to_string()).await;
    assert_eq!(code, 201, "{made}");
    assert_eq!(made["metadata"]["labels"]["kubernetes.io/metadata.name"], name);
    assert_eq!(made["spec"]["finalizers"], json!(["kubernetes"]));
    assert_eq!(made["status"]["phase"], "Active");
}

#[tokio::test]
async fn the_default_namespace_stays() {
    let client = client().await;
    let (code, refused) = send(&client, "DELETE", "/api/v1/namespaces/default", "").await;
    assert_eq!(code, 403);
    assert_eq!(
        refused["message"],
        "namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
}

#[tokio::test]
async fn wrong_ways_of_deleting_are_refused() {
    let (client, namespace, api) = config_maps().await;
    make(&api, json!({"name": "a"})).await;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/a");
    for options in [
        json!({"propagationPolicy": "Sideways"}),
        json!({"propagationPolicy": "Orphan", "orphanDependents": true}),
    ] {
        let (code, refused) = send(&client, "DELETE", &path, options.to_string()).await;
        assert_eq!(code, 422, "{refused}");
        assert_eq!(refused["details"]["kind"], "DeleteOptions");
    }
    assert!(api.get_opt("a").await.unwrap().is_some());
}
