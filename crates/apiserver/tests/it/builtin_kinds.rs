//! Built-in kinds: what completes them and what is wrong with them, in the words of a real server.

use serde_json::{Value, json};

use crate::cluster::{client, namespace, send, send_as};

/// Creates in a namespace of its own and compares code and message.
async fn check(group_version: &str, plural: &str, cases: &[(Value, u16, &str)]) {
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("{group_version}/namespaces/{namespace}/{plural}");
    for (object, code, message) in cases {
        let (found, answer) = send(&client, "POST", &path, object.to_string()).await;
        assert_eq!(found, *code, "{object}: {answer}");
        assert_eq!(
            answer["message"].as_str().unwrap_or_default(),
            *message,
            "{object}"
        );
    }
}

fn named(name: &str, rest: &Value) -> Value {
    let mut object = json!({"metadata": {"name": name}});
    object
        .as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    object
}

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

#[tokio::test]
async fn secrets_are_refused_by_field_and_never_by_value() {
    let x = |rest: Value| named("x", &rest);
    check("/api/v1", "secrets", &[
        (
            x(json!({"data": {"k": "!!"}})),
            400,
            "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 0",
        ),
        (
            x(json!({"data": {"k": 5}})),
            400,
            "Secret in version \"v1\" cannot be handled as a Secret: json: cannot unmarshal number into Go struct field \
             Secret.data of type []uint8",
        ),
        (
            x(json!({"type": "kubernetes.io/tls"})),
            422,
            "Secret \"x\" is invalid: [data[tls.crt]: Required value, data[tls.key]: Required value]",
        ),
        (
            x(json!({"stringData": {"..": "x"}})),
            422,
            "Secret \"x\" is invalid: data[..]: Invalid value: \"..\": must not be '..'",
        ),
        (
            x(json!({"type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "{"}})),
            422,
            "Secret \"x\" is invalid: data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": unexpected \
             end of JSON input",
        ),
    ])
    .await;
}

#[tokio::test]
async fn plain_text_becomes_data_and_what_is_immutable_stays() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("/api/v1/namespaces/{namespace}/secrets");
    let secret = named("x", &json!({"immutable": true, "stringData": {"a": "b"}}));
    let (code, created) = send(&client, "POST", &path, secret.to_string()).await;
    assert_eq!(code, 201, "{created}");
    assert_eq!(
        (&created["data"], &created["type"]),
        (&json!({"a": "Yg=="}), &json!("Opaque"))
    );
    assert_eq!(created.get("stringData"), None);
    let changed = named("x", &json!({"immutable": true, "stringData": {"a": "c"}}));
    let (code, answer) = send(&client, "PUT", &format!("{path}/x"), changed.to_string()).await;
    assert_eq!(code, 422);
    let expect = "Secret \"x\" is invalid: data: Forbidden: field is immutable when `immutable` is set";
    assert_eq!(answer["message"], expect);
}

#[tokio::test]
async fn config_maps_are_refused_by_key() {
    check("/api/v1", "configmaps", &[
        (
            named("x", &json!({"data": {"k": "v"}, "binaryData": {"k": "aaaa"}})),
            422,
            "ConfigMap \"x\" is invalid: data[k]: Invalid value: \"k\": duplicate of key present in binaryData",
        ),
        (
            named("x", &json!({"data": {"k": true}})),
            400,
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal bool into Go struct \
             field ConfigMap.data of type string",
        ),
    ])
    .await;
}

#[tokio::test]
async fn roles_are_refused_by_rule() {
    let rules = |rules: Value| named("x", &json!({"rules": rules}));
    check(RBAC, "roles", &[
        (
            rules(json!([{"apiGroups": [""], "resources": ["secrets"]}])),
            422,
            "Role.rbac.authorization.k8s.io \"x\" is invalid: rules[0].verbs: Required value: verbs must contain at least \
             one value",
        ),
        (
            rules(json!([{"nonResourceURLs": ["/x"], "verbs": ["get"]}])),
            422,
            "Role.rbac.authorization.k8s.io \"x\" is invalid: rules[0].nonResourceURLs: Invalid value: [\"/x\"]: \
             namespaced rules cannot apply to non-resource URLs",
        ),
        (
            named("a/b", &json!({"rules": []})),
            422,
            "Role.rbac.authorization.k8s.io \"a/b\" is invalid: metadata.name: Invalid value: \"a/b\": may not contain '/'",
        ),
        (
            rules(json!([{"verbs": 5}])),
            400,
            "Role in version \"v1\" cannot be handled as a Role: json: cannot unmarshal number into Go struct field \
             PolicyRule.rules.verbs of type []string",
        ),
    ])
    .await;
}

#[tokio::test]
async fn bindings_name_a_role_for_good() {
    check(RBAC, "rolebindings", &[
        (
            named("x", &json!({"roleRef": {"kind": "Foo", "name": "r", "apiGroup": "x"}})),
            422,
            "RoleBinding.rbac.authorization.k8s.io \"x\" is invalid: [roleRef.apiGroup: Unsupported value: \"x\": \
             supported values: \"rbac.authorization.k8s.io\", roleRef.kind: Unsupported value: \"Foo\": supported \
             values: \"Role\", \"ClusterRole\"]",
        ),
        (
            named("x", &json!({"roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User"}]})),
            422,
            "RoleBinding.rbac.authorization.k8s.io \"x\" is invalid: subjects[0].name: Required value",
        ),
    ])
    .await;
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("{RBAC}/namespaces/{namespace}/rolebindings");
    let binding = |role: &str| named("x", &json!({"roleRef": {"kind": "Role", "name": role}})).to_string();
    let (code, created) = send(&client, "POST", &path, binding("r")).await;
    assert_eq!(
        (code, &created["roleRef"]["apiGroup"]),
        (201, &json!("rbac.authorization.k8s.io"))
    );
    let (code, answer) = send(&client, "PUT", &format!("{path}/x"), binding("s")).await;
    assert_eq!(code, 422);
    assert_eq!(
        answer["message"],
        "RoleBinding.rbac.authorization.k8s.io \"x\" is invalid: roleRef: Invalid value: \
         {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\",\"Name\":\"s\"}: cannot change roleRef"
    );
}

#[tokio::test]
async fn an_event_is_the_same_through_both_groups() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let event = named(
        "e",
        &json!({
            "eventTime": "2026-11-22T02:40:00.000001Z", "reportingController": "x.y/z", "reportingInstance": "i",
            "action": "a", "reason": "r", "type": "Normal", "note": "n",
            "regarding": {"kind": "Secret", "name": "x", "namespace": namespace},
        }),
    );
    let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
    let (code, created) = send(&client, "POST", &path, event.to_string()).await;
    assert_eq!(code, 201, "{created}");
    let (_, older) = send(
        &client,
        "GET",
        &format!("/api/v1/namespaces/{namespace}/events/e"),
        "",
    )
    .await;
    assert_eq!(
        (&older["message"], &older["involvedObject"]["name"]),
        (&json!("n"), &json!("x"))
    );
    assert_eq!(older["reportingComponent"], "x.y/z");
    // As a real server shows what is not set.
    for (shown, names) in [
        (&older, ["firstTimestamp", "lastTimestamp", "source"]),
        (
            &created,
            [
                "deprecatedFirstTimestamp",
                "deprecatedLastTimestamp",
                "deprecatedSource",
            ],
        ),
    ] {
        let shown = names.map(|name| shown.get(name).cloned());
        assert_eq!(shown, [Some(json!(null)), Some(json!(null)), Some(json!({}))]);
    }
    let selector =
        format!("/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.name%3Dx,reason%3Dr");
    let (_, list) = send(&client, "GET", &selector, "").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let elsewhere = named("f", &json!({"involvedObject": {"namespace": "other"}}));
    let path = format!("/api/v1/namespaces/{namespace}/events");
    let (_, answer) = send(&client, "POST", &path, elsewhere.to_string()).await;
    let expect = "Event \"f\" is invalid: involvedObject.namespace: Invalid value: \"other\": does not match event.namespace";
    assert_eq!(answer["message"], expect);
}

