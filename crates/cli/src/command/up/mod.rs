//! `keydesk up`: everything in one process, for one machine.
//!
//! The parts talk to the API server in process, each under an identity of its own with the rights that it would have on a
//! cluster; people talk to it over TLS, with the tokens of the kubeconfig.

mod banner;
mod front;
mod parts;
mod usable;

use std::{net::SocketAddr, sync::Arc};

use keydesk_api::rbac;
use keydesk_apiserver::{ApiServer, User};
use keydesk_controller::{Controller, RunError, local_gateway};
use keydesk_feed::Readiness;
use keydesk_gate::{Follower, Gate};
use keydesk_process::{AdminArgs, AuditRecords, Health, LogArgs, Registry, Stop, bind, serve_admin};
use kube::Client;
use tokio::net::TcpListener;

use self::{
    front::Front,
    parts::{Ended, Parts},
};
use super::answer;
use crate::{
    exit::Failure,
    fetching::FetchArgs,
    gating::{GateArgs, Gating},
    home::{ADMIN, DEMO, DataDir, Person},
    install::{self, InstallError},
    serve::{ServerArgs, Serving, open_home, serve},
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
    let gate_listeners = gate.bind().await?;
    let front = if demo {
        Some(Front::prepare(front_door_listen).await?)
    } else {
        None
    };
    let (home, audited) = open_home(data_dir, &log)?;
    let gating = Gating::prepare(gate, gate_listeners, &home.path("gate"))?;
    let kit = Kit {
        admin_listener,
        gating,
        front,
        fetch,
        audited,
    };
    let serving = serve(&home, listener, &people, stop.drain.clone()).await?;
    let mut parts = Parts::new(stop);
    let begun = begin(kit, &home, &people, &serving, &mut parts).await;
    parts.finish(begun, serving.finish()).await
}

/// Installs what there must be, starts the parts, and says so when they are ready.
async fn begin(
    kit: Kit,
    home: &DataDir,
    people: &[Person],
    serving: &Serving<'_>,
    parts: &mut Parts,
) -> Ended {
    let (addresses, door) = (kit.addresses()?, kit.door());
    let admin = client(&serving.server, User::admin());
    install::base(&admin, roles(&gateway())).await?;
    if let Some(door) = door {
        install_demo_once(home, &admin, door).await?;
    }
    let Started {
        readiness,
        gate,
        follower,
    } = kit.start(&serving.server, parts);
    let opening = async {
        // Both who decide on keys and who decides on calls know the cluster.
        tokio::join!(readiness.ready(), follower.ready());
        serving.announce(people, &addresses)?;
        let kubeconfig = home.path("kubeconfig");
        answer(|out| banner::print(out, &kubeconfig, serving.address, people, door))
    };
    parts.open(opening).await?;
    if let Some(door) = door {
        let tell = usable::tell(gate, follower, door);
        let told = parts.stop.drain.clone().run_until_cancelled_owned(tell);
        parts.spawn(async {
            told.await;
            Ok(())
        });
    }
    Ok(())
}

/// What the parts are made of, before any of them runs.
struct Kit {
    admin_listener: TcpListener,
    gating: Gating,
    front: Option<Front>,
    fetch: FetchArgs,
    audited: AuditRecords,
}

/// What is asked of parts that run.
struct Started {
    readiness: Readiness,
    gate: Arc<Gate>,
    follower: Follower,
}

impl Kit {
    /// Where the front door is.
    fn door(&self) -> Option<SocketAddr> {
        self.front.as_ref().map(|front| front.address)
    }

    /// The flags of the listeners, and where those are.
    fn addresses(&self) -> Result<Vec<(&'static str, SocketAddr)>, Failure> {
        let admin_address = self
            .admin_listener
            .local_addr()
            .map_err(|error| Failure::fault(&error))?;
        let mut addresses = vec![("admin-listen", admin_address)];
        addresses.extend(self.gating.addresses()?);
        addresses.extend(self.door().map(|door| ("front-door-listen", door)));
        Ok(addresses)
    }

    /// Starts the parts, each with the rights of its own account.
    fn start(self, server: &ApiServer, parts: &mut Parts) -> Started {
        let door = self.door();
        let Self {
            admin_listener,
            gating,
            front,
            fetch,
            audited,
        } = self;
        let stop = parts.stop.clone();
        let account = |name| client(server, User::service_account(rbac::NAMESPACE, name));
        let readiness = Readiness::of(&keydesk_controller::KINDS);
        let posted = gating.on(&account(rbac::GATE_ACCOUNT));
        let (gate, follower) = (posted.gate(), posted.follower.clone());
        let mut registry = Registry::default();
        gate.register_metrics(&mut registry);
        let (checks, gate_checks) = (readiness.clone(), follower.clone());
        let health = Health::default()
            .with("feed", move || checks.check())
            .with("gate", move || gate_checks.check());
        let controller = Controller::new(
            account(rbac::SERVICE_ACCOUNT),
            // The demo's documents are behind the front door.
            fetch.and_allow(door).settings(),
            readiness.clone(),
        );
        controller.register_metrics(&mut registry);
        audited.register(registry.sub_registry_with_prefix("devportal"));
        let controller = controller.run(stop.drain.clone());
        let gateway = local_gateway::run(client(server, gateway()), stop.drain.clone());
        let admin_port = serve_admin(admin_listener, health, Arc::new(registry), stop.drain.clone());

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
        parts.spawn(posted.run(stop));
        Started {
            readiness,
            gate,
            follower,
        }
    }
}

/// Who the local gateway is.
fn gateway() -> User {
    User::service_account(rbac::NAMESPACE, "local-gateway")
}

fn client(server: &ApiServer, user: User) -> Client {
    Client::new(server.as_user(user), "default")
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
