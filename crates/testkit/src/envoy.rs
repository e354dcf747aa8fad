//! The real Envoy, running with one of the configurations in `examples/envoy`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::manifests;
use crate::wait::{self, Patience};

/// How long Envoy may take to start on a busy machine.
const START: Patience = Patience {
    soon: Duration::from_secs(30),
    stays: Duration::ZERO,
    every: Duration::from_millis(10),
};

/// The Envoy to test with: the one that `KEYDESK_ENVOY` names, else the one that `cargo xtask test` has put under
/// `target/tools`.
fn installed() -> PathBuf {
    if let Some(path) = env::var_os("KEYDESK_ENVOY") {
        return path.into();
    }
    let tools = manifests::repository().join("target/tools").read_dir();
    let directories = tools.into_iter().flatten().filter_map(Result::ok);
    let programs = directories.map(|entry| entry.path().join("envoy/_bin/envoy"));
    programs.filter(|program| program.is_file()).max().expect(
        "there is no Envoy here: run `cargo xtask test`, which downloads one, or name one in KEYDESK_ENVOY",
    )
}

/// A configuration in `examples/envoy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Example {
    /// `envoy.yaml`: the gate is asked over gRPC.
    Grpc,
    /// `envoy-http.yaml`: the gate is asked over HTTP.
    Http,
}

impl Example {
    /// Its file, and the port of the gate in it.
    fn file(self) -> (&'static str, u16) {
        match self {
            Self::Grpc => ("envoy.yaml", 50051),
            Self::Http => ("envoy-http.yaml", 8090),
        }
    }

    /// The configuration, with Envoy's own listeners on free ports, and the gate and the API where they are.
    fn on_ports(self, gate: SocketAddr, api: SocketAddr) -> String {
        let (file, gate_port) = self.file();
        let file = manifests::repository().join("examples/envoy").join(file);
        let text =
            fs::read_to_string(&file).unwrap_or_else(|error| panic!("read {}: {error}", file.display()));
        let ports = [
            (9901, 0),
            (10000, 0),
            (gate_port, gate.port()),
            (8001, api.port()),
        ];
        ports.into_iter().fold(text, |text, (from, to)| {
            let (from, to) = (format!("port_value: {from} "), format!("port_value: {to} "));
            assert_eq!(text.matches(&from).count(), 1, "{self:?} says {from:?} once");
            text.replace(&from, &to)
        })
    }
}

/// A running Envoy. Killed when it is dropped.
pub struct Envoy {
    _child: Child,
    address: SocketAddr,
    said: Arc<Mutex<String>>,
}

impl Envoy {
    /// Starts Envoy with an example in which nothing but ports is changed, between a gate and an API on loopback, and
    /// waits until it takes calls.
    pub async fn start(example: Example, gate: SocketAddr, api: SocketAddr) -> Self {
        let program = installed();
        let mut child = Command::new(&program)
            .args(["--disable-hot-restart", "--concurrency", "1"])
            // Or its access log is written every ten seconds.
            .args(["--file-flush-interval-msec", "50", "--config-yaml"])
            .arg(example.on_ports(gate, api))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("start {}: {error}", program.display()));
        let said = Arc::default();
        listen(child.stdout.take().unwrap(), Arc::clone(&said));
        listen(child.stderr.take().unwrap(), Arc::clone(&said));
        let address = wait::soon(START, "Envoy takes calls", async || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("Envoy ended with {status}:\n{}", said.lock());
            }
            let admin = admin(&said.lock());
            match admin {
                Some(admin) => listener(admin).await.ok_or_else(|| "no listener yet".to_owned()),
                None => Err("no admin address yet".to_owned()),
            }
        })
        .await;
        Self {
            _child: child,
            address,
            said,
        }
    }

    /// Where it takes calls.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything it said until now: its log and its access log.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.lock().clone()
    }
}

/// The address of its admin listener, from its log.
fn admin(said: &str) -> Option<SocketAddr> {
    let (_, rest) = said.split_once("admin address: ")?;
    rest.lines().next()?.trim().parse().ok()
}

/// The address of its listener for calls, once it is ready.
async fn listener(admin: SocketAddr) -> Option<SocketAddr> {
    if !ask(admin, "/ready").await?.contains("LIVE") {
        return None;
    }
    let listeners = ask(admin, "/listeners").await?;
    let (_, rest) = listeners.split_once("calls::")?;
    rest.lines().next()?.trim().parse().ok()
}

/// The answer to a question, as it comes over the wire.
async fn ask(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let question = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}

fn listen(stream: impl AsyncRead + Unpin + Send + 'static, said: Arc<Mutex<String>>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut said = said.lock();
            said.push_str(&line);
            said.push('\n');
        }
    });
}
