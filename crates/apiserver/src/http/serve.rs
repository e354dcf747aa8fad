//! The server on a socket: TLS, bounded in every direction, ending gracefully.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// Connections at a time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;
/// A client that does not finish its handshake in time has its place taken.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// As is one that does not finish its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of headers.
const MAX_HEADERS: u32 = 256 << 10;
/// Requests at a time on one connection: watches and their writes.
const MAX_STREAMS: u32 = 256;
/// How long requests under way may take once the end has come.
const DRAIN: Duration = Duration::from_secs(5);

/// Serves `router` until `shutdown` is done; then finishes what is under way, for a while.
pub(crate) async fn serve_tls(
    router: axum::Router,
    listener: TcpListener,
    tls: ServerConfig,
    shutdown: impl Future<Output = ()>,
) {
    let mut tls = tls;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = Arc::new(GracefulShutdown::new());
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut shutdown => break,
        };
        let Some((stream, place)) = accepted else { continue };
        let (acceptor, router, watcher) = (acceptor.clone(), router.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _place = place;
            // Clients that go away, or never meant well, are no news.
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await
            else {
                return;
            };
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder
                .http1()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .max_buf_size(MAX_HEADERS as usize);
            builder
                .http2()
                .timer(TokioTimer::new())
                .max_header_list_size(MAX_HEADERS)
                .max_concurrent_streams(MAX_STREAMS)
                .keep_alive_interval(Duration::from_secs(30));
            let service = TowerToHyperService::new(router);
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            if let Err(error) = watcher.watch(connection.into_owned()).await {
                tracing::debug!("a connection broke off: {error}");
            }
        });
    }
    drop(listener);
    if let Ok(graceful) = Arc::try_unwrap(graceful)
        && tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err()
    {
        tracing::warn!("requests were still under way when the time to finish them was over");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::warn!("failed to accept a connection: {error}");
            // Most likely out of file descriptors: trying at once would only spin.
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
