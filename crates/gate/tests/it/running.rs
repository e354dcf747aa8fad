//! A gate that runs: on sockets of its own, put together as the binary puts it together.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keydesk_core::NamespacedName;
use keydesk_feed::Pulse;
use keydesk_gate::reviewer::Reviewer;
use keydesk_gate::{Follower, Gate, Http, Scope as GateScope, Settings, grpc};
use keydesk_process::{Bounds, Registry, serve};
use keydesk_quota::{Counters, Ledger, Scope, Store, keep};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::ask::Asking;

/// What the flags of the gate say.
pub(crate) struct Setup {
    /// `--limit-scope`
    pub(crate) limit_scope: Scope,
    /// `--accept-unmanaged-keys`
    pub(crate) unmanaged_keys: bool,
    /// `--gateway`
    pub(crate) gateways: Vec<NamespacedName>,
    /// `--trusted-peers`
    pub(crate) trusted_peers: Vec<String>,
    /// `--data-dir`; nothing is kept without it.
    pub(crate) directory: Option<PathBuf>,
    /// `--max-stale`
    pub(crate) max_stale: Duration,
    /// The client that asks who may verify, if it is not the one that follows the cluster.
    pub(crate) reviewing: Option<kube::Client>,
    /// By what it hears its cluster.
    pub(crate) pulse: Pulse,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            limit_scope: Scope::Key,
            unmanaged_keys: false,
            gateways: Vec::new(),
            trusted_peers: vec!["127.0.0.0/8".to_owned()],
            directory: None,
            max_stale: Duration::from_hours(1),
            reviewing: None,
            pulse: Pulse::default(),
        }
    }
}

/// A gate that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) gate: Arc<Gate>,
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) asking: Asking,
    pub(crate) follower: Follower,
    registry: Registry,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Starts a gate and waits until it decides.
    pub(crate) async fn start(client: &kube::Client, setup: Setup) -> Self {
        let running = Self::begin(client, setup).await;
        running.knows().await;
        running
    }

    /// Waits until it decides.
    pub(crate) async fn knows(&self) {
        tokio::time::timeout(Duration::from_mins(1), self.follower.ready())
            .await
            .expect("the gate gets to know its world");
    }

    /// Starts a gate, which may not know its world for a while.
    pub(crate) async fn begin(client: &kube::Client, setup: Setup) -> Self {
        let Setup {
            limit_scope,
            unmanaged_keys,
            gateways,
            trusted_peers,
            directory,
            max_stale,
            reviewing,
            pulse,
        } = setup;
        let ledger = directory.map(|directory| Ledger::open(&directory).unwrap());
        let counters = ledger
            .as_ref()
            .map(|ledger| ledger.load(jiff::Timestamp::now()).unwrap());
        let counters = Arc::new(counters.unwrap_or_else(Counters::kept));
        let gate = Arc::new(Gate::new(Store::Memory(Arc::clone(&counters)), limit_scope));
        let mut registry = Registry::default();
        gate.register_metrics(&mut registry);
        let settings = Settings {
            scope: GateScope {
                unmanaged_keys,
                gateways,
            },
            max_stale,
        };
        let follower = Follower::new(Arc::clone(&gate), client.clone(), settings).with_pulse(pulse);
        let router = Http::new(
            Arc::clone(&gate),
            Arc::clone(&follower.catalog),
            Reviewer::new(reviewing.unwrap_or_else(|| client.clone())),
            trusted_peers
                .iter()
                .map(|network| network.parse().unwrap())
                .collect(),
        )
        .router();
        let [http_listener, grpc_listener] = [listen().await, listen().await];
        let [http, grpc_address] =
            [&http_listener, &grpc_listener].map(|listener| listener.local_addr().unwrap());
        let grpc_router = grpc(Arc::clone(&gate));
        let shutdown = CancellationToken::new();
        let known = follower.clone();
        let task = tokio::spawn({
            let shutdown = shutdown.clone();
            async move {
                let answered = CancellationToken::new();
                let until = || shutdown.clone().cancelled_owned();
                let answer = async {
                    tokio::join!(
                        serve(router, http_listener, None, bounds(), until()),
                        serve(grpc_router, grpc_listener, None, bounds(), until()),
                    );
                    answered.cancel();
                };
                let count = async {
                    if let Some(ledger) = ledger {
                        let every = Duration::from_millis(500);
                        let end = answered.clone().cancelled_owned();
                        keep(Arc::new(ledger), counters, every, end, |saved| {
                            saved.as_ref().unwrap();
                        })
                        .await
                        .unwrap();
                    }
                };
                let ((), (), end) = tokio::join!(answer, count, follower.run(shutdown.clone()));
                end.unwrap();
            }
        });
        Self {
            gate,
            http,
            grpc: grpc_address,
            asking: Asking::of(http, grpc_address),
            follower: known,
            registry,
            shutdown,
            task,
        }
    }

    /// Stops it in order, and waits until what it counted is kept.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        (&mut self.task).await.expect("the gate ends in order");
    }

    /// What it says about itself to whoever watches it.
    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.task.abort();
    }
}

/// Those of the binary, but for a shorter wait for headers, which a check waits out.
fn bounds() -> Bounds {
    Bounds {
        header_timeout: Duration::from_secs(2),
        ..Bounds::default()
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}
