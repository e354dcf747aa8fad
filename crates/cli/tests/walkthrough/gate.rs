//! Calls through the front door of the demo, as a person makes them with curl.

use std::process::Stdio;
use std::time::Duration;

use keydesk_testkit::wait::{self, Patience};
use keydesk_testkit::{kubectl, manifests};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::stage::{REQUEST, Stage, soon, table};

/// A host and a path.
type Place = (&'static str, &'static str);

const GAMES: Place = ("api.gamestore.example.com", "/api/games");
const TOYS: Place = ("api.toystore.example.com", "/api/toys");

/// One connection to the front door, kept open.
struct Caller(TcpStream);

impl Caller {
    async fn at(stage: &Stage) -> Self {
        let address = stage.up.address("front-door-listen");
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Calls, with the key in its place; the head of the answer in lower case, and the body.
    async fn call(&mut self, key: Option<&str>) -> (String, String) {
        self.call_at(GAMES, key).await
    }

    async fn call_at(&mut self, (host, path): Place, key: Option<&str>) -> (String, String) {
        let key = key.map_or_else(String::new, |key| format!("Authorization: APIKEY {key}\r\n"));
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{key}\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&said).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_ascii_lowercase();
                let length = head
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.lines().next());
                if length.is_some_and(|length| body.len() == length.parse::<usize>().unwrap()) {
                    return (head, body.to_owned());
                }
            }
            let mut piece = [0; 4096];
            let read = self.0.read(&mut piece).await.unwrap();
            assert!(read > 0, "the connection stays open: {text}");
            said.extend_from_slice(&piece[..read]);
        }
    }

    async fn status(&mut self, key: Option<&str>) -> String {
        let (head, _) = self.call(key).await;
        head.split(' ').nth(1).unwrap().to_owned()
    }

    /// Whom a backend takes the caller for.
    async fn is_taken_for(&mut self, place: Place, key: &str) -> String {
        let (head, body) = self.call_at(place, Some(key)).await;
        assert!(head.starts_with("http/1.1 200"), "{head}\n{body}");
        body
    }
}

