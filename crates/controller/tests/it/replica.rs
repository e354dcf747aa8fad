//! One of several controllers on a stage: it can be killed, cut off from its API server, or ended in order.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use keydesk_controller::{Controller, KINDS};
use keydesk_feed::Readiness;
use keydesk_process::Registry;
use keydesk_process::lease::{Election, Lead, Pace};
use keydesk_testkit::{CONTROLLER_NAMESPACE, manifests};
use kube::api::DeleteParams;
use kube::client::Body;
use kube::{Api, Client};
use prometheus_client::encoding::text::encode;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::{BoxError, service_fn};

use crate::stage::{Stage, settings};

/// The Lease of upstream's controller.
pub(crate) const LEASE: &str = "6dd6d79d.kuadrant.io";

/// Fast enough for a test, slow enough for a busy machine.
pub(crate) const PACE: Pace = Pace {
    lease: Duration::from_secs(4),
    renew_deadline: Duration::from_secs(3),
    retry: Duration::from_millis(200),
};

/// A controller that takes part in the election.
pub(crate) struct Replica {
    pub(crate) identity: String,
    pub(crate) lead: Lead,
    pub(crate) readiness: Readiness,
    registry: Registry,
    wire: Wire,
    shutdown: CancellationToken,
    written: CancellationToken,
    controller: JoinHandle<()>,
    election: JoinHandle<()>,
}

/// What goes over the wire of one replica.
#[derive(Clone, Default)]
struct Wire {
    is_cut: Arc<AtomicBool>,
    /// Writes but for those to Leases.
    writes: Arc<AtomicUsize>,
}

impl Wire {
    fn through(&self, client: Client) -> Client {
        let wire = self.clone();
        let namespace = client.default_namespace().to_owned();
        let service = service_fn(move |request: http::Request<Body>| {
            let (client, wire) = (client.clone(), wire.clone());
            async move {
                if wire.is_cut.load(Ordering::SeqCst) {
                    pending::<()>().await;
                }
                if !request.method().is_safe() && !request.uri().path().contains("/leases") {
                    wire.writes.fetch_add(1, Ordering::SeqCst);
                }
                client.send(request).await.map_err(BoxError::from)
            }
        });
        Client::new(service, namespace)
    }
}

impl Replica {
    /// Starts one, as the controller's service account.
    pub(crate) fn start(stage: &Stage, identity: &str) -> Self {
        let wire = Wire::default();
        let client = wire.through(stage.world.controller().client());
        let readiness = Readiness::of(&KINDS);
        let election = Election::new(
            client.clone(),
            CONTROLLER_NAMESPACE,
            LEASE,
            identity.to_owned(),
            PACE,
        );
        let lead = election.lead();
        let controller = Controller::new(client, settings(), readiness.clone()).in_turn(lead.clone());
        let mut registry = Registry::default();
        controller.register_metrics(&mut registry);
        lead.register_metrics(LEASE, &mut registry);
        let (shutdown, written) = (CancellationToken::new(), CancellationToken::new());
        let run = controller.run(shutdown.clone());
        Self {
            identity: identity.to_owned(),
            lead,
            readiness,
            registry,
            wire,
            controller: tokio::spawn(async move { run.await.unwrap() }),
            election: tokio::spawn(election.run(written.clone())),
            shutdown,
            written,
        }
    }

    /// Starts one and waits for its turn.
    pub(crate) async fn leading(stage: &Stage, identity: &str) -> Self {
        let replica = Self::start(stage, identity);
        replica.turn().await;
        replica
    }

    /// Waits for its turn.
    pub(crate) async fn turn(&self) {
        tokio::time::timeout(Duration::from_secs(30), self.lead.begun())
            .await
            .unwrap_or_else(|_| panic!("{} never leads", self.identity));
    }

    /// How often it wrote anything but a Lease.
    pub(crate) fn writes(&self) -> usize {
        self.wire.writes.load(Ordering::SeqCst)
    }

    /// Whether this line is among what is scraped.
    pub(crate) fn says(&self, line: &str) -> bool {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text.lines().any(|each| each == line)
    }

    /// From now on nothing that it sends arrives.
    pub(crate) fn cut_off(&self) {
        self.wire.is_cut.store(true, Ordering::SeqCst);
    }

    /// What it sends arrives again; what it sent meanwhile never does.
    pub(crate) fn reconnect(&self) {
        self.wire.is_cut.store(false, Ordering::SeqCst);
    }

    /// It is gone, without a word to anybody.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// It ends in order.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        (&mut self.controller).await.unwrap();
        self.written.cancel();
        (&mut self.election).await.unwrap();
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.cut_off();
        self.controller.abort();
        self.election.abort();
        self.shutdown.cancel();
    }
}

/// The Leases of the controller's namespace, as somebody who may do everything sees them.
pub(crate) fn leases(stage: &Stage) -> Api<Lease> {
    Api::namespaced(stage.admin.client(), CONTROLLER_NAMESPACE)
}

/// A stage without a controller, where one may take part in an election: with the roles as they are shipped.
pub(crate) async fn stage_for_replicas() -> Stage {
    let stage = Stage::quiet().await;
    stage.world.namespace(CONTROLLER_NAMESPACE).await;
    // On a cluster that tests share, an earlier one may have left it.
    let _ = leases(&stage).delete(LEASE, &DeleteParams::default()).await;
    for mut object in manifests::folder("config/rbac") {
        let name = object["metadata"]["name"].as_str().unwrap();
        if !name.starts_with("leader-election-") {
            continue;
        }
        object["metadata"]["namespace"] = CONTROLLER_NAMESPACE.into();
        if object["subjects"].is_array() {
            object["subjects"][0]["namespace"] = CONTROLLER_NAMESPACE.into();
        }
        stage.admin.put(&object).await.unwrap();
    }
    stage
}