#[tokio::test]
async fn leases_and_services_have_their_types_checked() {
    let renewed = |time: &str| named("x", &json!({"spec": {"renewTime": time}}));
    check(
        "/apis/coordination.k8s.io/v1",
        "leases",
        &[(
            renewed("2026-11-22T02:40:00Z"),
            400,
            "Lease in version \"v1\" cannot be handled as a Lease: parsing time \"2026-11-22T02:40:00Z\" as \
         \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\"",
        )],
    )
    .await;
    check("/api/v1", "services", &[
        (named("x", &json!({})), 422, "Service \"x\" is invalid: spec.ports: Required value"),
        (
            named("x", &json!({"spec": {"ports": [{"port": "80"}]}})),
            400,
            "Service in version \"v1\" cannot be handled as a Service: json: cannot unmarshal string into Go struct field \
             ServicePort.spec.ports.port of type int32",
        ),
        (named("x", &json!({"spec": {"ports": [{"port": 80}]}})), 201, ""),
    ])
    .await;
}

#[tokio::test]
async fn a_protobuf_body_that_is_none_is_refused() {
    let client = client().await;
    let namespace = namespace(&client).await;
    let path = format!("/api/v1/namespaces/{namespace}/secrets");
    let media_type = "application/vnd.kubernetes.protobuf";
    for body in [&b"{}"[..], b"k8s\0\xff", b"k8s\0\x0a\x02\x0a\x09"] {
        let (code, answer) = send_as(&client, "POST", &path, media_type, body).await;
        assert_eq!(code, 400, "{answer}");
    }
    let (_, list) = send(&client, "GET", &path, "").await;
    assert_eq!(list["items"], json!([]));
}
