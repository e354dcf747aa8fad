//! What one more approval costs the controller, what it does when nothing happens, and what it bears.
//!
//! API server and controller run as two processes of the released binary, with a proxy between them that counts, so
//! that calls, processor time and memory are the controller's alone.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use kube::config::Kubeconfig;
use tokio::time::sleep;

use crate::real_cluster::RealCluster;
use crate::workspace::Workspace;
use crate::{kubectl, stage};

use super::counting_proxy::CountingProxy;
use super::load::Load;
use super::process::Process;
use super::report::{self, Measurement};
use super::scale::Scale;

/// A controller that has asked for nothing for so long has done what there was to do, the last Events included.
const SETTLE: Duration = Duration::from_secs(3);
/// How long that may take, and how long it is then seen to do nothing.
const PATIENCE: Duration = Duration::from_mins(10);
const AT_REST: Duration = Duration::from_secs(20);

/// What is measured.
#[derive(Args)]
pub(crate) struct Options {
    /// How many approved keys there are.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000])]
    keys: Vec<usize>,
    /// How many more are approved, one after the other.
    #[arg(long, default_value_t = 50)]
    approvals: usize,
    /// How many Secrets there are that are no key's.
    #[arg(long, default_value_t = 5_000)]
    unrelated: usize,
    /// How many keys end within one minute.
    #[arg(long, default_value_t = 1_000)]
    expiring: usize,
    /// With a real kube-apiserver and etcd instead of the embedded API server (needs Go).
    #[arg(long)]
    real: bool,
}

/// Measures each number of keys in a fresh cluster, and prints a table.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let binary = build(workspace)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut measurements = Vec::new();
    for keys in &options.keys {
        let cluster = Cluster::start(workspace, &binary, options.real)?;
        let measured = stage::step(
            &format!("{keys} keys, then {} more approvals", options.approvals),
            || runtime.block_on(measure(&cluster, &binary, *keys, options)),
        );
        measurements.push(measured?);
    }
    stage::say(&report::table(&measurements));
    Ok(())
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut command = workspace.cargo();
    command.args(["build", "--release", "--package", "keydesk", "--bin", "keydesk"]);
    stage::must("build keydesk for release", &mut command)?;
    Ok(workspace.target().join("release/keydesk"))
}

/// An API server with nothing in it.
enum Cluster {
    Embedded {
        _server: Process,
        data: tempfile::TempDir,
    },
    Real(Box<RealCluster>),
}

