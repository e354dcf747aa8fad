//! The server on a socket: TLS, bounded in every direction, ending gracefully.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::map_request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

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
            converse(stream, router, watcher, HEADER_TIMEOUT).await;
        });
    }
    drop(listener);
    if let Ok(graceful) = Arc::try_unwrap(graceful)
        && tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err()
    {
        tracing::warn!("requests were still under way when the time to finish them was over");
    }
}

/// Answers what comes over one connection, if its first request comes within `patience`: whoever says nothing at all,
/// or not even which HTTP, holds a place that others need.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: axum::Router,
    watcher: Watcher,
    patience: Duration,
) {
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
    let begun = CancellationToken::new();
    let first = begun.clone();
    let router = router.layer(map_request(move |request: Request| {
        first.cancel();
        ready(request)
    }));
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let silence = async {
        if tokio::time::timeout(patience, begun.cancelled()).await.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        ended = watcher.watch(connection.into_owned()) => {
            if let Err(error) = ended {
                tracing::debug!("a connection broke off: {error}");
            }
        }
        () = silence => tracing::debug!("a connection without a request was closed"),
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What a client hears that says `words` and then waits.
    async fn heard(words: &str) -> String {
        let router = axum::Router::new().fallback(|| ready("well"));
        let graceful = GracefulShutdown::new();
        let (mut client, server) = tokio::io::duplex(1024);
        let serving = tokio::spawn(converse(
            server,
            router,
            graceful.watcher(),
            Duration::from_millis(100),
        ));
        client.write_all(words.as_bytes()).await.unwrap();
        let mut heard = vec![0; 1024];
        let read = tokio::time::timeout(Duration::from_secs(5), client.read(&mut heard));
        let read = read.await.expect("an answer or the end").unwrap();
        if read > 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(!serving.is_finished(), "who has asked may stay");
        }
        String::from_utf8_lossy(&heard[..read]).into_owned()
    }

    #[tokio::test]
    async fn a_connection_that_asks_nothing_is_closed() {
        assert_eq!(heard("").await, "");
        assert_eq!(heard("PRI * HTTP/2.0").await, "");
        assert_eq!(heard("GET / HT").await, "");
        assert!(heard("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.ends_with("well"));
    }
}
