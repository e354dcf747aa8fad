//! A. Bodies and queries that are no requests: a 4xx that says why, and nothing changed. The codes are those of a
//! kube-apiserver 1.36.

use std::fmt::Write as _;

use http::Method;
use keydesk_testkit::fixtures::{CONSUMER_NAMESPACE, OWNER_NAMESPACE, product};
use keydesk_testkit::{Address, Refused, World, kinds};

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const MERGE: &str = "application/merge-patch+json";

/// One thing to send: how, what, and the code and a part of the message of the answer.
struct Case {
    method: Method,
    path: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    code: u16,
    says: &'static str,
}

const PRODUCTS: &str = "/apis/devportal.kuadrant.io/v1alpha1/namespaces/gamestore/apiproducts";
const PRODUCT: &str = "/apis/devportal.kuadrant.io/v1alpha1/namespaces/gamestore/apiproducts/gamestore-api";
const SECRETS: &str = "/api/v1/namespaces/consumer-app/secrets";

fn case(
    method: Method,
    path: &'static str,
    content_type: &'static str,
    body: impl Into<Vec<u8>>,
    code: u16,
    says: &'static str,
) -> Case {
    Case {
        method,
        path,
        content_type,
        body: body.into(),
        code,
        says,
    }
}

fn post(
    path: &'static str,
    content_type: &'static str,
    body: impl Into<Vec<u8>>,
    code: u16,
    says: &'static str,
) -> Case {
    case(Method::POST, path, content_type, body, code, says)
}

/// A product whose spec is nested this deep.
fn nested(depth: usize) -> String {
    let manifest = r#"{"apiVersion":"devportal.kuadrant.io/v1alpha1","kind":"APIProduct","metadata":{"name":"deep"},"spec":"#;
    format!("{manifest}{}{}}}", "[".repeat(depth), "]".repeat(depth))
}

fn sized(bytes: usize) -> String {
    let padding = "x".repeat(bytes);
    format!(
        r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"big"}},"stringData":{{"a":"{padding}"}}}}"#
    )
}

/// Nine aliases of nine aliases of …: small to send, huge when expanded.
fn bomb() -> String {
    let mut yaml = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (previous, name) in ('a'..='h').zip('b'..='i') {
        let _ = writeln!(
            yaml,
            "{name}: &{name} [{}]",
            vec![format!("*{previous}"); 9].join(",")
        );
    }
    yaml
}

/// What is sent to make something.
fn creations() -> Vec<Case> {
    let unrecognized = "the object provided is unrecognized (must be of type APIProduct)";
    let other = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}"#;
    let expected = "the API version in the data (v1) does not match the expected API version (devportal.kuadrant.io/v1alpha1)";
    vec![
        post(PRODUCTS, JSON, "{", 400, unrecognized),
        post(PRODUCTS, JSON, "", 400, unrecognized),
        post(PRODUCTS, JSON, "[]", 400, unrecognized),
        post(PRODUCTS, JSON, "null", 400, unrecognized),
        post(PRODUCTS, JSON, "{} {}", 400, unrecognized),
        post(
            PRODUCTS,
            JSON,
            r#"{"metadata":{"name":7}}"#,
            400,
            "Object 'Kind' is missing",
        ),
        post(PRODUCTS, JSON, other, 400, expected),
        post(PRODUCTS, JSON, nested(20_000), 400, ""),
        post(PRODUCTS, YAML, "a: [b", 400, unrecognized),
        post(PRODUCTS, YAML, bomb(), 400, ""),
        post(PRODUCTS, YAML, "[".repeat(20_000), 400, ""),
        post(
            PRODUCTS,
            "text/plain",
            "hello",
            415,
            "the body of the request was in an unknown format",
        ),
        post(
            SECRETS,
            PROTOBUF,
            "k8s",
            400,
            "provided data does not appear to be a protobuf message",
        ),
        post(
            SECRETS,
            PROTOBUF,
            "hello",
            400,
            "provided data does not appear to be a protobuf message",
        ),
        post(SECRETS, PROTOBUF, b"k8s\0\xff\xff\xff\xff\xff".to_vec(), 400, ""),
        post(
            SECRETS,
            JSON,
            sized(3_500_000),
            413,
            "Request entity too large: limit is 3145728",
        ),
        post(
            SECRETS,
            JSON,
            sized(1_100_000),
            422,
            "Too long: may not be more than 1048576 bytes",
        ),
    ]
}

/// What is sent to change or read something.
fn others() -> Vec<Case> {
    let unrecognized = "the object provided is unrecognized (must be of type APIProduct)";
    let unknown = "the body of the request was in an unknown format";
    let list = |query, says| case(Method::GET, query, JSON, "", 400, says);
    vec![
        case(Method::PATCH, PRODUCT, MERGE, "{", 400, "error decoding patch"),
        case(
            Method::PATCH,
            PRODUCT,
            "application/json-patch+json",
            r#"{"op":"x"}"#,
            400,
            "error decoding patch",
        ),
        case(Method::PATCH, PRODUCT, "text/plain", "{}", 415, unknown),
        case(Method::PUT, PRODUCT, JSON, "{", 400, unrecognized),
        case(Method::DELETE, PRODUCT, JSON, "{", 400, ""),
        list(
            "/apis/devportal.kuadrant.io/v1alpha1/apiproducts?limit=x",
            "invalid syntax",
        ),
        list(
            "/apis/devportal.kuadrant.io/v1alpha1/apiproducts?labelSelector=%3D%3D%3D",
            "expected: !, identifier, or 'end of string'",
        ),
        list(
            "/apis/devportal.kuadrant.io/v1alpha1/apiproducts?fieldSelector=spec.x%3D1",
            "field label not supported: spec.x",
        ),
        case(
            Method::GET,
            "/apis/devportal.kuadrant.io/v1alpha1/nothings",
            JSON,
            "",
            404,
            "",
        ),
    ]
}

#[tokio::test]
async fn what_is_no_request_gets_a_4xx_and_changes_nothing() {
    let world = World::start().await;
    world.namespace(OWNER_NAMESPACE).await;
    world.namespace(CONSUMER_NAMESPACE).await;
    let admin = world.admin();
    let before = admin.create(&product()).await.unwrap();
    let mut wrong = Vec::new();
    for Case {
        method,
        path,
        content_type,
        body,
        code,
        says,
    } in creations().into_iter().chain(others())
    {
        let beginning = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let (answered, answer) = admin.send(method.clone(), path, content_type, body).await;
        let refused = Refused::parse(answered, &answer);
        if answered != code || !refused.message.contains(says) {
            wrong.push(format!(
                "{method} {path} {beginning:?}: {refused}, and should be {code} {says}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(admin.get(&Address::of(&before)).await.unwrap(), before);
    assert_eq!(admin.list(kinds::PRODUCT, "").await.unwrap().len(), 1);
    assert_eq!(
        admin.list(kinds::SECRET, CONSUMER_NAMESPACE).await.unwrap().len(),
        0
    );
}
