//! `keydesk gate` in a process of its own, and how it ends.

use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use keydesk_testkit::{Address, fixtures, up::Up};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    KEYDESK,
    controller::{Running, eventually, probe},
};

const VALUE: &str = "a-key-that-calls-to-the-end-7710";

/// A gate before the cluster of a demo.
struct Gate {
    admin: SocketAddr,
    http: SocketAddr,
    process: Running,
    directory: tempfile::TempDir,
    up: Up,
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Gate {
    async fn start(flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let up = Up::start(KEYDESK, &directory.path().join("home"), &["--demo"]).await;
        let (admin, http) = (free(), free());
        let log = File::create(directory.path().join("log")).unwrap();
        let process = Command::new(KEYDESK)
            .arg("gate")
            .arg("--kubeconfig")
            .arg(up.kubeconfig())
            .arg("--data-dir")
            .arg(directory.path().join("gate"))
            .arg(format!("--admin-listen={admin}"))
            .arg(format!("--gate-listen={http}"))
            .args(["--gate-grpc-listen", "127.0.0.1:0"])
            .args(flags)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let gate = Self {
            admin,
            http,
            process: Running(process),
            directory,
            up,
        };
        eventually("the gate is ready", async || gate.is_ready().await).await;
        gate
    }

    async fn is_ready(&self) -> bool {
        probe(self.admin, "/readyz").await.starts_with("HTTP/1.1 200")
    }

    /// A key for the demo's product, approved.
    async fn approve(&self) {
        let (consumer, owner) = (self.up.person("consumer").await, self.up.person("owner").await);
        let secret = fixtures::secret(fixtures::CONSUMER_NAMESPACE, "gamestore-apikey-secret", VALUE);
        consumer.create(&secret).await.unwrap();
        consumer.create(&fixtures::key()).await.unwrap();
        let request = fixtures::request_of(&fixtures::key());
        owner.soon(&request, "the request is there", |_| true).await;
        owner.create(&fixtures::approval()).await.unwrap();
    }

    /// Asks over a connection of its own what a call with the key would meet; nothing if nobody listens.
    async fn ask(&self) -> String {
        let Ok(mut stream) = TcpStream::connect(self.http).await else {
            return String::new();
        };
        let question = format!(
            "GET /v1/forward-auth HTTP/1.1\r\nhost: gate\r\nx-forwarded-method: GET\r\nx-forwarded-uri: /api/games\r\n\
             x-forwarded-host: api.gamestore.example.com\r\nauthorization: APIKEY {VALUE}\r\n\r\n"
        );
        stream.write_all(question.as_bytes()).await.unwrap();
        let mut heard = [0; 4096];
        let read = stream.read(&mut heard).await.unwrap();
        String::from_utf8_lossy(&heard[..read]).into_owned()
    }

    fn send(&self, signal: &str) {
        let id = self.process.0.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end: the exit code, and when it came.
    fn end(mut self) -> (Option<i32>, Instant, String) {
        let code = self.process.0.wait().unwrap().code();
        let ended = Instant::now();
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap();
        (code, ended, log)
    }
}

#[tokio::test]
async fn after_sigterm_a_gate_is_unready_and_decides_new_calls_by_what_happens_until_its_time_is_over() {
    let delay = Duration::from_secs(6);
    let gate = Gate::start(&["--shutdown-delay", "6s"]).await;
    gate.approve().await;
    eventually("the key passes", async || {
        gate.ask().await.starts_with("HTTP/1.1 200")
    })
    .await;
    assert!(!gate.ask().await.contains("connection: close"));

    let asked = Instant::now();
    gate.send("-TERM");
    eventually("it is unready", async || !gate.is_ready().await).await;
    let ready = probe(gate.admin, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(
        ready.contains("[+]gate ok\n[-]shutdown not ready: the end was asked for"),
        "{ready}"
    );
    assert!(probe(gate.admin, "/livez").await.starts_with("HTTP/1.1 200"));
    let heard = gate.ask().await;
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    assert!(heard.contains("connection: close"), "{heard}");

    let approval = Address::of(&fixtures::approval());
    gate.up.person("owner").await.delete(&approval).await.unwrap();
    eventually("what is revoked meanwhile passes no more", async || {
        gate.ask().await.starts_with("HTTP/1.1 401")
    })
    .await;
    assert!(asked.elapsed() < delay, "the test was too slow to see it");

    let (code, ended, log) = gate.end();
    assert_eq!(code, Some(0), "{log}");
    let took = ended - asked;
    assert!(took >= delay, "{took:?}: {log}");
    assert!(took < delay + Duration::from_secs(5), "{took:?}: {log}");
}

#[tokio::test]
async fn whoever_presses_ctrl_c_does_not_wait_for_gateways() {
    let gate = Gate::start(&["--shutdown-delay", "1h"]).await;
    let asked = Instant::now();
    gate.send("-INT");
    let (code, ended, log) = gate.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(ended - asked < Duration::from_secs(10), "{log}");
}
