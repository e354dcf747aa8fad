//! `keydesk explain call` beside a running Keydesk: what an operator is told before and after an approval.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use keydesk_testkit::{
    Address,
    fixtures::{self, CONSUMER_NAMESPACE},
    kinds,
    up::Up,
};
use serde_json::{Value, json};

use crate::KEYDESK;

const VALUE: &str = "explained-value-which-must-not-be-shown-5521";
const OTHER: &str = "a-value-that-nobody-has-which-must-not-be-shown-1187";

/// Runs `keydesk explain call` to its end: its exit code and all that it says.
struct Explained {
    code: Option<i32>,
    out: String,
    err: String,
}

fn explain(kubeconfig: &Path, host: &str, key: Option<&str>, flags: &[&str]) -> Explained {
    let mut command = Command::new(KEYDESK);
    command.args(["explain", "call", "--host", host, "--path", "/api/games"]);
    command.args(key.map(|_| "--key-stdin")).args(flags);
    let mut child = command
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    if let Some(key) = key {
        writeln!(input, "{key}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let explained = Explained {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    for value in [VALUE, OTHER] {
        assert!(!explained.out.contains(value), "{}", explained.out);
        assert!(!explained.err.contains(value), "{}", explained.err);
    }
    explained
}

impl Explained {
    #[track_caller]
    fn says(self, code: i32, all: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        for words in all {
            assert!(
                self.out.contains(words) || self.err.contains(words),
                "{words:?} is not in:\n{}{}",
                self.out,
                self.err
            );
        }
        self
    }
}

/// A role for the platform team, everywhere or in one namespace.
fn granted(role: &str, namespace: Option<&str>) -> Value {
    let kind = if namespace.is_some() {
        "RoleBinding"
    } else {
        "ClusterRoleBinding"
    };
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
        "metadata": { "name": format!("platform-{role}"), "namespace": namespace },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "platform" }],
    })
}

#[tokio::test]
async fn a_call_is_explained_before_and_after_the_approval() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, &directory.path().join("home"), &["--demo"]).await;
    let (consumer, owner, admin) = (
        up.person("consumer").await,
        up.person("owner").await,
        up.person("admin").await,
    );
    let host = "api.gamestore.example.com";
    let kubeconfig = up.kubeconfig();
    let route = Address::new(kinds::ROUTE, "gamestore", "gamestore");
    admin
        .soon(&route, "a gateway has accepted the route", |route| {
            route["status"]["parents"][0]["conditions"][0]["status"] == "True"
        })
        .await;

    explain(&kubeconfig, host, None, &[]).says(
        1,
        &[
            "route     HTTPRoute gamestore/gamestore, rule 1: GET, paths under /api\n",
            "policy    AuthPolicy gamestore/gamestore-auth\n",
            "vip-users wants the key in header `Authorization: APIKEY …`\n",
            "demo-admin-realm (jwt) is not evaluated",
            "products  gamestore/gamestore-api\n",
            "key       none comes with the call\n",
            "verdict   401 credential_missing: ",
        ],
    );

    let key = fixtures::key();
    let secret = fixtures::secret(CONSUMER_NAMESPACE, "gamestore-apikey-secret", VALUE);
    consumer.create(&secret).await.unwrap();
    consumer.create(&key).await.unwrap();
    let request = fixtures::request_of(&key);
    owner.soon(&request, "the request is there", |_| true).await;
    explain(&kubeconfig, host, Some(VALUE), &[]).says(
        1,
        &[
            "APIKey consumer-app/gamestore-apikey, product gamestore/gamestore-api, user user-12345, tier gold, without end",
            &format!("pending: nobody has decided on APIKeyRequest gamestore/{}", request.name),
            "verdict   401 invalid_key: ",
            "to do: the owner of gamestore/gamestore-api: decide on",
        ],
    );

    owner.create(&fixtures::approval()).await.unwrap();
    admin
        .soon(&fixtures::enforcement_of(&key), "the key is in force", |_| true)
        .await;
    explain(&kubeconfig, host, Some(VALUE), &[]).says(
        0,
        &[
            "approved by api-owner@gamestore.com",
            "plan      PlanPolicy gamestore/gamestore-plan: tier gold\n",
            "limits: 100 in 24h; what is left of them is not known here",
            "verdict   200 pass: the call goes on to the API, unless a limit is used up\n",
        ],
    );
    let json = explain(&kubeconfig, host, Some(VALUE), &["--json"]).says(0, &[]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["route"]["found"], "rule");
    assert_eq!(json["plan"]["limits"], json!([{ "limit": 100, "window": "24h" }]));
    assert_eq!(json["outcome"]["passes"], true);

    explain(&kubeconfig, host, Some(OTHER), &[]).says(
        1,
        &["not recognised", "401 invalid_key", "no APIKey has this value"],
    );
    explain(&kubeconfig, "api.example.org", Some(VALUE), &[])
        .says(1, &["none: no HTTPRoute is for this host", "404 no_route"]);
    explain(&kubeconfig, host, Some(VALUE), &["--method", "DELETE"])
        .says(1, &["no rule takes this method and path", "404 no_route"]);

    let platform = |key| explain(&kubeconfig, host, key, &["--context", "platform"]);
    platform(None).says(
        1,
        &[
            "error: you may not list and watch kuadrants.kuadrant.io in all namespaces",
            "hint: have that granted",
        ],
    );
    admin.create(&granted("keydesk-gate", None)).await.unwrap();
    platform(None).says(
        1,
        &["error: you may not list and watch secrets in namespace kuadrant-system"],
    );
    let secrets = granted("keydesk-gate-secrets", Some("kuadrant-system"));
    admin.create(&secrets).await.unwrap();
    platform(Some(VALUE)).says(0, &["200 pass"]);
    platform(Some(OTHER)).says(1, &["not recognised", "1 Secret of an APIKey was not looked at"]);
    assert!(up.interrupt().await.0.success());
}

#[test]
fn a_key_is_taken_from_a_pipe_only_and_must_be_one() {
    let nowhere = Path::new("no/such/file");
    explain(nowhere, "a", Some(""), &[])
        .says(1, &["error: standard input has no key", "hint: pipe the key in"]);
    let header = format!("Authorization APIKEY {VALUE}");
    explain(nowhere, "a", None, &["--header", &header]).says(1, &["error: header number 1"]);
    let unknown = format!("--key={VALUE}");
    assert_eq!(
        Command::new(KEYDESK)
            .args(["explain", "call", "--host", "a", &unknown])
            .output()
            .unwrap()
            .status
            .code(),
        Some(2),
        "there is no flag for a key"
    );
}
