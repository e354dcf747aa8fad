//! A server on a free loopback port with TLS, and kubectl of one version as several people.

use std::path::PathBuf;

use keydesk_apiserver::auth::Tokens;
use keydesk_apiserver::{ApiServer, User};
use keydesk_testkit::kubectl::{self, Kubectl};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::BUGS;

/// A running server; it ends when this is dropped.
pub(super) struct Server {
    home: TempDir,
    program: PathBuf,
    stop: CancellationToken,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Runs a story once with every kubectl there is, each time on a fresh server.
#[expect(
    clippy::print_stdout,
    reason = "a story that fails should tell with which kubectl it did"
)]
pub(super) async fn with_every_kubectl(story: impl AsyncFn(Server)) {
    for program in kubectl::installed() {
        println!("with {}", program.display());
        story(Server::start(program).await).await;
    }
}

/// The same, with the kind of [`BUGS`] in place.
pub(super) async fn with_bugs(story: impl AsyncFn(Server)) {
    with_every_kubectl(async |server| {
        let said = server.admin().apply(BUGS).await;
        assert!(said.well, "{}", said.err);
        story(server).await;
    })
    .await;
}

impl Server {
    async fn start(program: PathBuf) -> Self {
        let tokens = ["admin", "ada", "eve"].map(|name| {
            let user = User::named(name);
            (
                format!("{name}-token"),
                if name == "admin" {
                    user.in_group("system:masters")
                } else {
                    user
                },
            )
        });
        let server = ApiServer::builder()
            .tokens(Tokens::new(tokens))
            .build()
            .await
            .unwrap();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move { server.serve_tls(listener, tls, stopped).await });

        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("ca.crt"), cert.pem()).unwrap();
        std::fs::write(home.path().join("config"), kubeconfig(port)).unwrap();
        Self { home, program, stop }
    }

    /// kubectl as somebody who may do everything.
    pub(super) fn admin(&self) -> Kubectl {
        self.person("admin")
    }

    /// kubectl as `ada` or `eve`, who may do nothing at first.
    pub(super) fn person(&self, name: &str) -> Kubectl {
        Kubectl::with(&self.program, &self.kubeconfig(), name)
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.home.path().join("config")
    }

    pub(super) fn program(&self) -> &std::path::Path {
        &self.program
    }

    /// Writes a file that a command can name.
    pub(super) fn file(&self, name: &str, content: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn kubeconfig(port: u16) -> String {
    let people = ["admin", "ada", "eve"];
    let contexts = people.map(|name| json!({"name": name, "context": {"cluster": "test", "user": name}}));
    let users = people.map(|name| json!({"name": name, "user": {"token": format!("{name}-token")}}));
    let cluster = json!({"server": format!("https://127.0.0.1:{port}"), "certificate-authority": "ca.crt"});
    json!({
        "apiVersion": "v1", "kind": "Config", "contexts": contexts, "users": users,
        "clusters": [{"name": "test", "cluster": cluster}],
    })
    .to_string()
}

/// Runs of blanks as one: columns are padded to the widest cell.
pub(super) fn squeezed(table: &str) -> Vec<String> {
    table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}
