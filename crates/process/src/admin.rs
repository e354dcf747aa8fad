//! The admin port: `/livez`, `/readyz` and `/metrics`, plain HTTP, for probes and scrapers.
//!
//! `/healthz` is `/livez` under the name that upstream's Deployment probes.

use std::{fmt, sync::Arc, time::Duration};

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

use crate::serve::{self, Bounds};

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
pub async fn serve(
    listener: TcpListener,
    health: Health,
    metrics: Arc<Registry>,
    shutdown: CancellationToken,
) {
    let (router, end) = (router(health, metrics), shutdown.cancelled_owned());
    serve::serve(router, listener, None, bounds(), end).await;
}

/// Whoever reaches the port may ask, so it takes little of the process: few probes and scrapers come, each asks a short
/// question, and connects anew when it comes again.
fn bounds() -> Bounds {
    Bounds {
        connections: 64,
        header_timeout: Duration::from_secs(5),
        header_bytes: 8 << 10,
        http2: false,
        request_timeout: Some(Duration::from_secs(5)),
        idle: Some(Duration::from_secs(10)),
        ..Bounds::default()
    }
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
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicBool, Ordering};

    use prometheus_client::metrics::counter::Counter;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use super::*;

    const AGES: Duration = Duration::from_secs(20);
    const MOMENT: Duration = Duration::from_millis(150);

    struct Port {
        address: SocketAddr,
        shutdown: CancellationToken,
        serving: JoinHandle<()>,
    }

    impl Port {
        async fn open(health: Health, registry: Registry) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let shutdown = CancellationToken::new();
            let serving = tokio::spawn(serve(listener, health, Arc::new(registry), shutdown.clone()));
            Self {
                address,
                shutdown,
                serving,
            }
        }

        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }

        async fn get(&self, path: &str) -> String {
            let mut stream = self.connect().await;
            let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }
    }

    /// Asks whether the process lives, on a connection that stays.
    async fn asks(stream: &mut TcpStream) {
        let request = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
    }

    /// Whether the answer comes within that time. It stays unread.
    async fn is_answered(stream: &mut TcpStream, within: Duration) -> bool {
        let mut heard = [0; 12];
        let peek = timeout(within, stream.peek(&mut heard)).await;
        peek.is_ok_and(|read| read.is_ok()) && heard == *b"HTTP/1.1 200"
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
        let port = Port::open(health, registry).await;

        let early = port.get("/readyz").await;
        assert!(early.starts_with("HTTP/1.1 503"), "{early}");
        assert!(early.contains("[-]feed not ready: apikeys not listed"), "{early}");
        listed.store(true, Ordering::Relaxed);
        let ready = port.get("/readyz").await;
        assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
        assert!(ready.contains("[+]feed ok\n[+]kinds ok: no routes\n"), "{ready}");
        assert!(port.get("/livez").await.ends_with("ok\n"));
        assert!(port.get("/metrics").await.contains("keys_total 1"));

        port.shutdown.cancel();
        port.serving.await.unwrap();
    }

    #[tokio::test]
    async fn half_a_request_does_not_keep_the_end_waiting() {
        let port = Port::open(Health::default(), Registry::default()).await;
        let mut half = port.connect().await;
        half.write_all(b"GET /liv").await.unwrap();
        // Only who comes after it has been let in is answered.
        port.get("/livez").await;

        port.shutdown.cancel();
        let ended = timeout(bounds().drain, port.serving).await;
        ended.expect("an end in time").unwrap();
    }

    #[tokio::test]
    async fn who_takes_all_places_takes_no_more_and_the_next_is_served_when_one_is_free() {
        let port = Port::open(Health::default(), Registry::default()).await;
        let mut inside = Vec::new();
        for _ in 0..bounds().connections {
            let mut stream = port.connect().await;
            asks(&mut stream).await;
            assert!(is_answered(&mut stream, AGES).await);
            inside.push(stream);
        }
        let mut outside = port.connect().await;
        asks(&mut outside).await;
        assert!(!is_answered(&mut outside, MOMENT).await, "no place yet");

        inside.pop();
        assert!(is_answered(&mut outside, AGES).await, "a place is free");
    }
}
