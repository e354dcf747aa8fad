//! `keydesk controller` as upstream's Deployments run it: probes, metrics, flags, replicas, and its end.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use http::{Request, Version, header::AUTHORIZATION};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use keydesk_testkit::{Person, manifests, up::Up};
use kube::{
    Api,
    api::{ObjectMeta, PostParams},
    client::Body,
};
use serde_json::{Value, json};

use crate::{
    KEYDESK,
    controller::{Running, admin, eventually, probe, start},
};

const LEASE: &str = "6dd6d79d.kuadrant.io";

/// An API server of its own process, with our kinds.
struct Cluster {
    kubeconfig: PathBuf,
    directory: tempfile::TempDir,
    admin: Person,
    server: Running,
}

impl Cluster {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("home");
        let server = start(&["apiserver", "--listen", "127.0.0.1:0", "--data-dir"], &home);
        let kubeconfig = home.join("kubeconfig");
        eventually("the API server is ready", async || kubeconfig.exists()).await;
        let admin = admin(&kubeconfig).await;
        for crd in manifests::folder("config/crd/bases") {
            admin.create(&crd).await.unwrap();
        }
        Self {
            kubeconfig,
            directory,
            admin,
            server,
        }
    }

    /// A controller with these flags, whose log is in `name` in the directory.
    fn controller(&self, name: &str, flags: &[&str]) -> Running {
        let mut command = Command::new(KEYDESK);
        command
            .arg("controller")
            .arg("--kubeconfig")
            .arg(&self.kubeconfig);
        self.run(name, command.args(flags))
    }

    fn run(&self, name: &str, command: &mut Command) -> Running {
        let log = File::create(self.directory.path().join(name)).unwrap();
        let child = command.stdout(Stdio::null()).stderr(log).spawn();
        Running(child.unwrap())
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name)).unwrap()
    }

    /// Whose the lease is; empty if it is nobody's.
    async fn holder(&self) -> String {
        let leases: Api<Lease> = Api::namespaced(self.admin.client(), "default");
        let lease = leases.get_opt(LEASE).await.unwrap();
        let spec = lease.and_then(|lease| lease.spec).unwrap_or_default();
        spec.holder_identity.unwrap_or_default()
    }
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn ready(probes: SocketAddr) {
    eventually("it is ready", async || {
        probe(probes, "/readyz").await.starts_with("HTTP/1.1 200")
    })
    .await;
}

fn send(signal: &str, process: &Running) {
    let id = process.0.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(sent.success());
}

/// Asks a process to end, and says with which code it did.
fn terminate(process: &mut Running) -> Option<i32> {
    send("-TERM", process);
    process.0.wait().unwrap().code()
}

#[tokio::test]
async fn s130_as_upstreams_image_runs_it_it_answers_its_probes_and_serves_no_metrics() {
    let cluster = Cluster::start().await;
    let manager = cluster.directory.path().join("manager");
    symlink(KEYDESK, &manager).unwrap();
    let port = free().port();
    let mut command = Command::new(&manager);
    command
        .env("KUBECONFIG", &cluster.kubeconfig)
        .args(["--leader-elect", &format!("--health-probe-bind-address=:{port}")]);
    let mut controller = cluster.run("log", &mut command);
    let probes = SocketAddr::from(([127, 0, 0, 1], port));
    ready(probes).await;
    assert!(probe(probes, "/healthz").await.starts_with("HTTP/1.1 200"));
    let said = probe(probes, "/readyz").await;
    assert!(
        said.contains("[+]feed ok: this cluster has no HTTPRoute, AuthPolicy, PlanPolicy, Kuadrant\n"),
        "{said}"
    );
    assert!(probe(probes, "/metrics").await.starts_with("HTTP/1.1 404"));
    eventually("it leads", async || !cluster.holder().await.is_empty()).await;
    assert_eq!(terminate(&mut controller), Some(0), "{}", cluster.log("log"));
    let log = cluster.log("log");
    assert!(!log.contains("Serving metrics server"), "{log}");
    assert_eq!(log.matches("this cluster has no HTTPRoute").count(), 1, "{log}");
}

