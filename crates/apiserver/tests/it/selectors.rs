//! Label and field selectors over HTTP: what they select, and what is said of bad ones.

use serde_json::json;

use crate::cluster::{client, namespace, send};

#[tokio::test]
async fn bad_selectors_are_refused_in_the_real_words() {
    let client = client().await;
    for (path, message) in [
        (
            "/api/v1/secrets?fieldSelector=foo%3Dbar",
            "field label not supported: foo",
        ),
        (
            "/api/v1/configmaps?fieldSelector=foo%3Dbar",
            "\"foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        ),
        (
            "/apis/events.k8s.io/v1/events?fieldSelector=foo%3Dbar",
            "field label not supported: foo",
        ),
        (
            "/api/v1/namespaces?fieldSelector=metadata.namespace%3Dx",
            "field label not supported: metadata.namespace",
        ),
        (
            "/api/v1/secrets?fieldSelector=foo",
            "invalid selector: 'foo'; can't understand 'foo'",
        ),
        (
            "/api/v1/secrets?labelSelector=a%3D%3D%3Db",
            "unable to parse requirement: found '=', expected: identifier",
        ),
        (
            "/api/v1/secrets?labelSelector=a%20b",
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
        ),
        (
            "/api/v1/secrets?labelSelector=,a",
            "found ',', expected: !, identifier, or 'end of string'",
        ),
        (
            "/api/v1/secrets?labelSelector=a,",
            "found '', expected: identifier after ','",
        ),
        (
            "/api/v1/secrets?labelSelector=a%20in%20b",
            "unable to parse requirement: found 'b' expected: '('",
        ),
        (
            "/api/v1/secrets?labelSelector=a%20in%20(b%20c)",
            "unable to parse requirement: found 'c', expected: ',' or ')'",
        ),
        (
            "/api/v1/secrets?labelSelector=a%3Eb",
            "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        (
            "/api/v1/secrets?labelSelector=-a%3Db",
            "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric characters, \
             '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
             '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        ),
    ] {
        let (code, answer) = send(&client, "GET", path, "").await;
        assert_eq!((code, &answer["message"]), (400, &json!(message)), "{path}");
    }
}

#[tokio::test]
async fn selectors_select_by_label_name_and_type() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("/api/v1/namespaces/{namespace}/secrets");
    for (name, labels, kind) in [
        ("a", json!({"x": "1"}), "Opaque"),
        ("b", json!({"x": "2", "y": ""}), "my/type"),
        ("c", json!({}), "Opaque"),
    ] {
        let secret = json!({"metadata": {"name": name, "labels": labels}, "type": kind});
        assert_eq!(send(&client, "POST", &path, secret.to_string()).await.0, 201);
    }
    for (query, expect) in [
        ("labelSelector=x", "ab"),
        ("labelSelector=x%3D1", "a"),
        ("labelSelector=x!%3D1", "bc"),
        ("labelSelector=!x", "c"),
        ("labelSelector=x%20in%20(1,2),y", "b"),
        ("labelSelector=x%20notin%20(1)", "bc"),
        ("labelSelector=x%3E1", "b"),
        ("labelSelector=y%3D", "b"),
        ("labelSelector=x%20in%20()", ""),
        ("fieldSelector=metadata.name%3Db", "b"),
        ("fieldSelector=metadata.name!%3Db,type%3DOpaque", "ac"),
        ("fieldSelector=type%3Dmy/type", "b"),
        ("fieldSelector=metadata.namespace%3Dother", ""),
    ] {
        let (code, list) = send(&client, "GET", &format!("{path}?{query}"), "").await;
        let names: String = list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item["metadata"]["name"].as_str())
            .collect();
        assert_eq!((code, names.as_str()), (200, expect), "{query}");
    }
}
