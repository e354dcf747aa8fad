//! Questions about identity and rights over HTTP.

use serde_json::{Value, json};

use crate::cluster::{client, send};

const AUTHENTICATION: &str = "/apis/authentication.k8s.io/v1";
const AUTHORIZATION: &str = "/apis/authorization.k8s.io/v1";

async fn ask(path: String, spec: Value) -> (u16, Value) {
    send(&client().await, "POST", &path, json!({"spec": spec}).to_string()).await
}

#[tokio::test]
async fn the_caller_is_told_who_they_are() {
    let (code, review) = ask(format!("{AUTHENTICATION}/selfsubjectreviews"), json!({})).await;
    assert_eq!((code, &review["kind"]), (201, &json!("SelfSubjectReview")));
    let groups = review["status"]["userInfo"]["groups"].as_array().unwrap();
    assert!(
        groups.contains(&json!("system:masters")) && groups.contains(&json!("system:authenticated")),
        "{groups:?}"
    );
}

#[tokio::test]
async fn access_is_reviewed_by_the_roles() {
    let path = format!("{AUTHORIZATION}/subjectaccessreviews");
    let version = json!({
        "user": "anybody", "groups": ["system:authenticated"],
        "nonResourceAttributes": {"verb": "get", "path": "/apis"},
    });
    let (code, review) = ask(path.clone(), version).await;
    assert_eq!((code, &review["status"]["allowed"]), (201, &json!(true)));
    assert_eq!(
        review["status"]["reason"],
        "RBAC: allowed by ClusterRoleBinding \"system:discovery\" of ClusterRole \"system:discovery\" to Group \
         \"system:authenticated\""
    );
    let secrets = json!({"user": "anybody", "resourceAttributes": {"verb": "get", "resource": "secrets"}});
    assert_eq!(ask(path, secrets).await.1["status"]["allowed"], json!(false));
    let own = json!({"resourceAttributes": {"verb": "*", "group": "*", "resource": "*"}});
    let (_, review) = ask(format!("{AUTHORIZATION}/selfsubjectaccessreviews"), own).await;
    assert_eq!(review["status"]["allowed"], json!(true));
    let (_, rules) = ask(
        format!("{AUTHORIZATION}/selfsubjectrulesreviews"),
        json!({"namespace": "default"}),
    )
    .await;
    let everything = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]});
    assert!(
        rules["status"]["resourceRules"]
            .as_array()
            .unwrap()
            .contains(&everything),
        "{rules}"
    );
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused_in_the_real_words() {
    let exactly = ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of \
                   nonResourceAttributes or resourceAttributes must be specified";
    for (path, spec, code, message) in [
        (
            format!("{AUTHORIZATION}/selfsubjectaccessreviews"),
            json!({}),
            422,
            exactly,
        ),
        (
            format!("{AUTHORIZATION}/subjectaccessreviews"),
            json!({"resourceAttributes": {}}),
            422,
            ".authorization.k8s.io \"\" is invalid: spec.user: Invalid value: \"\": at least one of user or group must be \
             specified",
        ),
        (
            format!("{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews"),
            json!({"user": "x", "resourceAttributes": {"namespace": "other"}}),
            422,
            ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes.namespace: Invalid value: \"other\": must \
             match metadata.namespace",
        ),
        (
            format!("{AUTHENTICATION}/tokenreviews"),
            json!({}),
            400,
            "token is required for TokenReview in authentication",
        ),
        (
            format!("{AUTHORIZATION}/selfsubjectrulesreviews"),
            json!({}),
            400,
            "no namespace on request",
        ),
    ] {
        let (found, answer) = ask(path.clone(), spec).await;
        assert_eq!((found, &answer["message"]), (code, &json!(message)), "{path}");
    }
}

#[tokio::test]
async fn an_unknown_token_is_reviewed_as_such() {
    let (code, review) = ask(
        format!("{AUTHENTICATION}/tokenreviews"),
        json!({"token": "nobody's"}),
    )
    .await;
    assert_eq!(
        (code, &review["status"]),
        (201, &json!({"user": {}, "error": "invalid bearer token"}))
    );
}
