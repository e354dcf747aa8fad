//! The gate of a process: what `up` and `gate` have in common.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use ipnet::IpNet;
use keydesk_gate::{Follower, Gate, Http, Scope as GateScope, Settings, grpc, reviewer::Reviewer};
use keydesk_process::{Bounds, Stop, bind, parting, serve};
use keydesk_quota::{Counters, Ledger, LedgerError, Scope, Store, keep};
use kube::Client;
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::exit::Failure;

/// How often what was counted is written down. What a kill can take back is what was counted since.
const SAVE_EVERY: Duration = Duration::from_millis(500);

/// What a gateway's question over gRPC may be: Envoy lets 60 KiB of headers through, and they are the message here.
const GRPC_BOUNDS: (u32, usize) = (16 << 10, 256);

/// Where a gate listens, and by what it decides.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Gate")]
pub(crate) struct GateArgs {
    /// Address for forward-auth, verify and self, plain HTTP (port 0 takes a free one)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    gate_listen: SocketAddr,

    /// Address for the `ext_authz` of Envoy, gRPC (port 0 takes a free one)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:50051")]
    gate_grpc_listen: SocketAddr,

    /// Go on with the last known state for this long when the API server is gone, then refuse every call; 0 is for ever
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = time)]
    max_stale: Duration,

    /// Whose calls share a limit: those of a `key`, of a `consumer` (namespace and user) or of a `tier` (as stock
    /// Kuadrant counts)
    #[arg(long, value_name = "SCOPE", default_value_t = Scope::Key)]
    limit_scope: Scope,

    /// Accept keys from Secrets that Keydesk does not manage, wherever Authorino would (needs the right to read Secrets
    /// in all namespaces)
    #[arg(long)]
    accept_unmanaged_keys: bool,

    /// A gateway that this gate stands at, as NAMESPACE/NAME; routes of others are not known then (may be repeated)
    #[arg(long, value_name = "GATEWAY", value_parser = gateway)]
    gateway: Vec<keydesk_core::NamespacedName>,

    /// Networks of proxies that may describe a call in X-Forwarded-… and X-Original-… headers (may be repeated)
    #[arg(long, value_name = "CIDR", default_values = [
        "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
    ])]
    trusted_peers: Vec<IpNet>,
}

pub(crate) fn time(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let time: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write a time such as 30s, 15m or 1h, or 0".to_owned())?;
    Duration::try_from(time).map_err(|_| "a time is not negative".to_owned())
}

fn gateway(text: &str) -> Result<keydesk_core::NamespacedName, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(keydesk_core::NamespacedName::new(namespace, name))
        }
        Some(_) | None => Err("write NAMESPACE/NAME".to_owned()),
    }
}

/// A gate that has its addresses and its counters, and waits for a cluster.
pub(crate) struct Gating {
    gate: Arc<Gate>,
    http: TcpListener,
    grpc: TcpListener,
    counters: Arc<Counters>,
    ledger: Arc<Ledger>,
    settings: Settings,
    trusted: Vec<IpNet>,
}

/// Where a gate listens.
pub(crate) struct Listeners {
    http: TcpListener,
    grpc: TcpListener,
}

impl GateArgs {
    /// Takes the addresses.
    pub(crate) async fn bind(&self) -> Result<Listeners, Failure> {
        Ok(Listeners {
            http: bind("--gate-listen", self.gate_listen).await?,
            grpc: bind("--gate-grpc-listen", self.gate_grpc_listen).await?,
        })
    }
}

impl Gating {
    /// Takes the counters that are kept in `directory`.
    pub(crate) fn prepare(
        args: GateArgs,
        Listeners { http, grpc }: Listeners,
        directory: &Path,
    ) -> Result<Self, Failure> {
        let GateArgs {
            gate_listen: _,
            gate_grpc_listen: _,
            max_stale,
            limit_scope,
            accept_unmanaged_keys,
            gateway,
            trusted_peers,
        } = args;
        let ledger = Ledger::open(directory)?;
        let counters = Arc::new(ledger.load(jiff::Timestamp::now())?);
        Ok(Self {
            gate: Arc::new(Gate::new(Store::Memory(Arc::clone(&counters)), limit_scope)),
            http,
            grpc,
            counters,
            ledger: Arc::new(ledger),
            settings: Settings {
                scope: GateScope {
                    unmanaged_keys: accept_unmanaged_keys,
                    gateways: gateway,
                },
                max_stale,
            },
            trusted: trusted_peers,
        })
    }

