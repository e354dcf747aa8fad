//! A router on a socket: TLS or plain, HTTP/1.1 and, unless it is unwanted, HTTP/2; bounded in every direction, ending
//! gracefully.
//!
//! Whatever listens to people or gateways is served by this one loop; gRPC too, whose routes are a router like any
//! other. It knows nothing of what is asked or answered.
//!
//! ```text
//!  accept ─▶ place ─▶ (TLS) ─▶ connection ─▶ Arriving ─▶ router
//!           semaphore          silence,      the whole
//!                              idleness      request in time
//! ```

mod activity;
mod arriving;
mod connection;
mod linger;
mod parting;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connection::converse;
pub use self::parting::parting;

/// How much of a server its clients may take.
///
/// What they can make it hold: over HTTP/1.1 [`header_bytes`](Self::header_bytes) for each of
/// [`connections`](Self::connections); over HTTP/2 that for each of [`streams`](Self::streams) of each connection, and
/// one MiB of data that nobody has read yet. What handlers keep of bodies is theirs to bound.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// From a connection's beginning to the end of its first request's headers.
    pub header_timeout: Duration,
    /// Bytes of headers of one request, at least 8 KiB; who sends more is answered 431. Over HTTP/1.1 there may also be
    /// no more than 100 of them.
    pub header_bytes: u32,
    /// Whether HTTP/2 is spoken, too.
    pub http2: bool,
    /// Requests at a time on one connection, over HTTP/2.
    pub streams: u32,
    /// From the end of a request's headers to the end of its body; who takes longer is answered 408. How long the answer
    /// takes is the handler's.
    pub request_timeout: Option<Duration>,
    /// How long a connection may stay between the end of one answer and the end of the next request's headers. Without
    /// it: `header_timeout` over HTTP/1.1, and over HTTP/2 for as long as the client answers pings.
    pub idle: Option<Duration>,
    /// How long requests under way may take once the end has come. For what is not yet a whole request by then nobody
    /// waits.
    pub drain: Duration,
    /// Whether answers are copied together and written at once. That saves writes where answers are small, above all
    /// over HTTP/2, where otherwise each of a few hundred bytes is a write of its own; where they are large, the copy
    /// costs time and memory.
    pub gathers: bool,
}

impl Default for Bounds {
    /// For small requests from gateways and programs, which like to keep their connections.
    fn default() -> Self {
        Self {
            connections: 1024,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(15),
            header_bytes: 64 << 10,
            http2: true,
            streams: 256,
            request_timeout: Some(Duration::from_secs(30)),
            // Longer than proxies keep idle connections to their upstreams, so that they are the ones who close.
            idle: Some(Duration::from_mins(5)),
            drain: Duration::from_secs(5),
            gathers: true,
        }
    }
}

/// Serves `router` until `shutdown` is done; then finishes what is under way, for a while. Dropping this cuts all
/// connections.
///
/// Handlers can tell who is at the other end: `ConnectInfo<SocketAddr>` is with every request.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    tls: Option<ServerConfig>,
    bounds: Bounds,
    shutdown: impl Future<Output = ()>,
) {
    let acceptor = tls.map(|mut tls| {
        let http2 = bounds.http2.then(|| b"h2".to_vec());
        tls.alpn_protocols = http2.into_iter().chain([b"http/1.1".to_vec()]).collect();
        TlsAcceptor::from(Arc::new(tls))
    });
    let bounds = Arc::new(bounds);
    let places = Arc::new(Semaphore::new(bounds.connections));
    let (draining, cut) = (CancellationToken::new(), CancellationToken::new());
    let _cut = cut.clone().drop_guard();
    let connections = TaskTracker::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut shutdown => break,
        };
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let welcome = Box::pin(welcome(
            stream,
            peer,
            acceptor.clone(),
            router.clone(),
            Arc::clone(&bounds),
            draining.clone(),
        ));
        let cut = cut.clone();
        connections.spawn(async move {
            let _place = place;
            cut.run_until_cancelled_owned(welcome).await;
        });
    }
    drop(listener);
    draining.cancel();
    connections.close();
    if tokio::time::timeout(bounds.drain, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!("requests were still under way when the time to finish them was over");
    }
}

/// From a stream to its end. Clients that go away, or never meant well, are no news.
async fn welcome(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    bounds: Arc<Bounds>,
    draining: CancellationToken,
) {
    // Answers are small, whole, and waited for. Where it fails, the connection is broken, and reading will say so.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => converse(stream, peer, router, &bounds, draining).await,
        Some(acceptor) => {
            let handshake = tokio::time::timeout(bounds.handshake_timeout, acceptor.accept(stream));
            if let Some(Ok(Ok(stream))) = draining.run_until_cancelled(handshake).await {
                converse(stream, peer, router, &bounds, draining).await;
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            tracing::warn!("failed to accept a connection: {error}");
            // Most likely out of file descriptors: trying at once would only spin.
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
