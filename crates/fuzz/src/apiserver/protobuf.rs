//! Kubernetes' protobuf, which kubectl sends some objects in: any bytes are an object or refused, and the object is the
//! one that it says in JSON.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use keydesk_apiserver::{InProcess, User};
use serde_json::Value;

use super::cluster::{self, Answer};
use crate::runtime::block_on;

/// Where objects of the kinds that are read are created.
const COLLECTIONS: [&str; 4] = [
    "/api/v1/namespaces/default/configmaps",
    "/api/v1/namespaces/default/secrets",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
];

/// The first byte says where, the others are the body.
pub(crate) fn create(data: &[u8]) {
    let Some((place, body)) = data.split_first() else {
        return;
    };
    let collection = COLLECTIONS[usize::from(*place) % COLLECTIONS.len()];
    block_on(async {
        let server = cluster::server().await;
        let admin = server.as_user(User::admin());
        let body = Bytes::copy_from_slice(body);
        let created = post(&admin, collection, "application/vnd.kubernetes.protobuf", body).await;
        if !created.status.is_success() {
            return;
        }
        let object = created.json().expect("answers are JSON");
        let read = cluster::ask(
            &admin,
            Method::GET,
            path(collection, &object),
            HeaderMap::new(),
            Bytes::new(),
        )
        .await;
        assert_eq!(read.status, 200, "{}", read.text());
        cluster::forget();
        let server = cluster::server().await;
        let admin = server.as_user(User::admin());
        let again = submitted(&object);
        let again = post(
            &admin,
            collection,
            "application/json",
            Bytes::from(again.to_string()),
        )
        .await;
        assert!(again.status.is_success(), "not in JSON: {}", again.text());
        let again = submitted(&again.json().expect("answers are JSON"));
        assert_eq!(again, submitted(&object));
        cluster::forget();
    });
}

async fn post(admin: &InProcess, collection: &str, media: &'static str, body: Bytes) -> Answer {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(media))]);
    let uri = collection.parse().expect("a path");
    let answer = cluster::ask(admin, Method::POST, uri, headers, body).await;
    assert!(!answer.status.is_server_error(), "{}", answer.text());
    answer
}

fn path(collection: &str, object: &Value) -> Uri {
    let name = object["metadata"]["name"]
        .as_str()
        .expect("what was created has a name");
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("{collection}/{name}").parse().expect("all is escaped")
}

/// The object without what the server says of it.
fn submitted(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for own in [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "managedFields",
        ] {
            metadata.remove(own);
        }
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_what_kubectl_sends() {
        for (seed, collection) in ["config-map", "secret", "role", "definition"]
            .iter()
            .zip(COLLECTIONS)
        {
            let path = format!("{}/seeds/protobuf/{seed}", env!("CARGO_MANIFEST_DIR"));
            let body = Bytes::from(std::fs::read(path).unwrap()).slice(1..);
            block_on(async {
                let admin = cluster::server().await.as_user(User::admin());
                let created = post(&admin, collection, "application/vnd.kubernetes.protobuf", body).await;
                assert_eq!(created.status, 201, "{seed}: {}", created.text());
            });
        }
    }
}
