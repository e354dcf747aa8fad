//! `keydesk controller` beside an API server that it knows only by a kubeconfig.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use keydesk_testkit::{Person, manifests, wait::Patience};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::KEYDESK;

/// A process that does not outlive its test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn start(arguments: &[&str], path: &Path) -> Running {
    start_with_log(arguments, path, Stdio::null())
}

pub(crate) fn start_with_log(arguments: &[&str], path: &Path, log: impl Into<Stdio>) -> Running {
    let mut command = Command::new(KEYDESK);
    command
        .args(arguments)
        .arg(path)
        .stdout(Stdio::null())
        .stderr(log);
    Running(command.spawn().unwrap())
}

pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "not within a minute: {what}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What a probe is answered; nothing while nobody listens.
pub(crate) async fn probe(address: SocketAddr, path: &str) -> String {
    let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else {
        return String::new();
    };
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

pub(crate) async fn admin(kubeconfig: &Path) -> Person {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    Person::new(kube::Client::try_from(config).unwrap(), Patience::EMBEDDED)
}

#[tokio::test]
async fn it_is_ready_once_the_cluster_has_its_kinds_and_ends_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let _server = start(
        &["apiserver", "--listen", "127.0.0.1:0", "--data-dir"],
        directory.path(),
    );
    let kubeconfig = directory.path().join("kubeconfig");
    eventually("the API server is ready", async || kubeconfig.exists()).await;

    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let probes = format!("--health-probe-bind-address={free}");
    let mut controller = start(
        &["controller", "--leader-elect", &probes, "--kubeconfig"],
        &kubeconfig,
    );
    eventually("it misses our kinds", async || {
        probe(free, "/readyz")
            .await
            .contains("APIProduct: its CRD is not installed")
    })
    .await;
    assert!(probe(free, "/readyz").await.starts_with("HTTP/1.1 503"));
    assert!(
        probe(free, "/healthz").await.starts_with("HTTP/1.1 200"),
        "alive, though not ready"
    );

    let admin = admin(&kubeconfig).await;
    for crd in manifests::folder("config/crd/bases") {
        admin.create(&crd).await.unwrap();
    }
    // The foreign kinds are not there at all, and need not be.
    eventually("it is ready", async || {
        probe(free, "/readyz").await.starts_with("HTTP/1.1 200")
    })
    .await;

    let process = controller.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &process])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(controller.0.wait().unwrap().code(), Some(0));
}

/// The kinds that this cluster has.
const INSTALLED: [&str; 5] = [
    "APIProduct",
    "APIKey",
    "APIKeyRequest",
    "APIKeyApproval",
    "Secret",
];

/// What is said, to who wants to know everything, each time when a watch fails.
fn interrupted(kind: &str) -> String {
    format!("watch of {kind} was interrupted")
}

#[tokio::test]
async fn an_outage_is_one_line_when_it_begins_and_one_when_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (home, kubeconfig) = (directory.path().join("home"), directory.path().join("kubeconfig"));
    let listen = free.to_string();
    let serve = ["apiserver", "--listen", &listen, "--data-dir"];
    let announced = home.join("kubeconfig");
    // The first run is for the kubeconfig.
    let server = start(&serve, &home);
    eventually("the API server is ready", async || announced.exists()).await;
    std::fs::copy(&announced, &kubeconfig).unwrap();
    let admin = admin(&kubeconfig).await;
    for crd in manifests::folder("config/crd/bases") {
        admin.create(&crd).await.unwrap();
    }
    drop(server);

    let log = directory.path().join("log");
    let _controller = start_with_log(
        &[
            "controller",
            "--health-probe-bind-address=0",
            "--log-format=json",
            "--log=info,keydesk_feed=debug",
            "--kubeconfig",
        ],
        &kubeconfig,
        std::fs::File::create(&log).unwrap(),
    );
    let count = |is_one: &dyn Fn(&str) -> bool| {
        let log = std::fs::read_to_string(&log).unwrap();
        log.lines().filter(|line| is_one(line)).count()
    };
    let said = |words: &str| count(&|line| line.contains(words) && !line.contains("\"DEBUG\""));
    let failures = || INSTALLED.map(|kind| count(&|line| line.contains(&interrupted(kind))));
    let (lost, back) = (
        format!("https://{free} does not answer: "),
        format!("https://{free} answers again"),
    );
    let mut before = failures();
    for outage in 1..=2 {
        eventually("the outage is told", async || said(&lost) == outage).await;
        eventually("every kind has tried more than once", async || {
            failures()
                .iter()
                .zip(before)
                .all(|(now, before)| *now > before + 1)
        })
        .await;
        let server = start(&serve, &home);
        eventually("its end is told", async || said(&back) == outage).await;
        eventually("the cluster is known", async || said("the cluster is known") == 1).await;
        before = failures();
        drop(server);
    }
    eventually("the last outage is told", async || said(&lost) == 3).await;
    let complaints = said("\"WARN\"") + said("\"ERROR\"");
    let log = std::fs::read_to_string(&log).unwrap();
    let says_why = |line: &str| line.contains("\"WARN\"") && line.contains("Connection refused");
    assert!(log.lines().any(says_why), "{log}");
    assert_eq!(complaints, 3, "{log}");
}
