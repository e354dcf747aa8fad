//! `keydesk up`: everything in one process, for one machine.
//!
//! The parts talk to the API server in process, each under an identity of its own with the rights that it would have on a
//! cluster; people talk to it over TLS, with the tokens of the kubeconfig.

mod banner;
mod front;
mod usable;

use std::{net::SocketAddr, sync::Arc};

use keydesk_api::rbac;
use keydesk_apiserver::User;
use keydesk_controller::{Controller, RunError, local_gateway};
use keydesk_feed::Readiness;
use keydesk_gate::Follower;
use keydesk_process::{AdminArgs, Health, LogArgs, Registry, Stop, bind, serve_admin, until_drained};
use kube::Client;
use tokio::task::JoinSet;

use self::front::Front;
use super::{DRAIN, answer};
use crate::{
    exit::Failure,
    fetching::FetchArgs,
    gating::{GateArgs, Gating},
    home::{ADMIN, DEMO, DataDir, Person},
    install::{self, InstallError},
    serve::{ServerArgs, open_home, serve},
};

/// Says that the demo was installed. What people make of it afterwards is theirs, also that they deleted it.
const INSTALLED: &str = "installed.json";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    admin: AdminArgs,

    #[command(flatten)]
    gate: GateArgs,

    /// Add demo people with their rights, two API products to ask keys for, and the APIs themselves behind a front door
    #[arg(long)]
    demo: bool,

    /// Address of the front door, plain HTTP: a small reverse proxy that asks the gate, with --demo (port 0 takes a free
    /// one)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    front_door_listen: SocketAddr,

    #[command(flatten)]
    fetch: FetchArgs,
}

/// Who has a context in the kubeconfig.
fn people(demo: bool) -> Vec<Person> {
    let others = if demo { &DEMO[..] } else { &[] };
    [ADMIN].into_iter().chain(others.iter().copied()).collect()
}

/// The roles of the parts that no cluster has: the local gateway and the gate.
fn roles(gateway: &User) -> Vec<serde_json::Value> {
    let gate = rbac::gate(rbac::NAMESPACE).into_iter();
    let mut roles = local_gateway::role_objects(&gateway.name);
    roles.extend(gate.map(|manifest| manifest.object));
    roles
}

/// Waits until both who decide on keys and who decides on calls know the cluster.
async fn ready(controller: &Readiness, gate: &Follower) {
    tokio::join!(controller.ready(), gate.ready());
}

/// What one of the parts ended with.
type Ended = Result<(), Failure>;

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        server: ServerArgs { data_dir, listen },
        admin: AdminArgs { admin_listen },
        gate,
        demo,
        front_door_listen,
        fetch,
    } = args;
    let stop = Stop::on_signals().map_err(|error| Failure::fault(&error))?;
    let people = people(demo);
    // What fails here leaves no file behind.
    let listener = bind("--listen", listen).await?;
    let admin_listener = bind("--admin-listen", admin_listen).await?;
    let admin_address = admin_listener
        .local_addr()
        .map_err(|error| Failure::fault(&error))?;
    let gate_listeners = gate.bind().await?;
    let front = if demo {
        Some(Front::prepare(front_door_listen).await?)
    } else {
        None
    };
    let (home, audited) = open_home(data_dir, &log)?;
    let gating = Gating::prepare(gate, gate_listeners, &home.path("gate"))?;
    let door = front.as_ref().map(|front| front.address);
    let mut listeners = vec![("admin-listen", admin_address)];
    listeners.extend(gating.addresses()?);
    listeners.extend(door.map(|door| ("front-door-listen", door)));
    let serving = serve(&home, listener, &people, stop.drain.clone()).await?;

    let client = |user: User| Client::new(serving.server.as_user(user), "default");
    let gateway = User::service_account(rbac::NAMESPACE, "local-gateway");
    let admin = client(User::admin());
    install::base(&admin, roles(&gateway)).await?;
    if let Some(door) = door {
        install_demo_once(&home, &admin, door).await?;
    }

    let readiness = Readiness::of(&keydesk_controller::KINDS);
    let posted = gating.on(&client(User::service_account(
        rbac::NAMESPACE,
        rbac::GATE_ACCOUNT,
    )));
    let (gate, follower) = (posted.gate(), posted.follower.clone());
    let mut registry = Registry::default();
    gate.register_metrics(&mut registry);
    let (checks, gate_checks) = (readiness.clone(), follower.clone());
    let health = Health::default()
        .with("feed", move || checks.check())
        .with("gate", move || gate_checks.check());
    let controller = Controller::new(
        client(User::service_account(rbac::NAMESPACE, rbac::SERVICE_ACCOUNT)),
        // The demo's documents are behind the front door.
        fetch.and_allow(door).settings(),
        readiness.clone(),
    );
    controller.register_metrics(&mut registry);
    audited.register(registry.sub_registry_with_prefix("devportal"));
    let controller = controller.run(stop.drain.clone());
    let gateway = local_gateway::run(client(gateway), stop.drain.clone());
    let admin_port = serve_admin(admin_listener, health, Arc::new(registry), stop.drain.clone());

    let mut parts: JoinSet<Ended> = JoinSet::new();
    parts.spawn(async { controller.await.map_err(|error: RunError| Failure::fault(&error)) });
    parts.spawn(async {
        gateway.await;
        Ok(())
    });
    parts.spawn(async {
        admin_port.await;
        Ok(())
    });
    if let Some(front) = front {
        let serve_front = front.run(Arc::clone(&gate), posted.http.clone(), stop.drain.clone());
        parts.spawn(async {
            serve_front.await;
            Ok(())
        });
    }
    parts.spawn(posted.run(stop.clone()));

    tokio::select! {
        () = ready(&readiness, &follower) => {
            serving.announce(&people, &listeners)?;
            let kubeconfig = home.path("kubeconfig");
            answer(|out| banner::print(out, &kubeconfig, serving.address, &people, door))?;
            if let Some(door) = door {
                let told = usable::tell(gate, follower, door);
                tokio::spawn(stop.drain.clone().run_until_cancelled_owned(told));
            }
        }
        () = stop.drain.cancelled() => {}
        Some(ended) = parts.join_next() => outcome(ended)?,
    }

    let work = async {
        while let Some(ended) = parts.join_next().await {
            outcome(ended)?;
            // A part that ends before it is asked to leaves nothing worth keeping up.
            stop.drain.cancel();
        }
        // Only now: the others were still writing.
        serving.finish().await
    };
    until_drained(work, &stop, DRAIN)
        .await
        .map_err(|forced| Failure::fault(&forced))?
}

fn outcome(ended: Result<Ended, tokio::task::JoinError>) -> Ended {
    ended.map_err(|error| Failure::fault(&error))?
}

async fn install_demo_once(home: &DataDir, admin: &Client, door: SocketAddr) -> Result<(), Failure> {
    if home.read(INSTALLED)?.is_none() {
        install::demo(admin, door).await?;
        home.write(INSTALLED, "{\"demo\": true}\n")?;
    }
    Ok(())
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Self {
        Self::fault(&error)
    }
}
