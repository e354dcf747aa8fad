//! The admin port: `/livez`, `/readyz` and `/metrics`, plain HTTP, for probes and scrapers.
//!
//! `/healthz` is `/livez` under the name that upstream's Deployment probes.

use std::{fmt, io, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::{encoding::text::encode, registry::Registry};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

type Check = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What must hold before a process calls itself ready: named checks, asked each time somebody wants to know.
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<(&'static str, Check)>,
}

impl Health {
    /// Adds a check; it says in a few words what is missing.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        check: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push((name, Arc::new(check)));
        self
    }

    /// Whether every check holds, with one line for each, as Kubernetes' own servers print them.
    #[must_use]
    pub fn report(&self) -> (bool, String) {
        let mut ready = true;
        let mut lines = Vec::new();
        for (name, check) in &self.checks {
            lines.push(match check() {
                Ok(()) => format!("[+]{name} ok"),
                Err(missing) => {
                    ready = false;
                    format!("[-]{name} not ready: {missing}")
                }
            });
        }
        lines.push(format!(
            "readyz check {}\n",
            if ready { "passed" } else { "failed" }
        ));
        (ready, lines.join("\n"))
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.checks.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Serves the admin port until `shutdown`, then finishes the answers under way.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    health: Health,
    metrics: Arc<Registry>,
    shutdown: CancellationToken,
) -> io::Result<()> {
    axum::serve(listener, router(health, metrics))
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

fn router(health: Health, metrics: Arc<Registry>) -> Router {
    Router::new()
        .route("/livez", get(alive))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready).with_state(health))
        .route("/metrics", get(scrape).with_state(metrics))
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(health): State<Health>) -> (StatusCode, String) {
    let (ready, report) = health.report();
    (
        if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        },
        report,
    )
}

async fn scrape(State(metrics): State<Arc<Registry>>) -> Response {
    let mut text = String::new();
    match encode(&mut text, &metrics) {
        Ok(()) => (
            [(
                CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use prometheus_client::metrics::counter::Counter;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn get(address: std::net::SocketAddr, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn readiness_names_what_is_missing_and_follows_it() {
        let listed = Arc::new(AtomicBool::new(false));
        let seen = listed.clone();
        let health = Health::default().with("feed", move || {
            seen.load(Ordering::Relaxed)
                .then_some(())
                .ok_or_else(|| "apikeys not listed".to_owned())
        });
        let mut registry = Registry::default();
        let counter: Counter = Counter::default();
        registry.register("keys", "Keys seen", counter.clone());
        counter.inc();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve(listener, health, Arc::new(registry), shutdown.clone()));

        let early = get(address, "/readyz").await;
        assert!(early.starts_with("HTTP/1.1 503"), "{early}");
        assert!(early.contains("[-]feed not ready: apikeys not listed"), "{early}");
        listed.store(true, Ordering::Relaxed);
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/livez").await.ends_with("ok\n"));
        assert!(get(address, "/metrics").await.contains("keys_total 1"));

        shutdown.cancel();
        server.await.unwrap().unwrap();
    }
}