    /// The flags of its listeners, and where those are.
    pub(crate) fn addresses(&self) -> Result<[(&'static str, SocketAddr); 2], Failure> {
        let address = |listener: &TcpListener| listener.local_addr().map_err(|error| Failure::fault(&error));
        Ok([
            ("gate-listen", address(&self.http)?),
            ("gate-grpc-listen", address(&self.grpc)?),
        ])
    }

    /// Puts the gate before a cluster, seen with the rights of `client`.
    pub(crate) fn on(self, client: &Client) -> Posted {
        let follower = Follower::new(Arc::clone(&self.gate), client.clone(), self.settings.clone());
        let http = Http::new(
            Arc::clone(&self.gate),
            Arc::clone(&follower.catalog),
            Reviewer::new(client.clone()),
            self.trusted.clone(),
        );
        Posted {
            follower,
            http,
            gating: self,
        }
    }
}

/// A gate before a cluster.
pub(crate) struct Posted {
    gating: Gating,
    pub(crate) follower: Follower,
    pub(crate) http: Http,
}

impl Posted {
    /// The gate itself.
    pub(crate) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gating.gate)
    }

    /// Answers and counts until it drains; what was counted is on disk when it is over. While it is leaving it decides by
    /// what happens in the cluster as ever.
    pub(crate) async fn run(self, stop: Stop) -> Result<(), Failure> {
        let Stop {
            leaving,
            drain: shutdown,
            force: _,
        } = stop;
        let Self {
            follower,
            http,
            gating:
                Gating {
                    gate,
                    http: http_listener,
                    grpc: grpc_listener,
                    counters,
                    ledger,
                    settings: _,
                    trusted: _,
                },
        } = self;
        // Counting ends after the last answer.
        let answered = CancellationToken::new();
        let (header_bytes, connections) = GRPC_BOUNDS;
        let grpc_bounds = Bounds {
            header_bytes,
            connections,
            ..Bounds::default()
        };
        let grpc_router = grpc(Arc::clone(&gate));
        let http_router = parting(http.router(), leaving);
        let answer = async {
            let until = || shutdown.clone().cancelled_owned();
            tokio::join!(
                serve(http_router, http_listener, None, Bounds::default(), until()),
                serve(grpc_router, grpc_listener, None, grpc_bounds, until()),
            );
            answered.cancel();
        };
        let mut saves = Saves::new(gate);
        let count = keep(
            ledger,
            counters,
            SAVE_EVERY,
            answered.clone().cancelled_owned(),
            move |saved| saves.tell(saved),
        );
        let follow = async {
            let ended = follower.run(shutdown.clone()).await;
            // Without news there is nothing to go by.
            shutdown.cancel();
            ended
        };
        let ((), counted, ended) = Box::pin(async { tokio::join!(answer, count, follow) }).await;
        ended.map_err(|error| Failure::fault(&error))?;
        counted.map_err(Failure::from)
    }
}

/// Tells of saves that fail: once when they begin to, once when they work again.
struct Saves {
    gate: Arc<Gate>,
    failing_since: Option<Instant>,
}

impl Saves {
    fn new(gate: Arc<Gate>) -> Self {
        Self {
            gate,
            failing_since: None,
        }
    }

    fn tell(&mut self, saved: &Result<usize, LedgerError>) {
        match (saved, self.failing_since) {
            (Ok(_), None) | (Err(_), Some(_)) => {}
            (Ok(_), Some(_)) => {
                tracing::info!("what is counted is written to disk again");
                self.failing_since = None;
            }
            (Err(error), None) => {
                tracing::error!(error = %keydesk_process::chain(error), "failed to write down what was counted: it goes on in memory, and is tried again");
                self.failing_since = Some(Instant::now());
            }
        }
        let unsaved = self.failing_since.map(|since| since.elapsed());
        self.gate.counters_unsaved_for(unsaved.unwrap_or_default());
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let hint = match &error {
            LedgerError::Locked { .. } => {
                "stop the other process, or choose another directory with --data-dir"
            }
            LedgerError::Corrupt { .. } => {
                "restore the file from a copy, or move it away: limits begin anew then, and keys are not touched"
            }
            LedgerError::Format { .. } => "run the release that wrote it, or move the file away",
            LedgerError::Open { .. } | LedgerError::Save { .. } => {
                "see that the directory is yours, and that the disk has room"
            }
            LedgerError::Finish(_) => return Self::fault(&error),
        };
        Self::fixable(&error, hint)
    }
}
