//! A server with a few objects in it.

use std::cell::RefCell;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use keydesk_apiserver::{ApiServer, InProcess, Tokens, User};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The token of an administrator.
pub(super) const TOKEN: &str = "the-token-of-an-administrator";

thread_local! {
    static SERVER: RefCell<Option<ApiServer>> = const { RefCell::new(None) };
}

/// Forgets all that was written: so that each input meets the same server.
pub(super) fn forget() {
    SERVER.with_borrow_mut(|server| *server = None);
}

/// The server.
pub(super) async fn server() -> ApiServer {
    if let Some(server) = SERVER.with_borrow(Clone::clone) {
        return server;
    }
    let server = ApiServer::builder()
        .tokens(Tokens::new([(TOKEN, User::admin())]))
        .clock(|| jiff::Timestamp::constant(1_780_000_000, 0))
        .build()
        .await
        .expect("a server can be started");
    let admin = server.as_user(User::admin());
    for (collection, object) in objects() {
        let headers = HeaderMap::from_iter([(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        )]);
        let uri = collection.parse().expect("a path");
        let body = Bytes::from(object.to_string());
        let answer = ask(&admin, Method::POST, uri, headers, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }
    SERVER.with_borrow_mut(|known| *known = Some(server.clone()));
    server
}

fn objects() -> Vec<(&'static str, Value)> {
    const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
    let labels = [
        json!({}),
        json!({"a": ""}),
        json!({"a": "b"}),
        json!({"a": "c", "app.kubernetes.io/name": "x"}),
        json!({"a": "7", "tier": "gold"}),
        json!({"tier": "gold"}),
        json!({"tier": "silver", "a": "12"}),
    ];
    let config_maps = labels.iter().enumerate().map(|(number, labels)| {
        let metadata = json!({"name": format!("m{number}"), "labels": labels});
        let object =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}});
        (CONFIG_MAPS, object)
    });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "bees.x.io"},
        "spec": {
            "group": "x.io", "scope": "Namespaced",
            "names": {"plural": "bees", "singular": "bee", "kind": "Bee", "listKind": "BeeList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    {"name": "Legs", "type": "integer", "jsonPath": ".spec.legs"},
                    {"name": "First", "type": "string", "jsonPath": ".spec.list[0].a"},
                ],
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {
                        "type": "object",
                        "properties": {
                            "legs": {"type": "integer", "minimum": 0, "default": 6},
                            "list": {
                                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"],
                                "items": {"type": "object", "required": ["a"], "properties": {
                                    "a": {"type": "string", "pattern": "^[a-z]*$"},
                                    "b": {"x-kubernetes-int-or-string": true},
                                }},
                            },
                        },
                        "x-kubernetes-validations": [
                            {"rule": "!has(self.list) || self.list.all(x, size(x.a) < 9)", "message": "long"},
                        ],
                    },
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                }}},
            }],
        },
    });
    let bee = json!({
        "apiVersion": "x.io/v1", "kind": "Bee", "metadata": {"name": "b"},
        "spec": {"list": [{"a": "x", "b": 1}, {"a": "y", "b": "2"}]},
    });
    config_maps
        .chain([
            (
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                definition,
            ),
            ("/apis/x.io/v1/namespaces/default/bees", bee),
        ])
        .collect()
}

/// What a server said.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// The body, for people.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, if it is JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Asks as somebody who is believed. The body of a watch, which has no end, is not waited for.
pub(super) async fn ask(
    who: &InProcess,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut options = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let watches = options.any(|(name, _)| name == "watch");
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    let answer = who.clone().oneshot(request).await;
    read(answer.unwrap_or_else(|never| match never {}), watches).await
}

/// Asks as somebody who is to be known by the token in the headers.
pub(super) async fn ask_unknown(server: &ApiServer, method: Method, uri: Uri, headers: HeaderMap) -> Answer {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    let answer = server.router().oneshot(request).await;
    read(answer.unwrap_or_else(|never| match never {}), true).await
}

async fn read(answer: http::Response<Body>, only_the_head: bool) -> Answer {
    let (head, body) = answer.into_parts();
    let body = if only_the_head && head.status.is_success() {
        Bytes::new()
    } else {
        body.collect().await.expect("it is in memory").to_bytes()
    };
    Answer {
        status: head.status,
        headers: head.headers,
        body,
    }
}
