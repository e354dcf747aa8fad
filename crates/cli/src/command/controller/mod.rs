//! `keydesk controller`: the controller on a cluster, in the place and with the flags of upstream's.

mod audit_log;
mod listen;
mod zap;

use std::{path::PathBuf, sync::Arc};

use ipnet::IpNet;
use keydesk_controller::Settings;
use keydesk_feed::Readiness;
use keydesk_process::{
    Health, ListenError, LogArgs, Registry, Stop, bind, init_log, serve_admin, until_drained,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::{audit_log::AuditLog, listen::Listen, zap::ZapArgs};
use super::DRAIN;
use crate::{cluster::cluster, exit::Failure, settings::openapi_spec_max_size};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Kubeconfig of the cluster [default: $KUBECONFIG, ~/.kube/config, or the pod's own identity]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Address for the probes /healthz, /livez and /readyz, plain HTTP (0 for none)
    #[arg(long, value_name = "ADDR", default_value = ":8081")]
    health_probe_bind_address: Listen,

    /// A range that OpenAPI and OpenID documents may be fetched from although it is otherwise refused, such as
    /// 127.0.0.0/8 (may be repeated)
    #[arg(long, value_name = "CIDR")]
    fetch_allow: Vec<IpNet>,

    /// Where each decision that is honoured, refused, superseded or expired leaves a line of JSON: a file to append to, or
    /// - for standard output [default: the log]
    #[arg(long, value_name = "FILE")]
    audit_log: Option<AuditLog>,

    #[command(flatten)]
    upstream: UpstreamArgs,

    #[command(flatten)]
    zap: ZapArgs,
}

/// Flags of upstream's controller whose subject is not there yet, or not needed. They are taken so that its Deployments
/// work unchanged; what one of them asks for and does not get is logged.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Compatibility")]
struct UpstreamArgs {
    /// Accepted; there is no leader election yet: run one replica
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    leader_elect: bool,

    /// Address for metrics, plain HTTP with --metrics-secure=false; https is not there yet (0 for none)
    #[arg(long, value_name = "ADDR", default_value = "0")]
    metrics_bind_address: Listen,

    /// Serve metrics over https to whom the cluster permits it
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    metrics_secure: bool,

    /// Accepted, without effect
    #[arg(long, value_name = "DIR")]
    metrics_cert_path: Option<PathBuf>,

    /// Accepted, without effect
    #[arg(long, value_name = "FILE")]
    metrics_cert_name: Option<String>,

    /// Accepted, without effect
    #[arg(long, value_name = "FILE")]
    metrics_cert_key: Option<String>,

    /// Accepted, without effect: there are no webhooks
    #[arg(long, value_name = "DIR")]
    webhook_cert_path: Option<PathBuf>,

    /// Accepted, without effect: there are no webhooks
    #[arg(long, value_name = "FILE")]
    webhook_cert_name: Option<String>,

    /// Accepted, without effect: there are no webhooks
    #[arg(long, value_name = "FILE")]
    webhook_cert_key: Option<String>,

    /// Accepted, without effect
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    enable_http2: bool,
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        kubeconfig,
        health_probe_bind_address,
        fetch_allow,
        audit_log,
        upstream,
        zap,
    } = args;
    let audit = audit_log.as_ref().map(AuditLog::open).transpose()?;
    init_log(&zap.over(log), audit)?;
    let stop = Stop::on_signals().map_err(|error| Failure::fault(&error))?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        os = std::env::consts::OS,
        arch = std::env::consts::ARCH,
        "keydesk controller {}",
        env!("CARGO_PKG_VERSION")
    );
    let client = cluster(kubeconfig).await?;

    let readiness = Readiness::of(&keydesk_controller::KINDS);
    let checks = readiness.clone();
    let health = Health::default().with("feed", move || checks.check());
    let registry = Arc::new(Registry::default());
    let mut ports = JoinSet::new();
    serve(
        "--health-probe-bind-address",
        health_probe_bind_address,
        &health,
        &registry,
        &stop.drain,
        &mut ports,
    )
    .await?;
    if let Some(address) = metrics_address(&upstream) {
        serve(
            "--metrics-bind-address",
            address,
            &health,
            &registry,
            &stop.drain,
            &mut ports,
        )
        .await?;
    }

    let settings = Settings {
        openapi_spec_max_size: openapi_spec_max_size(),
        fetch_allow,
        ..Settings::default()
    };
    let controller = keydesk_controller::run(client, settings, readiness, stop.drain.clone());
    let ended = until_drained(controller, &stop, DRAIN)
        .await
        .map_err(|forced| Failure::fault(&forced))?;
    stop.drain.cancel();
    ports.join_all().await;
    ended.map_err(|error| Failure::fault(&error))
}

/// Where to serve metrics; says what is asked for and cannot be had.
fn metrics_address(upstream: &UpstreamArgs) -> Option<Listen> {
    let UpstreamArgs {
        leader_elect,
        metrics_bind_address,
        metrics_secure,
        metrics_cert_path: _,
        metrics_cert_name: _,
        metrics_cert_key: _,
        webhook_cert_path: _,
        webhook_cert_name: _,
        webhook_cert_key: _,
        enable_http2: _,
    } = upstream;
    if *leader_elect {
        tracing::warn!("--leader-elect: there is no leader election yet; run one replica only");
    }
    if *metrics_secure && *metrics_bind_address != Listen::Off {
        tracing::warn!("--metrics-bind-address: metrics over https are not there yet; none are served");
        return None;
    }
    Some(*metrics_bind_address)
}

async fn serve(
    flag: &'static str,
    address: Listen,
    health: &Health,
    registry: &Arc<Registry>,
    shutdown: &CancellationToken,
    ports: &mut JoinSet<()>,
) -> Result<(), Failure> {
    let mut last = None;
    for address in address.candidates() {
        match bind(flag, address).await {
            Ok(listener) => {
                last = Some(Ok(listener));
                break;
            }
            Err(error @ ListenError::InUse { .. }) => return Err(error.into()),
            Err(error @ ListenError::Bind { .. }) => last = Some(Err(error)),
        }
    }
    let Some(listener) = last.transpose()? else {
        return Ok(());
    };
    let address = listener.local_addr().map_err(|error| Failure::fault(&error))?;
    tracing::info!(%address, "{flag}: listening on {address}");
    let serve = serve_admin(listener, health.clone(), registry.clone(), shutdown.clone());
    ports.spawn(async move {
        if let Err(error) = serve.await {
            tracing::error!(%error, "{flag}: stopped listening");
        }
    });
    Ok(())
}
