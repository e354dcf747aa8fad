//! No key value and no token gets out: not into the log at its most talkative, not into the audit, not into a status.

use keydesk_testkit::hidden::assert_hidden;
use keydesk_testkit::kinds;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

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
    call_in_every_way(&stage, SECOND).await;
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

/// Shows a key to everything that takes one, in places that are right and wrong; what is answered, and what is counted,
/// must not hold it either.
async fn call_in_every_way(stage: &Stage, value: &str) {
    let asked =
        r#"{"namespace": "gamestore", "product": "gamestore-api", "key": "VALUE"}"#.replace("VALUE", value);
    let calls = [
        (
            "front-door-listen",
            "GET /api/games",
            format!("Authorization: APIKEY {value}"),
            "",
        ),
        (
            "front-door-listen",
            "GET /api/games",
            format!("Authorization: Bearer {value}"),
            "",
        ),
        (
            "front-door-listen",
            "GET /.keydesk/self",
            format!("Authorization: APIKEY {value}"),
            "",
        ),
        (
            "front-door-listen",
            "GET /api/games?key=VALUE",
            format!("X-API-Key: {value}{value}"),
            "",
        ),
        ("gate-listen", "GET /v1/self", format!("X-API-Key: {value}"), ""),
        (
            "gate-listen",
            "GET /v1/ext_authz/api/games",
            format!("Authorization: APIKEY {value}"),
            "",
        ),
        (
            "gate-listen",
            "GET /v1/forward-auth",
            format!("Authorization: APIKEY {value}"),
            "",
        ),
        (
            "gate-listen",
            "POST /v1/verify",
            format!("Authorization: Bearer {value}"),
            asked.as_str(),
        ),
        (
            "gate-grpc-listen",
            "POST /VALUE",
            format!("Authorization: APIKEY {value}"),
            "",
        ),
    ];
    let mut passed = 0;
    for (listener, line, header, body) in calls {
        let (line, length) = (line.replace("VALUE", value), body.len());
        let request = format!(
            "{line} HTTP/1.1\r\nHost: api.gamestore.example.com\r\n{header}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        let said = said(&stage.up.address(listener), &request).await;
        assert!(said.starts_with("HTTP/1.1 "), "{listener} {line}: {said}");
        passed += usize::from(said.starts_with("HTTP/1.1 200"));
        assert_hidden(listener, &said, &[value]);
    }
    assert!(passed >= 4, "only {passed} of the calls were good");
    let admin = stage.up.address("admin-listen");
    let metrics = said(
        &admin,
        "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(metrics.contains("keydesk_gate_decisions_total"), "{metrics}");
    assert_hidden("the metrics", &metrics, &[value]);
}

async fn said(address: &str, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.unwrap();
    String::from_utf8_lossy(&said).into_owned()
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
