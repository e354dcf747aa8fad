//! `keydesk controller`: the controller on a cluster, in the place and with the flags of upstream's.

mod audit_log;
mod lease;
mod listen;
mod metrics;
mod webhook;
mod zap;

use std::{path::PathBuf, sync::Arc, time::Duration};

use keydesk_controller::Controller;
use keydesk_feed::Readiness;
use keydesk_process::{
    AuditFile, Bounds, Health, LogArgs, Registry, Stop, init_log, probe_router, register_vitals,
    until_drained,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::{
    audit_log::AuditLog,
    lease::{LEASE, LeaseArgs},
    listen::{Listen, listen},
    metrics::MetricsArgs,
    webhook::WebhookArgs,
    zap::ZapArgs,
};
use crate::{cluster::counted_cluster, exit::Failure, fetching::FetchArgs, requests::Requests};

/// How long writes under way may take once the end was asked for. Of the ten seconds that upstream's Deployment grants, the
/// rest is for letting go of the lease.
const FINISH: Duration = Duration::from_secs(6);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Kubeconfig of the cluster [default: $KUBECONFIG, ~/.kube/config, or the pod's own identity]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Address for the probes /healthz, /livez and /readyz, plain HTTP (0 for none)
    #[arg(long, value_name = "ADDR", default_value = ":8081")]
    health_probe_bind_address: Listen,

    /// Where each decision that is honoured, refused, superseded, expired or rotated leaves a line of JSON: a file to append to, or
    /// - for standard output [default: the log]
    #[arg(long, value_name = "FILE")]
    audit_log: Option<AuditLog>,

    #[command(flatten)]
    fetch: FetchArgs,

    #[command(flatten)]
    lease: LeaseArgs,

    #[command(flatten)]
    metrics: MetricsArgs,

    #[command(flatten)]
    webhook: WebhookArgs,

    #[command(flatten)]
    zap: ZapArgs,
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        kubeconfig,
        health_probe_bind_address,
        fetch,
        audit_log,
        lease,
        metrics,
        webhook,
        zap,
    } = args;
    let audit = audit_log.as_ref().map(AuditLog::open).transpose()?;
    let audited = audit.as_ref().map(AuditFile::records);
    init_log(&zap.over(log), audit)?;
    webhook.ignore();
    let stop = Stop::on_signals().map_err(|error| Failure::fault(&error))?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        os = std::env::consts::OS,
        arch = std::env::consts::ARCH,
        "keydesk controller {}",
        env!("CARGO_PKG_VERSION")
    );
    let requests = Requests::default();
    let client = counted_cluster(kubeconfig, requests.clone()).await?;
    let readiness = Readiness::of(&keydesk_controller::KINDS);
    let mut ports = JoinSet::new();
    serve_probes(
        health_probe_bind_address,
        health(&readiness),
        &stop.drain,
        &mut ports,
    )
    .await?;
    let metrics = metrics.prepare().await?;

    let mut controller = Controller::new(client.clone(), fetch.settings(), readiness);
    let mut registry = Registry::default();
    register_vitals(&mut registry);
    requests.register(&mut registry);
    controller.register_metrics(&mut registry);
    if let Some(records) = audited {
        records.register(registry.sub_registry_with_prefix("devportal"));
    }
    // The lease is held until nothing is written any more.
    let written = CancellationToken::new();
    let mut elected = JoinSet::new();
    if let Some(election) = lease.election(&client) {
        election.lead().register_metrics(LEASE, &mut registry);
        controller = controller.in_turn(election.lead());
        elected.spawn(election.run(written.clone()));
    }
    if let Some(metrics) = metrics {
        ports.spawn(metrics.serve(Arc::new(registry), client, stop.drain.clone()));
    }
    let running = Box::pin(controller.run(stop.drain.clone()));
    let ended = until_drained(running, &stop, FINISH).await;
    written.cancel();
    elected.join_all().await;
    stop.drain.cancel();
    ports.join_all().await;
    ended
        .map_err(|forced| Failure::fault(&forced))?
        .map_err(|error| Failure::fault(&error))
}

/// Ready once everything is known that the cluster has. Whose turn it is to write is no question of health.
fn health(readiness: &Readiness) -> Health {
    let readiness = readiness.clone();
    Health::default().with_remark("feed", move || {
        readiness.check()?;
        let absent = keydesk_controller::absent(&readiness);
        Ok(if absent.is_empty() {
            String::new()
        } else {
            format!("this cluster has no {}", absent.join(", "))
        })
    })
}

async fn serve_probes(
    address: Listen,
    health: Health,
    shutdown: &CancellationToken,
    ports: &mut JoinSet<()>,
) -> Result<(), Failure> {
    const FLAG: &str = "--health-probe-bind-address";
    let Some(listener) = listen(FLAG, address).await? else {
        return Ok(());
    };
    let address = listener.local_addr().map_err(|error| Failure::fault(&error))?;
    tracing::info!(%address, "{FLAG}: listening on {address}");
    let shutdown = shutdown.clone().cancelled_owned();
    ports.spawn(keydesk_process::serve(
        probe_router(health),
        listener,
        None,
        Bounds::default(),
        shutdown,
    ));
    Ok(())
}