/// A line for a shell, run with the newest kubectl in reach.
async fn shell(stage: &Stage, line: &str) -> String {
    let newest = kubectl::installed().remove(0);
    let folder = newest.parent().unwrap().display().to_string();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", line])
        .current_dir(manifests::repository())
        .env("PATH", format!("{folder}:{}", std::env::var("PATH").unwrap()))
        .env("KUBECONFIG", stage.up.kubeconfig())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}\n{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_key_opens_the_door_from_the_approval_to_the_denial_on_one_connection() {
    let stage = Stage::start(&[]).await;
    let mut caller = Caller::at(&stage).await;
    stage.ask().await;
    let (head, body) = caller.call(None).await;
    assert!(
        head.starts_with("http/1.1 401") && head.contains("www-authenticate: apikey realm=\"vip-users\""),
        "{head}"
    );
    assert!(body.contains("credential_missing"), "{body}");
    assert_eq!(
        caller.status(Some("abc123")).await,
        "401",
        "nobody has approved it"
    );

    stage.approve().await;
    let (head, body) = caller.call(Some("abc123")).await;
    assert!(head.starts_with("http/1.1 200"), "{head}\n{body}");
    assert!(head.contains("ratelimit: \"24h\";r=99"), "{head}");
    assert!(
        head.contains("x-api-key-id: ") && head.contains("x-api-key-expires-at: never"),
        "{head}"
    );
    assert!(
        body.contains("\"plan\": \"gold\"") && body.contains("consumer-app/user-12345"),
        "{body}"
    );
    assert_eq!(caller.status(Some("abc124")).await, "401");

    stage
        .kubectl("owner")
        .must(
            "patch apikeyapproval gamestore-approval-12345 -n gamestore --type merge -p {\"spec\":{\"approved\":false}}",
        )
        .await;
    // kubectl has its answer, and so the API server has the denial: within a second every call is refused.
    let patience = Patience {
        soon: Duration::from_secs(1),
        ..Patience::REAL
    };
    wait::soon(patience, "the key is refused", async || {
        match caller.status(Some("abc123")).await.as_str() {
            "401" => Ok(()),
            other => Err(other.to_owned()),
        }
    })
    .await;
}

#[tokio::test]
async fn a_used_up_plan_is_429_until_its_window_ends() {
    let stage = Stage::start(&[]).await;
    let bronze = std::fs::read_to_string(manifests::repository().join("examples/gamestore/3-consumer.yaml"))
        .unwrap()
        .replace("planTier: gold", "planTier: bronze");
    assert!(stage.kubectl("consumer").apply(&bronze).await.well);
    stage.approve_asked().await;
    let mut caller = Caller::at(&stage).await;
    for call in 1..=10 {
        assert_eq!(caller.status(Some("abc123")).await, "200", "call {call}");
    }
    let (head, body) = caller.call(Some("abc123")).await;
    assert!(
        head.starts_with("http/1.1 429") && body.contains("limit_reached"),
        "{head}\n{body}"
    );
    assert!(
        head.contains("retry-after: 8") && head.contains("x-ratelimit-remaining: 0"),
        "{head}"
    );
}

#[tokio::test]
async fn the_line_that_up_prints_for_an_approved_key_works_as_it_stands() {
    let stage = Stage::start(&[]).await;
    stage.approve().await;
    let start = std::time::Instant::now();
    let line = loop {
        let said = stage.up.said();
        if let Some(line) = said.lines().find(|line| line.starts_with("  curl ")) {
            break line.trim().to_owned();
        }
        assert!(start.elapsed().as_secs() < 20, "no line in\n{said}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(!line.contains("abc123"), "{line}");
    let said = shell(&stage, &line).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{line}\n{said}");
}

#[tokio::test]
async fn the_demos_products_have_their_documents_and_enforced_policies() {
    let stage = Stage::start(&[]).await;
    let admin = stage.kubectl("admin");
    for product in ["gamestore/gamestore-api", "toystore/toystore-api"] {
        let (namespace, name) = product.split_once('/').unwrap();
        let ready =
            format!("wait apiproduct/{name} -n {namespace} --for=condition=OpenAPISpecReady --timeout=20s");
        admin.must(&ready).await;
    }
    let policies = admin
        .must("get authpolicies,planpolicies -A --no-headers -o custom-columns=NAME:.metadata.name,ENFORCED:.status.conditions[?(@.type==\"Enforced\")].status")
        .await;
    let rows = table(&policies);
    assert!(rows.len() >= 4, "{policies}");
    assert!(
        policies.lines().all(|line| line.trim_end().ends_with("True")),
        "{policies}"
    );
}

/// `spec/gate.md` §7, check 25.
#[tokio::test]
async fn of_two_keys_with_one_value_one_works_and_the_other_is_flagged_and_two_products_do_not_mind() {
    let stage = Stage::start(&[]).await;
    stage.approve().await;
    let owner = stage.kubectl("owner");
    let other = stage.kubectl("other-consumer");
    let manifest = |path: &str| std::fs::read_to_string(manifests::repository().join(path)).unwrap();

    let rival = manifest("examples/gamestore/3-consumer.yaml")
        .replace("consumer-app", "other-app")
        .replace("user-12345", "user-rival");
    assert!(other.apply(&rival).await.well);
    let told = soon(&other, "get apik gamestore-apikey -n other-app -o yaml", |said| {
        said.contains("reason: SecretAPIKeyDuplicate")
    })
    .await;
    assert!(
        !told.contains("consumer-app/") && !told.contains("user-12345"),
        "nobody is named: {told}"
    );

    let toys = manifest("examples/toystore/3-consumer.yaml")
        .replace("eW91ci1hcGkta2V5LXZhbHVlLWhlcmU=", "YWJjMTIz")
        .replace("consumer-app", "other-app")
        .replace("user-12345", "user-toys");
    assert!(other.apply(&toys).await.well);
    let request = soon(&owner, "get apikeyrequests -n toystore -o name", |said| {
        !said.trim().is_empty()
    })
    .await;
    let request = request.trim().rsplit('/').next().unwrap().to_owned();
    let approval = manifest("examples/gamestore/4-approval.yaml")
        .replace("namespace: gamestore", "namespace: toystore")
        .replace(REQUEST, &request);
    assert!(owner.apply(&approval).await.well);
    soon(&other, "get apik toystore-apikey -n other-app -o yaml", |said| {
        said.contains("type: Approved")
    })
    .await;

    let mut caller = Caller::at(&stage).await;
    assert!(
        caller
            .is_taken_for(GAMES, "abc123")
            .await
            .contains("consumer-app/user-12345")
    );
    assert!(
        caller
            .is_taken_for(TOYS, "abc123")
            .await
            .contains("other-app/user-toys")
    );

    // The first holder goes: the value is free, and its next holder needs an owner's word like anybody.
    stage
        .kubectl("consumer")
        .must("delete apik gamestore-apikey -n consumer-app")
        .await;
    soon(&other, "get apik gamestore-apikey -n other-app -o yaml", |said| {
        said.contains("reason: AwaitingApproval")
    })
    .await;
    assert_eq!(caller.status(Some("abc123")).await, "401");
    assert!(
        caller
            .is_taken_for(TOYS, "abc123")
            .await
            .contains("other-app/user-toys")
    );
}
