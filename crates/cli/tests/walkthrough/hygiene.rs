//! No key value and no token gets out: not into the log at its most talkative, not into the audit, not into a status.

use keydesk_testkit::hidden::assert_hidden;
use keydesk_testkit::kinds;

use crate::stage::{Stage, soon, soon_fails};

/// The demo's own values are short; these are long enough never to be met by chance.
const FIRST: &str = "correct-horse-battery-staple-0451";
const SECOND: &str = "second-value-after-the-rotation-7734";

fn secret(value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: gamestore-apikey-secret\n  namespace: consumer-app\n\
         stringData:\n  api_key: {value}\n"
    )
}

#[tokio::test]
async fn no_key_value_is_in_any_output_or_object_but_the_two_secrets() {
    let stage = Stage::start(&["--log", "debug"]).await;
    let (consumer, owner, admin) = (
        stage.kubectl("consumer"),
        stage.kubectl("owner"),
        stage.kubectl("admin"),
    );
    stage.approve().await;
    // `kubectl apply` writes the value into an annotation. Consumers may not patch Secrets, admins may.
    for value in [FIRST, SECOND] {
        let said = admin.apply(&secret(value)).await;
        assert!(said.well, "{}", said.err);
        let encoded = keydesk_testkit::hidden::base64(value.as_bytes());
        let enforced = format!(
            "get secret {} -n kuadrant-system -o yaml",
            crate::stage::ENFORCEMENT
        );
        let seen = soon(&admin, &enforced, |said| said.contains(&encoded)).await;
        assert_hidden(
            "annotations",
            seen.split("annotations:").nth(1).unwrap(),
            &[value],
        );
    }
    // Failures talk more than successes do.
    let bad = admin
        .apply(&secret(FIRST).replace("stringData", "stringdata"))
        .await;
    assert!(!bad.well);
    let refused = consumer
        .apply(&secret(FIRST).replace("consumer-app", "other-app"))
        .await;
    assert!(!refused.well);
    owner
        .run("get secret gamestore-apikey-secret -n consumer-app")
        .await;
    consumer
        .must("delete apikey gamestore-apikey -n consumer-app")
        .await;
    soon_fails(
        &admin,
        &format!("get secret {} -n kuadrant-system", crate::stage::ENFORCEMENT),
        "not found",
    )
    .await;

    let all = stage.up.person("admin").await;
    for kind in [kinds::KEY, kinds::REQUEST, kinds::APPROVAL, kinds::PRODUCT] {
        let objects = all.list(kind, "").await.unwrap();
        assert_hidden(kind.plural, &format!("{objects:#?}"), &[FIRST, SECOND, "abc123"]);
    }
    let events = admin.must("get events -A -o yaml").await;
    assert_hidden("events", &events, &[FIRST, SECOND]);

    let kubeconfig = std::fs::read_to_string(stage.up.kubeconfig()).unwrap();
    let kubeconfig = keydesk_testkit::manifests::parse(&kubeconfig).remove(0);
    let users = kubeconfig["users"].as_array().unwrap().iter();
    let tokens: Vec<String> = users
        .filter_map(|user| user["user"]["token"].as_str())
        .map(str::to_owned)
        .collect();
    assert!(!tokens.is_empty(), "people have tokens");
    let (status, said) = stage.up.interrupt().await;
    assert!(status.success(), "{status}");
    let audit = std::fs::read_to_string(stage.directory.path().join("audit.log")).unwrap();
    assert!(said.contains("gamestore-apikey"), "the log names the object");
    assert!(said.lines().count() > 20, "it was at its most talkative");
    let mut values = vec![FIRST, SECOND];
    values.extend(tokens.iter().map(String::as_str));
    assert_hidden("the output", &said, &values);
    assert_hidden("the audit", &audit, &values);
}

#[tokio::test]
async fn the_audit_names_who_did_what_without_bodies() {
    let stage = Stage::start(&[]).await;
    stage.approve().await;
    let audit = std::fs::read_to_string(stage.directory.path().join("audit.log")).unwrap();
    let line = audit
        .lines()
        .find(|line| line.contains("gamestore-approval-12345"));
    let line = line.unwrap_or_else(|| panic!("no line for the approval in\n{audit}"));
    assert!(line.contains("owner") && line.contains("create"), "{line}");
    assert!(!line.contains("Valid use case"), "{line}");
    assert_hidden("the audit", &audit, &["abc123"]);
}