impl Cluster {
    fn start(workspace: &Workspace, binary: &Path, real: bool) -> Result<Self> {
        if real {
            let kubectl = kubectl::install(workspace)?;
            return Ok(Self::Real(Box::new(RealCluster::build_and_start(
                workspace,
                &kubectl[0],
            )?)));
        }
        let data = tempfile::tempdir()?;
        let mut command = Command::new(binary);
        command
            .args(["apiserver", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data.path());
        let server = Process::start(&mut command)?;
        let cluster = Self::Embedded {
            _server: server,
            data,
        };
        let started = Instant::now();
        while !cluster.kubeconfig().exists() {
            if started.elapsed() > Duration::from_secs(20) {
                bail!("the embedded API server has not become ready");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(cluster)
    }

    fn kubeconfig(&self) -> PathBuf {
        match self {
            Self::Embedded { data, .. } => data.path().join("kubeconfig"),
            Self::Real(cluster) => cluster.kubeconfig().to_owned(),
        }
    }
}

async fn measure(cluster: &Cluster, binary: &Path, keys: usize, options: &Options) -> Result<Measurement> {
    let approvals = options.approvals;
    let client = client(&cluster.kubeconfig()).await?;
    let load = Load::new(client.clone());
    load.install_kinds()
        .await
        .context("failed to install the kinds")?;
    load.create_product()
        .await
        .context("failed to create the product")?;
    load.create_unrelated(options.unrelated)
        .await
        .context("failed to create Secrets")?;

    let proxy = CountingProxy::start(client).await?;
    let directory = tempfile::tempdir()?;
    let kubeconfig = directory.path().join("kubeconfig");
    std::fs::write(&kubeconfig, proxy.kubeconfig())?;
    let controller = start(binary, &kubeconfig)?;

    let began = Instant::now();
    load.approve(0..keys)
        .await
        .context("failed to approve the keys")?;
    let all_approved = began.elapsed();
    // The last one is for the next start.
    load.ask(keys..keys + approvals + 1)
        .await
        .context("failed to ask for more keys")?;
    settled(&proxy).await?;

    let (calls, spent) = (proxy.calls(), controller.processor_time()?);
    let mut latencies = Vec::new();
    for key in keys..keys + approvals {
        latencies.push(load.approve_one(key).await?);
    }
    settled(&proxy).await?;
    let (calls_after, spent_after) = (proxy.calls(), controller.processor_time()?);

    sleep(AT_REST).await;
    let (memory, at_rest) = (controller.memory()?, proxy.calls());
    let spent_at_rest = controller.processor_time()?;
    let most_memory = controller.most_memory()?;
    drop(controller);
    let mut scale = bear(&load, &proxy, binary, &kubeconfig, keys + approvals, options).await?;
    scale.most_memory = scale.most_memory.max(most_memory);
    Ok(Measurement {
        keys,
        approvals,
        all_approved,
        calls: calls_after.since(&calls),
        processor_time: spent_after.saturating_sub(spent),
        latencies,
        memory,
        calls_at_rest: at_rest.since(&calls_after),
        processor_time_at_rest: spent_at_rest.saturating_sub(spent_after),
        rest: AT_REST,
        scale,
    })
}

/// Starts a controller anew among `keys` approved keys, and lets it bear what it must.
async fn bear(
    load: &Load,
    proxy: &CountingProxy,
    binary: &Path,
    kubeconfig: &Path,
    keys: usize,
    options: &Options,
) -> Result<Scale> {
    load.decide(keys).await?;
    let (before, began) = (proxy.calls(), Instant::now());
    let controller = start(binary, kubeconfig)?;
    load.enforced(keys + 1).await?;
    let (start, processor_time_of_start) = (began.elapsed(), controller.processor_time()?);
    let calls_of_start = proxy.calls().since(&before);
    settled(proxy).await?;
    let memory = controller.memory()?;

    let unrelated = options.unrelated.min(1_000);
    let (before, spent) = (proxy.calls(), controller.processor_time()?);
    load.change_unrelated(unrelated).await?;
    sleep(SETTLE).await;
    let calls_for_unrelated = proxy.calls().since(&before).total();
    let processor_time_for_unrelated = controller.processor_time()?.saturating_sub(spent);

    let (before, began) = (proxy.calls(), Instant::now());
    let denial_amid_change = load.deny_amid_change(keys - 1).await?;
    let change = settled(proxy).await?.duration_since(began);
    let calls_for_change = proxy.calls().since(&before);

    let (before, spent, began) = (proxy.calls(), controller.processor_time()?, Instant::now());
    let ends = load.tell_ends(options.expiring.min(keys - 1)).await?;
    let ends_told = settled(proxy).await?.duration_since(began);
    let calls_for_ends = proxy.calls().since(&before);
    let processor_time_for_ends = controller.processor_time()?.saturating_sub(spent);
    let lateness = load.see_ends(ends).await?;
    Ok(Scale {
        start,
        processor_time_of_start,
        calls_of_start,
        memory,
        most_memory: controller.most_memory()?,
        unrelated,
        calls_for_unrelated,
        processor_time_for_unrelated,
        denial_amid_change,
        change,
        calls_for_change,
        ends_told,
        calls_for_ends,
        processor_time_for_ends,
        lateness,
    })
}

/// Waits until the controller asks for nothing any more, and returns when it last did.
async fn settled(proxy: &CountingProxy) -> Result<Instant> {
    let began = Instant::now();
    let (mut calls, mut last) = (proxy.calls(), began);
    while last.elapsed() < SETTLE {
        if began.elapsed() > PATIENCE {
            bail!("the controller does not come to rest");
        }
        sleep(Duration::from_millis(50)).await;
        let now = proxy.calls();
        if now != calls {
            (calls, last) = (now, Instant::now());
        }
    }
    Ok(last)
}

fn start(binary: &Path, kubeconfig: &Path) -> Result<Process> {
    Process::start(
        Command::new(binary)
            .arg("controller")
            .args([
                "--metrics-bind-address=0",
                "--health-probe-bind-address=127.0.0.1:0",
            ])
            .env("KUBECONFIG", kubeconfig),
    )
}

async fn client(kubeconfig: &Path) -> Result<kube::Client> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let config =
        kube::Config::from_custom_kubeconfig(kubeconfig, &kube::config::KubeConfigOptions::default()).await?;
    Ok(kube::Client::try_from(config)?)
}
