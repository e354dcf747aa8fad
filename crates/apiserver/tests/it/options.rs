//! What the server does not do yet it refuses; what it does not know it says.

use http::Request;
use kube::client::Body;
use serde_json::Value;

use crate::cluster::{client, embedded, namespace, send, send_as, server};

#[tokio::test]
async fn what_comes_later_is_refused_and_changes_nothing() {
    let server = server().await;
    let client = embedded(&server);
    let path = "/api/v1/namespaces/default/configmaps";
    let body = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}"#;
    let (code, refused) = send(&client, "POST", &format!("{path}?dryRun=All"), body).await;
    assert_eq!(code, 400);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("dryRun is not supported"),
        "{refused}"
    );
    let apply = "application/apply-patch+yaml";
    let (code, refused) = send_as(&client, "PATCH", &format!("{path}/a?fieldManager=x"), apply, body).await;
    assert_eq!(code, 415);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("server-side apply is not supported"),
        "{refused}"
    );
    let (code, refused) = send(&client, "DELETE", "/api/v1/namespaces/x?dryRun=All", "{}").await;
    assert_eq!(code, 400, "{refused}");
    let request = Request::post(path)
        .header("impersonate-user", "somebody")
        .body(Body::from(body.as_bytes().to_vec()));
    let answer = client.send(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 400);
    let (_, list) = send(&client, "GET", path, "").await;
    assert_eq!(list["items"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn what_is_not_served_is_not_found() {
    let client = client().await;
    let namespace = namespace(&client).await;
    for path in [
        "/nothing",
        "/apis/nothing.example.com/v1/things",
        "/apis/nothing.example.com",
    ] {
        assert_eq!(
            send(&client, "GET", path, "").await,
            (404, Value::String("404 page not found\n".into())),
            "{path}"
        );
    }
    for path in [
        "/api/v1/things".to_owned(),
        format!("/api/v1/namespaces/{namespace}/configmaps/a/status"),
    ] {
        let (code, refused) = send(&client, "GET", &path, "").await;
        assert_eq!(code, 404, "{path}");
        assert_eq!(
            refused["message"], "the server could not find the requested resource",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_method_that_makes_no_sense_is_not_allowed() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let maps = format!("/api/v1/namespaces/{namespace}/configmaps");
    for (method, path) in [
        ("POST", "/api/v1/configmaps".to_owned()),
        ("DELETE", "/api/v1/configmaps".to_owned()),
        ("PUT", maps.clone()),
        ("POST", format!("{maps}/a")),
    ] {
        let (code, refused) = send(&client, method, &path, "{}").await;
        assert_eq!(
            (code, refused["reason"].as_str()),
            (405, Some("MethodNotAllowed")),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn an_answer_in_a_form_that_nobody_can_give_is_not_acceptable() {
    let client = client().await;
    let request = Request::get("/api/v1/namespaces/default/configmaps").header("accept", "text/html");
    let answer = client.send(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 406);
}

#[tokio::test]
async fn unknown_fields_are_warned_about() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let body = br#"{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "warn"}, "foo": {}, "data": {"a": "1", "a": "2"}}"#;
    let request = Request::post(format!(
        "/api/v1/namespaces/{namespace}/configmaps?fieldValidation=Warn"
    ))
    .header("content-type", "application/json")
    .body(Body::from(body.to_vec()));
    let answer = client.send(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 201);
    let warnings: Vec<&str> = answer
        .headers()
        .get_all("warning")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(
        warnings,
        [
            r#"299 - "unknown field \"foo\"""#,
            r#"299 - "duplicate field \"data.a\"""#
        ]
    );
}

#[tokio::test]
async fn warnings_are_no_more_than_clients_can_take() {
    // Ours only: a real server sends them all, and this client cannot read the answer.
    let client = embedded(&server().await);
    let namespace = namespace(&client).await;
    let unknown: Vec<String> = (0..5_000).map(|n| format!("\"unknown{n}\": 1")).collect();
    let body = format!("{{\"metadata\": {{\"name\": \"a\", {}}}}}", unknown.join(", "));
    let request = Request::post(format!("/api/v1/namespaces/{namespace}/configmaps"))
        .header("content-type", "application/json")
        .body(Body::from(body.into_bytes()));
    let answer = client.send(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 201);
    let warnings = answer.headers().get_all("warning").iter();
    let told: usize = warnings.map(http::HeaderValue::len).sum();
    assert!((1..16 << 10).contains(&told), "{told}");
}
