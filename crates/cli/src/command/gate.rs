//! `keydesk gate`: the gate alone, on any cluster.

use std::{path::PathBuf, sync::Arc, time::Duration};

use keydesk_process::{
    AdminArgs, Health, LogArgs, Registry, Stop, bind, init_log, serve_admin, until_drained,
};

use super::DRAIN;
use crate::{
    cluster::cluster,
    exit::Failure,
    gating::{GateArgs, Gating, time},
    home::DataDir,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Kubeconfig of the cluster [default: $KUBECONFIG, ~/.kube/config, or the pod's own identity]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Where it is kept what was used of each limit [default: `keydesk-gate` beside the data directory of `up`]
    #[arg(long, env = "KEYDESK_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Go on for this long after SIGTERM, unready, before new calls are turned away: gateways take a while to hear that a
    /// pod ends; 0 is not at all
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    shutdown_delay: Duration,

    #[command(flatten)]
    admin: AdminArgs,

    #[command(flatten)]
    gate: GateArgs,
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        kubeconfig,
        data_dir,
        shutdown_delay,
        admin: AdminArgs { admin_listen },
        gate,
    } = args;
    init_log(&log, None)?;
    let stop = Stop::on_signals_after(shutdown_delay).map_err(|error| Failure::fault(&error))?;
    let directory = match data_dir {
        Some(directory) => directory,
        // Not within the one of `up`: that has its own gate, with its own counts.
        None => DataDir::default_path()?.with_file_name("keydesk-gate"),
    };
    // What fails here leaves no file behind.
    let admin_listener = bind("--admin-listen", admin_listen).await?;
    let listeners = gate.bind().await?;
    let home = DataDir::open(&directory)?;
    let gating = Gating::prepare(gate, listeners, &home.path(""))?;
    let client = cluster(kubeconfig).await?;

    for (flag, address) in gating.addresses()? {
        tracing::info!(%address, "--{flag}: listening on {address}");
    }
    let posted = gating.on(&client);
    let mut registry = Registry::default();
    posted.gate().register_metrics(&mut registry);
    let (checks, known) = (posted.follower.clone(), posted.follower.clone());
    let leaving = stop.leaving.clone();
    let health = Health::default()
        .with("gate", move || checks.check())
        .with("shutdown", move || {
            if leaving.is_cancelled() {
                return Err("the end was asked for; calls are still decided for a while".to_owned());
            }
            Ok(())
        });
    let announce = async move {
        known.ready().await;
        tracing::info!("the cluster is known: calls are decided");
        std::future::pending::<()>().await;
    };
    let admin = serve_admin(admin_listener, health, Arc::new(registry), stop.drain.clone());
    let both = async {
        let ((), gate) = tokio::join!(admin, posted.run(stop.clone()));
        gate
    };
    let work = Box::pin(async {
        tokio::select! {
            ended = both => ended,
            () = announce => Ok(()),
        }
    });
    until_drained(work, &stop, DRAIN)
        .await
        .map_err(|forced| Failure::fault(&forced))?
}
