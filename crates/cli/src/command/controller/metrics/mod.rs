//! Where metrics are served, to whom, and over what.

mod certificate;
mod scraper;

use std::{path::PathBuf, sync::Arc};

use axum::{Router, middleware};
use keydesk_process::{Bounds, Registry, metrics_router, serve};
use kube::Client;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::{
    certificate::{Files, follow, self_signed, tls},
    scraper::{Scrapers, admit},
};
use super::listen::{Listen, listen};
use crate::exit::Failure;

const FLAG: &str = "--metrics-bind-address";

/// Scrapers are few.
const CONNECTIONS: usize = 64;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Metrics")]
pub(super) struct MetricsArgs {
    /// Address for metrics: https, or plain HTTP with --metrics-secure=false (0 for none)
    #[arg(long, value_name = "ADDR", default_value = "0")]
    metrics_bind_address: Listen,

    /// Serve metrics over https, to whom the cluster lets `get /metrics`
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    metrics_secure: bool,

    /// Directory with the certificate for metrics and its key; read again when they change [default: a certificate made
    /// at every start, which nobody can verify]
    #[arg(long, value_name = "DIR")]
    metrics_cert_path: Option<PathBuf>,

    /// The certificate in that directory
    #[arg(long, value_name = "FILE", default_value = "tls.crt")]
    metrics_cert_name: PathBuf,

    /// Its key in that directory
    #[arg(long, value_name = "FILE", default_value = "tls.key")]
    metrics_cert_key: PathBuf,

    /// Speak HTTP/2 for metrics, too
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    enable_http2: bool,
}

/// Metrics that have their address.
pub(super) struct Metrics {
    listener: TcpListener,
    secured: Option<Secured>,
    http2: bool,
}

struct Secured {
    tls: ServerConfig,
    /// The certificate is read again while this is polled.
    following: Option<certificate::Following>,
}

impl MetricsArgs {
    /// Takes the address, if metrics are wanted, and the certificate.
    pub(super) async fn prepare(self) -> Result<Option<Metrics>, Failure> {
        let Self {
            metrics_bind_address,
            metrics_secure,
            metrics_cert_path,
            metrics_cert_name,
            metrics_cert_key,
            enable_http2,
        } = self;
        let Some(listener) = listen(FLAG, metrics_bind_address).await? else {
            return Ok(None);
        };
        let files = metrics_cert_path.map(|directory| Files {
            certificate: directory.join(metrics_cert_name),
            key: directory.join(metrics_cert_key),
        });
        let secured = match (metrics_secure, files) {
            (false, _) => None,
            (true, None) => Some(Secured {
                tls: tls(self_signed()?)?,
                following: None,
            }),
            (true, Some(files)) => {
                let (certificate, following) = follow(files).await?;
                Some(Secured {
                    tls: tls(certificate)?,
                    following: Some(following),
                })
            }
        };
        Ok(Some(Metrics {
            listener,
            secured,
            http2: enable_http2,
        }))
    }
}

impl Metrics {
    /// Answers until `shutdown`. Who may ask is asked with `client`.
    pub(super) async fn serve(self, registry: Arc<Registry>, client: Client, shutdown: CancellationToken) {
        let Self {
            listener,
            secured,
            http2,
        } = self;
        let bounds = Bounds {
            connections: CONNECTIONS,
            http2,
            ..Bounds::default()
        };
        let mut router = metrics_router(registry);
        let (mut tls, mut following) = (None, None);
        if let Some(secured) = secured {
            router = guarded(router, client);
            (tls, following) = (Some(secured.tls), secured.following);
        }
        if let Ok(address) = listener.local_addr() {
            // Word for word what upstream logs, tab included: people wait for it.
            tracing::info!(
                target: "controller-runtime.metrics",
                bind_address = %address,
                secure = tls.is_some(),
                "controller-runtime.metrics\tServing metrics server"
            );
        }
        let follow = async {
            match following {
                Some(following) => following.run().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = serve(router, listener, tls, bounds, shutdown.cancelled_owned()) => {}
            () = follow => {}
        }
    }
}

/// Everything behind it is for whom the cluster permits it, also what is not there.
fn guarded(router: Router, client: Client) -> Router {
    router.layer(middleware::from_fn_with_state(Scrapers::new(client), admit))
}
