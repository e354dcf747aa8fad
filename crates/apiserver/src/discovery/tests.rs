use std::sync::Arc;

use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::answer;
use crate::builtin;
use crate::registry::Registry;
use crate::resource::ResourceType;

fn registry() -> Registry {
    let mut types = builtin::all();
    for version in ["v1alpha1", "v1", "v1beta2", "v2"] {
        let mut bug: ResourceType = (*types[0]).clone();
        bug.group = "wire.io".into();
        bug.version = version.into();
        bug.kind = "Bug".into();
        bug.plural = "bugs".into();
        bug.singular = "bug".into();
        bug.short_names = vec!["bg".into()];
        bug.namespaced = true;
        bug.status_subresource = true;
        bug.crd = Some("bugs.wire.io".into());
        types.push(Arc::new(bug));
    }
    Registry::new(types)
}

async fn get(
    path: &str,
    headers: &[(header::HeaderName, &'static str)],
) -> Option<(StatusCode, HeaderMap, String)> {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let (request, ()) = request.body(()).unwrap().into_parts();
    let response = answer(&request, &registry())?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Some((
        parts.status,
        parts.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    ))
}

async fn json_of(path: &str) -> Value {
    serde_json::from_str(&get(path, &[]).await.unwrap().2).unwrap()
}

const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

#[tokio::test]
async fn the_older_form_lists_groups_versions_and_kinds() {
    assert_eq!(json_of("/api").await["versions"], json!(["v1"]));
    let groups = json_of("/apis").await;
    let names: Vec<&str> = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"rbac.authorization.k8s.io") && names.contains(&"wire.io"),
        "{names:?}"
    );
    let wire = json_of("/apis/wire.io").await;
    assert_eq!(wire["preferredVersion"]["version"], "v2");
    let order: Vec<&Value> = wire["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["version"])
        .collect();
    assert_eq!(order, ["v2", "v1", "v1beta2", "v1alpha1"]);
    let resources = json_of("/apis/wire.io/v1").await;
    assert_eq!(resources["groupVersion"], "wire.io/v1");
    assert_eq!(resources["resources"][0]["shortNames"], json!(["bg"]));
    assert_eq!(
        resources["resources"][1],
        json!({
            "name": "bugs/status", "singularName": "", "namespaced": true, "kind": "Bug", "verbs": ["get", "patch", "update"],
        })
    );
}

#[tokio::test]
async fn the_newer_form_is_given_to_who_accepts_it() {
    let (_, headers, body) = get("/apis", &[(header::ACCEPT, AGGREGATED)]).await.unwrap();
    assert_eq!(
        headers[header::CONTENT_TYPE],
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    );
    let list: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(list["apiVersion"], "apidiscovery.k8s.io/v2");
    let reviews = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|g| g["metadata"]["name"] == "authorization.k8s.io");
    assert_eq!(
        reviews.unwrap()["versions"][0]["resources"][0],
        json!({
            "resource": "localsubjectaccessreviews",
            "responseKind": {"group": "", "version": "", "kind": "LocalSubjectAccessReview"},
            "scope": "Namespaced", "singularResource": "localsubjectaccessreview", "verbs": ["create"],
        })
    );
    let (_, _, core) = get("/api", &[(header::ACCEPT, AGGREGATED)]).await.unwrap();
    let core: Value = serde_json::from_str(&core).unwrap();
    assert_eq!(core["items"][0]["metadata"], json!({}));
}

#[tokio::test]
async fn an_unchanged_document_is_not_sent_again() {
    let (_, headers, _) = get("/apis", &[]).await.unwrap();
    let etag: &'static str = Box::leak(
        headers[header::ETAG]
            .to_str()
            .unwrap()
            .to_owned()
            .into_boxed_str(),
    );
    let (status, _, body) = get("/apis", &[(header::IF_NONE_MATCH, etag)]).await.unwrap();
    assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn version_and_health_are_answered_and_the_rest_is_not_ours() {
    assert!(
        json_of("/version").await["gitVersion"]
            .as_str()
            .unwrap()
            .starts_with("v1.36.0+keydesk")
    );
    assert_eq!(get("/readyz", &[]).await.unwrap().2, "ok");
    assert!(
        json_of("/").await["paths"]
            .as_array()
            .unwrap()
            .contains(&json!("/apis/wire.io/v1"))
    );
    assert_eq!(get("/apis/none", &[]).await.unwrap().2, "404 page not found\n");
    assert_eq!(
        get("/apis/wire.io/v9", &[]).await.unwrap().0,
        StatusCode::NOT_FOUND
    );
    assert!(get("/metrics", &[]).await.is_none());
}
