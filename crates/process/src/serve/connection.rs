//! One connection: which requests come over it, and when it has to end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::Bounds;
use super::activity::{Activity, Answering};
use super::arriving::Arriving;
use super::linger::Lingering;

/// How often a silent HTTP/2 client is asked whether it is still there.
const PING: Duration = Duration::from_secs(30);
/// How long a client that was told to go may take to say that it has heard, or to bring to its end what it was asking.
pub(super) const FAREWELL: Duration = Duration::from_millis(500);
/// Less is not enough for hyper.
const LEAST_HEADER_BYTES: u32 = 8 << 10;

/// Answers what comes over `stream` until the client leaves, asks nothing for too long, or `draining` is cancelled.
pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    router: Router,
    bounds: &Bounds,
    draining: CancellationToken,
) {
    let activity = Activity::new();
    let service = Conversation {
        router,
        peer,
        activity: Arc::clone(&activity),
        request_timeout: bounds.request_timeout,
        draining: draining.clone(),
    };
    let connection = builder(bounds)
        .serve_connection(TokioIo::new(Lingering::new(stream, bounds.gathers)), service)
        .into_owned();
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return say(ended),
        () = activity.lull(bounds) => tracing::debug!("a connection without a request is closed"),
        () = draining.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    // Whoever has asked is answered. Others may not know yet that they should go, or not care.
    loop {
        match timeout(FAREWELL, connection.as_mut()).await {
            Ok(ended) => return say(ended),
            Err(_) if activity.is_quiet() => return,
            Err(_) => {}
        }
    }
}

fn say<E: std::fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!("a connection broke off: {error}");
    }
}

fn builder(bounds: &Bounds) -> auto::Builder<TokioExecutor> {
    let header_bytes = bounds.header_bytes.max(LEAST_HEADER_BYTES);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    if !bounds.http2 {
        builder = builder.http1_only();
    }
    builder
        .http1()
        .timer(TokioTimer::new())
        // hyper counts from the end of the last answer; the time to the first request is counted by `Activity`.
        .header_read_timeout(bounds.idle.unwrap_or(bounds.header_timeout))
        .max_buf_size(header_bytes as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(header_bytes)
        .max_concurrent_streams(bounds.streams)
        .keep_alive_interval(PING);
    builder
}

/// What hyper asks for every request of one connection.
struct Conversation {
    router: Router,
    peer: SocketAddr,
    activity: Arc<Activity>,
    request_timeout: Option<Duration>,
    draining: CancellationToken,
}

impl hyper::service::Service<Request<Incoming>> for Conversation {
    type Response = Response<Answering>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let under_way = self.activity.begin();
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let mut router = self.router.clone();
        if request.body().is_end_stream() {
            let answer = router.call(request);
            return Box::pin(async move { Ok(answer.await?.map(|body| Answering::new(body, under_way))) });
        }
        let deadline = self.request_timeout.map(|timeout| Instant::now() + timeout);
        let draining = self.draining.clone();
        Box::pin(async move {
            let version = request.version();
            let (head, body) = request.into_parts();
            let (body, late) = Arriving::new(body, deadline, draining, version);
            let answer = router.call(Request::from_parts(head, body)).await?;
            // Whatever became of half a request: this is why.
            let answer = if late.load(Ordering::Acquire) {
                too_late(version)
            } else {
                answer
            };
            Ok(answer.map(|body| Answering::new(body, under_way)))
        })
    }
}

/// RFC 9110, section 15.5.9.
fn too_late(version: Version) -> Response<axum::body::Body> {
    let mut answer = Response::default();
    *answer.status_mut() = StatusCode::REQUEST_TIMEOUT;
    if version < Version::HTTP_2 {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
    }
    answer
}