/// What a scraper is answered that does not look at the certificate.
async fn scrape(address: SocketAddr, token: Option<&str>) -> (u16, Version, String) {
    let mut config = kube::Config::new(format!("https://{address}").parse().unwrap());
    config.accept_invalid_certs = true;
    let client = kube::Client::try_from(config).unwrap();
    let mut request = Request::get("/metrics");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let answer = client.send(request.body(Body::empty()).unwrap()).await.unwrap();
    let (status, version) = (answer.status().as_u16(), answer.version());
    let body = answer.into_body().collect_bytes().await.unwrap();
    (status, version, String::from_utf8(body.to_vec()).unwrap())
}

/// The role `metrics-reader`, as it is shipped, for a user.
async fn let_read_metrics(admin: &Person, user: &str) {
    let role = manifests::folder("config/rbac")
        .into_iter()
        .find(|object| object["kind"] == "ClusterRole" && object["metadata"]["name"] == "metrics-reader");
    admin.put(&role.unwrap()).await.unwrap();
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "apiVersion": format!("{group}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "scraper"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "metrics-reader"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    });
    admin.put(&binding).await.unwrap();
}

#[tokio::test]
async fn s131_metrics_are_for_whom_the_cluster_permits_them() {
    let directory = tempfile::tempdir().unwrap();
    let up = Up::start(KEYDESK, directory.path(), &["--demo"]).await;
    let tokens: Value =
        serde_json::from_str(&fs::read_to_string(directory.path().join("tokens.json")).unwrap()).unwrap();
    let consumer = tokens["consumer"].as_str();
    let admin = up.person("admin").await;
    // The controller of `up` goes on: this one waits for another's lease, and is scraped all the same.
    let leases: Api<Lease> = Api::namespaced(admin.client(), "default");
    let lease = Lease {
        metadata: ObjectMeta {
            name: Some(LEASE.to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(LeaseSpec {
            holder_identity: Some("another".to_owned()),
            lease_duration_seconds: Some(3600),
            ..LeaseSpec::default()
        }),
    };
    leases.create(&PostParams::default(), &lease).await.unwrap();

    let (metrics, log) = (free(), directory.path().join("controller.log"));
    let start = |flags: &[&str], log: &PathBuf| {
        let mut command = Command::new(KEYDESK);
        command
            .args(["controller", "--leader-elect", "--health-probe-bind-address=0"])
            .arg(format!("--metrics-bind-address={metrics}"))
            .args(flags)
            .arg("--kubeconfig")
            .arg(up.kubeconfig())
            .stderr(File::create(log).unwrap());
        Running(command.spawn().unwrap())
    };
    let controller = start(&[], &log);
    let served = "controller-runtime.metrics\tServing metrics server";
    eventually("metrics are served", async || {
        fs::read_to_string(&log).unwrap().contains(served)
    })
    .await;
    for (token, status) in [(None, 401), (Some("nobody's"), 401), (consumer, 403)] {
        let (answered, version, body) = scrape(metrics, token).await;
        assert_eq!((answered, version), (status, Version::HTTP_11), "{body}");
        assert!(!body.contains("reconcile"), "{body}");
    }
    let_read_metrics(&admin, "consumer").await;
    let (status, _, body) = scrape(metrics, consumer).await;
    assert_eq!(status, 200, "{body}");
    for line in [
        "controller_runtime_reconcile_total{controller=\"apiproduct\",result=\"success\"} 0\n",
        "leader_election_master_status{name=\"6dd6d79d.kuadrant.io\"} 0\n",
        "rest_client_requests_total{code=\"200\",method=\"GET\"} ",
        "workqueue_depth{name=\"keydesk-controller\"} ",
        "process_resident_memory_bytes ",
    ] {
        assert!(body.contains(line), "{line:?} is not in:\n{body}");
    }
    drop(controller);

    let log = directory.path().join("plain.log");
    let _controller = start(&["--metrics-secure=false"], &log);
    eventually("metrics are served in plain text", async || {
        let answer = probe(metrics, "/metrics").await;
        answer.starts_with("HTTP/1.1 200") && answer.contains("controller_runtime_reconcile_total")
    })
    .await;
    assert!(probe(metrics, "/readyz").await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_certificate_for_metrics_that_is_not_there_is_told() {
    let cluster = Cluster::start().await;
    let metrics = format!("--metrics-bind-address={}", free());
    let mut controller = cluster.controller(
        "log",
        &[
            &metrics,
            "--health-probe-bind-address=0",
            "--metrics-cert-path=no/such/place",
        ],
    );
    assert_eq!(controller.0.wait().unwrap().code(), Some(1));
    let log = cluster.log("log");
    assert!(
        log.contains("no/such/place/tls.crt") && log.contains("\nhint: "),
        "{log}"
    );
}

#[tokio::test]
async fn s132_every_flag_of_upstream_is_taken() {
    let cluster = Cluster::start().await;
    let (probes, metrics) = (free(), free());
    let mut controller = cluster.controller(
        "log",
        &[
            &format!("--health-probe-bind-address={probes}"),
            &format!("--metrics-bind-address={metrics}"),
            "--metrics-secure=true",
            "--metrics-cert-name=tls.crt",
            "--metrics-cert-key=tls.key",
            "--webhook-cert-path=/certs",
            "--webhook-cert-name=tls.crt",
            "--webhook-cert-key=tls.key",
            "--leader-elect=false",
            "--enable-http2",
            "--zap-devel=false",
            "--zap-encoder=json",
            "--zap-log-level=info",
            "--zap-stacktrace-level=panic",
            "--zap-time-encoding=rfc3339",
        ],
    );
    ready(probes).await;
    assert_eq!(scrape(metrics, None).await.0, 401);
    assert_eq!(cluster.holder().await, "", "nobody asked for a lease");
    assert_eq!(terminate(&mut controller), Some(0), "{}", cluster.log("log"));
    let log = cluster.log("log");
    assert!(
        log.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{log}"
    );
}

#[tokio::test]
async fn s133_the_second_replica_follows_a_first_that_ends_and_one_that_is_killed() {
    let cluster = Cluster::start().await;
    let replica = async |name: &str| {
        let probes = free();
        let probe_flag = format!("--health-probe-bind-address={probes}");
        let replica = cluster.controller(
            name,
            &[
                "--leader-elect",
                "--leader-election-namespace=default",
                &probe_flag,
            ],
        );
        ready(probes).await;
        replica
    };
    let mut first = replica("first").await;
    eventually("the first leads", async || !cluster.holder().await.is_empty()).await;
    let first_holder = cluster.holder().await;
    let mut second = replica("second").await;
    assert!(
        cluster
            .log("second")
            .contains(&format!("{first_holder} leads, this replica waits"))
    );

    // 137: the lease is let go in the end.
    assert_eq!(terminate(&mut first), Some(0), "{}", cluster.log("first"));
    let ended = Instant::now();
    eventually("the second leads", async || {
        let holder = cluster.holder().await;
        !holder.is_empty() && holder != first_holder
    })
    .await;
    assert!(
        ended.elapsed() < Duration::from_secs(4),
        "{:?}\n{}",
        ended.elapsed(),
        cluster.log("second")
    );

    let second_holder = cluster.holder().await;
    let third = replica("third").await;
    second.0.kill().unwrap();
    second.0.wait().unwrap();
    let killed = Instant::now();
    eventually("the third leads", async || {
        cluster.log("third").contains("this replica leads")
    })
    .await;
    let waited = killed.elapsed();
    assert!(
        waited > Duration::from_secs(10) && waited < Duration::from_secs(19),
        "{waited:?}"
    );
    assert_ne!(cluster.holder().await, second_holder);
    drop(third);
}

#[tokio::test]
async fn s137_it_ends_in_time_even_if_the_api_server_does_not_answer() {
    let cluster = Cluster::start().await;
    let probes = free();
    let probe_flag = format!("--health-probe-bind-address={probes}");
    let mut controller = cluster.controller("log", &["--leader-elect", &probe_flag]);
    ready(probes).await;
    eventually("it leads", async || {
        cluster.log("log").contains("this replica leads")
    })
    .await;
    send("-STOP", &cluster.server);
    let asked = Instant::now();
    assert_eq!(terminate(&mut controller), Some(0), "{}", cluster.log("log"));
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(
        cluster
            .log("log")
            .contains("failed to let go of the lease within")
    );
}
