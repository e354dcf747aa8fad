//! `CustomResourceDefinition`s: from YAML to a served kind, and away again.

use kube::Client;
use serde_json::{Value, json};

use crate::cluster::{
    bee_definition, bees, client, embedded, is_real, namespace, send, send_as, server, soon, unique,
};

const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

async fn refused(client: &Client, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut definition = bee_definition(&format!("{}.example.com", unique("g")));
    change(&mut definition);
    let (code, refused) = send(client, "POST", PATH, definition.to_string()).await;
    assert_eq!(code, 422, "{refused}");
    let causes = refused["details"]["causes"].as_array().unwrap();
    causes
        .iter()
        .map(|cause| cause["field"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_definition_says_that_it_is_established() {
    let client = client().await;
    let (group, _) = bees(&client).await;
    soon("the definition is established", async || {
        let (_, definition) = send(&client, "GET", &format!("{PATH}/bees.{group}"), "").await;
        let conditions = definition["status"]["conditions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let is = |kind: &str| {
            conditions
                .iter()
                .any(|it| it["type"] == kind && it["status"] == "True")
        };
        (is("Established") && is("NamesAccepted") && definition["status"]["storedVersions"] == json!(["v1"]))
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_definition_must_fit_its_name_and_be_stored_once() {
    let client = client().await;
    assert_eq!(
        refused(&client, |it| it["metadata"]["name"] = json!("wasps.example.com")).await,
        ["metadata.name"]
    );
    let fields = refused(&client, |it| it["spec"]["versions"][0]["storage"] = json!(false)).await;
    assert!(fields.contains(&"spec.versions".to_owned()), "{fields:?}");
    let fields = refused(&client, |it| {
        it["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] =
            json!({"properties": {}});
    })
    .await;
    assert!(
        fields.iter().any(
            |field| field.starts_with("spec.versions[0].schema.openAPIV3Schema")
                || field.starts_with("spec.validation.openAPIV3Schema")
        ),
        "{fields:?}"
    );
}

#[tokio::test]
async fn a_definition_takes_its_objects_along() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let (group, _) = bees(&client).await;
    let path = format!("/apis/{group}/v1/namespaces/{namespace}/bees");
    let bee = json!({"apiVersion": format!("{group}/v1"), "kind": "Bee", "metadata": {"name": "b"}});
    assert_eq!(send(&client, "POST", &path, bee.to_string()).await.0, 201);
    assert_eq!(
        send(&client, "DELETE", &format!("{PATH}/bees.{group}"), "")
            .await
            .0,
        200
    );
    soon("the definition is gone", async || {
        (send(&client, "GET", &format!("{PATH}/bees.{group}"), "").await.0 == 404).then_some(())
    })
    .await;
    soon("the kind is gone", async || {
        (send(&client, "GET", &path, "").await.0 == 404).then_some(())
    })
    .await;

    let again = bee_definition(&group);
    assert_eq!(send(&client, "POST", PATH, again.to_string()).await.0, 201);
    soon("the kind is served again, without its old objects", async || {
        let (code, list) = send(&client, "GET", &path, "").await;
        (code == 200 && list["items"] == json!([])).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_the_schema_does_not_know_is_dropped_or_refused() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let (group, _) = bees(&client).await;
    let path = format!("/apis/{group}/v1/namespaces/{namespace}/bees");
    let bee = format!(
        r#"{{"apiVersion": "{group}/v1", "kind": "Bee", "metadata": {{"name": "b", "foo": 1}},
            "spec": {{"color": "black", "color": "yellow", "z": 1}}, "y": 2}}"#
    );
    let (code, refused) = send(
        &client,
        "POST",
        &format!("{path}?fieldValidation=Strict"),
        bee.clone(),
    )
    .await;
    assert_eq!(code, 400);
    assert_eq!(
        refused["message"],
        "Bee in version \"v1\" cannot be handled as a Bee: strict decoding error: duplicate field \"spec.color\", \
         unknown field \"metadata.foo\", unknown field \"spec.z\", unknown field \"y\""
    );
    let (code, made) = send(&client, "POST", &format!("{path}?fieldValidation=Ignore"), bee).await;
    assert_eq!(code, 201, "{made}");
    assert_eq!(made["spec"], json!({"color": "yellow", "legs": 6}));
    assert_eq!(made.get("y"), None);
}

#[tokio::test]
async fn another_kind_or_version_in_the_body_is_refused() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let (group, _) = bees(&client).await;
    let path = format!("/apis/{group}/v1/namespaces/{namespace}/bees");
    let body = |version: &str, kind: &str| {
        json!({"apiVersion": format!("{group}/{version}"), "kind": kind, "metadata": {"name": "b"}})
            .to_string()
    };
    let (code, refused) = send(&client, "POST", &path, body("v2", "Bee")).await;
    assert_eq!(code, 400);
    assert_eq!(
        refused["message"],
        format!(
            "the API version in the data ({group}/v2) does not match the expected API version ({group}/v1)"
        )
    );
    let (code, refused) = send(&client, "POST", &path, body("v1", "Wasp")).await;
    assert_eq!(code, 422);
    assert_eq!(
        refused["message"],
        format!("Wasp.{group} \"b\" is invalid: kind: Invalid value: \"Wasp\": must be Bee")
    );
}

#[tokio::test]
async fn a_patch_is_held_to_the_schema_too() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let (group, _) = bees(&client).await;
    let path = format!("/apis/{group}/v1/namespaces/{namespace}/bees");
    let bee = json!({"apiVersion": format!("{group}/v1"), "kind": "Bee", "metadata": {"name": "b"}});
    assert_eq!(send(&client, "POST", &path, bee.to_string()).await.0, 201);
    for (patch, problem) in [
        (r#"{"spec": {"zz": 1}}"#, "unknown field \"spec.zz\""),
        (
            r#"{"spec": {"legs": 1, "legs": 2}}"#,
            "duplicate field \"spec.legs\"",
        ),
    ] {
        let path = format!("{path}/b?fieldValidation=Strict");
        let (code, refused) = send_as(&client, "PATCH", &path, "application/merge-patch+json", patch).await;
        // A real server answers 422 and prints the whole object.
        assert_eq!(code, if is_real() { 422 } else { 400 }, "{refused}");
        assert!(
            refused["message"].as_str().unwrap().contains(problem),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_definition_cannot_get_at_what_the_server_is_run_by() {
    // A real server asks for an approval of such groups, and keeps their objects apart.
    let client = embedded(&server().await);
    for (group, plural) in [
        ("rbac.authorization.k8s.io", "clusterroles"),
        ("apiextensions.k8s.io", "customresourcedefinitions"),
    ] {
        let mut definition = bee_definition(group);
        definition["metadata"]["name"] = json!(format!("{plural}.{group}"));
        definition["spec"]["names"]["plural"] = json!(plural);
        definition["spec"]["versions"][0]["name"] = json!("v2");
        let (code, refused) = send(&client, "POST", PATH, definition.to_string()).await;
        assert_eq!(code, 422, "{refused}");
        assert_eq!(refused["details"]["causes"][0]["field"], "spec.group");
    }
}

#[tokio::test]
async fn objects_of_a_version_that_is_served_no_more_go_with_their_definition_and_their_namespace() {
    let client = embedded(&server().await);
    for by_namespace in [false, true] {
        let namespace = namespace(&client).await;
        let (group, _) = bees(&client).await;
        let path = format!("/apis/{group}/v1/namespaces/{namespace}/bees");
        let bee = json!({"apiVersion": format!("{group}/v1"), "kind": "Bee", "metadata": {"name": "b"}});
        assert_eq!(send(&client, "POST", &path, bee.to_string()).await.0, 201);
        let definition = format!("{PATH}/bees.{group}");
        let serve = async |served: bool| {
            let change = json!([{"op": "replace", "path": "/spec/versions/0/served", "value": served}]);
            let json_patch = "application/json-patch+json";
            let (code, _) = send_as(&client, "PATCH", &definition, json_patch, change.to_string()).await;
            assert_eq!(code, 200);
        };
        if by_namespace {
            serve(false).await;
            let going = format!("/api/v1/namespaces/{namespace}");
            send(&client, "DELETE", &going, "").await;
            soon("the namespace is gone", async || {
                (send(&client, "GET", &going, "").await.0 == 404).then_some(())
            })
            .await;
            serve(true).await;
        } else {
            serve(false).await;
            send(&client, "DELETE", &definition, "").await;
            soon("the definition is gone", async || {
                (send(&client, "GET", &definition, "").await.0 == 404).then_some(())
            })
            .await;
            let again = bee_definition(&group);
            assert_eq!(send(&client, "POST", PATH, again.to_string()).await.0, 201);
        }
        soon("the kind is served, without its old objects", async || {
            let (code, list) = send(&client, "GET", &format!("/apis/{group}/v1/bees"), "").await;
            (code == 200).then(|| assert_eq!(list["items"], json!([])))
        })
        .await;
    }
}

#[tokio::test]
async fn what_objects_of_a_definition_own_goes_with_the_definition() {
    // A real collector learns of a new kind within half a minute only.
    let client = embedded(&server().await);
    let namespace = namespace(&client).await;
    for _ in 0..5 {
        let (group, _) = bees(&client).await;
        let path = format!("/apis/{group}/v1/namespaces/{namespace}/bees");
        let bee = json!({"apiVersion": format!("{group}/v1"), "kind": "Bee", "metadata": {"name": "b"}});
        let (_, bee) = send(&client, "POST", &path, bee.to_string()).await;
        let owner = json!({
            "apiVersion": format!("{group}/v1"), "kind": "Bee", "name": "b", "uid": bee["metadata"]["uid"],
        });
        let secret = json!({"metadata": {"name": "owned", "ownerReferences": [owner]}});
        let secrets = format!("/api/v1/namespaces/{namespace}/secrets");
        assert_eq!(send(&client, "POST", &secrets, secret.to_string()).await.0, 201);
        send(&client, "DELETE", &format!("{PATH}/bees.{group}"), "").await;
        soon("what the bee owned is gone", async || {
            (send(&client, "GET", &format!("{secrets}/owned"), "").await.0 == 404).then_some(())
        })
        .await;
    }
}
