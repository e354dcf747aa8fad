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

/// A remark, or what is missing.
type Check = Arc<dyn Fn() -> Result<String, String> + Send + Sync>;

/// What must hold before a process calls itself ready: named checks, asked each time somebody wants to know.
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<(&'static str, Check)>,
}

impl Health {
    /// Adds a check; it says in a few words what is missing.
    #[must_use]
    pub fn with(
        self,
        name: &'static str,
        check: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.with_remark(name, move || check().map(|()| String::new()))
    }

    /// Adds a check that has something to say even if it holds.
    #[must_use]
    pub fn with_remark(
        mut self,
        name: &'static str,
        check: impl Fn() -> Result<String, String> + Send + Sync + 'static,
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
                Ok(remark) if remark.is_empty() => format!("[+]{name} ok"),
                Ok(remark) => format!("[+]{name} ok: {remark}"),
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
    probe_router(health).merge(metrics_router(metrics))
}

/// `/livez`, `/healthz` and `/readyz` alone.
pub fn probe_router(health: Health) -> Router {
    Router::new()
        .route("/livez", get(alive))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready).with_state(health))
}

/// `/metrics` alone.
pub fn metrics_router(metrics: Arc<Registry>) -> Router {
    Router::new().route("/metrics", get(scrape).with_state(metrics))
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
        let health = health.with_remark("kinds", || Ok("no routes".to_owned()));
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
        let ready = get(address, "/readyz").await;
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        assert!(ready.contains("[+]feed ok\n[+]kinds ok: no routes\n"), "{ready}");
        assert!(get(address, "/livez").await.ends_with("ok\n"));
        assert!(get(address, "/metrics").await.contains("keys_total 1"));

        shutdown.cancel();
        server.await.unwrap().unwrap();
    }
}
