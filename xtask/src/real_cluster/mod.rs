//! `cargo xtask real-cluster`: etcd, kube-apiserver and kube-controller-manager on loopback, for tests.
//!
//! They are built from Go modules by the small program in `xtask/real-cluster`. Where Go is missing there is no real
//! cluster, and the commands say so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::capture::capture;
use crate::workspace::Workspace;
use crate::{kubectl, stage};

mod build;
mod credentials;
mod directory;
mod process;

use credentials::Credentials;
use directory::RunDirectory;
use process::Process;

pub(crate) use build::go_is_here;

/// How the cluster is started.
#[derive(Args)]
pub(crate) struct Options {
    /// The API server's port on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

/// Starts a cluster and keeps it until this process ends.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let Options { port } = options;
    let kubectl = kubectl::install(workspace)?;
    let mut cluster = RealCluster::build_and_start_on(workspace, &kubectl[0], *port)?;
    stage::say(&format!("export KUBECONFIG={}", cluster.kubeconfig().display()));
    stage::say("contexts: admin (current), platform, owner, other-owner, consumer, other-consumer");
    stage::say("Ctrl-C ends it; its data go with it.");
    cluster.wait_for_an_end()
}

/// A running cluster. It ends, and its data go, when this value is dropped; it ends too when this process is killed.
pub(crate) struct RealCluster {
    // The order is that of their end: whoever uses another goes first.
    controller_manager: Process,
    api_server: Process,
    etcd: Process,
    kubeconfig: PathBuf,
    _directory: RunDirectory,
}

/// How long the API server may take until it is ready. On an idle machine it takes 5 s.
const START_DEADLINE: Duration = Duration::from_secs(90);

impl RealCluster {
    /// Builds what is not built yet, starts it on a free port, and waits until it is ready.
    pub(crate) fn build_and_start(workspace: &Workspace, kubectl: &Path) -> Result<Self> {
        Self::build_and_start_on(workspace, kubectl, 0)
    }

    fn build_and_start_on(workspace: &Workspace, kubectl: &Path, port: u16) -> Result<Self> {
        let executable = build::build(workspace)?;
        stage::step("start the real cluster", || {
            Self::start(workspace, &executable, kubectl, port)
        })
    }

    /// The kubeconfig of an admin, with contexts for other people.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    fn start(workspace: &Workspace, executable: &Path, kubectl: &Path, port: u16) -> Result<Self> {
        let directory = RunDirectory::create(&workspace.tool("real-cluster"))?;
        let root = directory.path();
        let [etcd_port, free_port, manager_port] = process::free_ports()?;
        let port = if port == 0 { free_port } else { port };
        let credentials = Credentials::write(root, port)?;
        let etcd_url = format!("http://127.0.0.1:{etcd_port}");

        let etcd = Process::start(
            executable,
            root,
            "etcd",
            &[&root.join("etcd").to_string_lossy(), &etcd_url],
        )?;
        let mut api_server = Process::start(
            executable,
            root,
            "kube-apiserver",
            &[
                &format!("--etcd-servers={etcd_url}"),
                "--bind-address=127.0.0.1",
                &format!("--secure-port={port}"),
                // A loopback address cannot be published as the endpoint of the service `kubernetes`.
                "--endpoint-reconciler-type=none",
                &flag("cert-dir", &credentials.certificates),
                &flag("token-auth-file", &credentials.tokens),
                "--anonymous-auth=false",
                "--authorization-mode=RBAC",
                &flag("service-account-key-file", &credentials.verifying_key),
                &flag("service-account-signing-key-file", &credentials.signing_key),
                "--service-account-issuer=https://kubernetes.default.svc",
                "--disable-admission-plugins=ServiceAccount",
                "--service-cluster-ip-range=10.0.0.0/24",
            ],
        )?;
        wait_until_ready(&mut api_server, kubectl, &credentials.kubeconfig)?;
        let controller_manager = Process::start(
            executable,
            root,
            "kube-controller-manager",
            &[
                &flag("kubeconfig", &credentials.kubeconfig),
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                &format!("--secure-port={manager_port}"),
                &flag("cert-dir", &root.join("manager-certificates")),
                // Everything else needs nodes and pods.
                "--controllers=namespace-controller,garbage-collector-controller,clusterrole-aggregation-controller",
            ],
        )?;
        let kubeconfig = credentials.kubeconfig;
        Ok(Self {
            controller_manager,
            api_server,
            etcd,
            kubeconfig,
            _directory: directory,
        })
    }

    /// Returns when one of the processes ends, which it does by itself only in failure.
    fn wait_for_an_end(&mut self) -> Result<()> {
        loop {
            for process in [&mut self.etcd, &mut self.api_server, &mut self.controller_manager] {
                process.check()?;
            }
            thread::sleep(Duration::from_millis(500));
        }
    }
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

fn wait_until_ready(api_server: &mut Process, kubectl: &Path, kubeconfig: &Path) -> Result<()> {
    let started = Instant::now();
    while started.elapsed() < START_DEADLINE {
        api_server.check()?;
        let mut ready = Command::new(kubectl);
        ready
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(["get", "--raw", "/readyz"]);
        if capture(&mut ready, START_DEADLINE)?.passed {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
    bail!(
        "the API server is not ready after {}:\n{}",
        stage::seconds(START_DEADLINE),
        api_server.log()
    )
}
