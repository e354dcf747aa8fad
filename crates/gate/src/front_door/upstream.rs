//! The one server behind the door, and how long it may take.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use keydesk_process::chain;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use super::refusal::Refusal;

/// Bytes of the head of an answer.
const MAX_HEAD: usize = 256 << 10;
/// Shorter than most servers keep idle connections, so that we are the one who closes.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// How long the upstream may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To accept a connection.
    pub connect: Duration,
    /// To begin its answer, from the last piece of the request that it took.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
        }
    }
}

pub(super) struct Upstream {
    authority: Authority,
    client: Client<HttpConnector, Uploading>,
    patience: Duration,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upstream").field(&self.authority).finish()
    }
}

impl Upstream {
    pub(super) fn new(authority: Authority, patience: Patience) -> Self {
        let Patience { connect, answer } = patience;
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(connect));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .http1_max_buf_size(MAX_HEAD)
            .build(connector);
        Self {
            authority,
            client,
            patience: answer,
        }
    }

    /// The upstream's answer to a request with this head, under this path, whatever URI is in the head.
    pub(super) async fn send(
        &self,
        head: Parts,
        path: PathAndQuery,
        body: Body,
    ) -> Result<Response<Incoming>, Refusal> {
        let progress = Progress::default();
        let mut request = Request::new(Uploading {
            body,
            progress: progress.clone(),
        });
        *request.method_mut() = head.method;
        *request.uri_mut() = self.uri(path)?;
        *request.headers_mut() = head.headers;
        *request.version_mut() = Version::HTTP_11;
        let answer = tokio::select! {
            answer = self.client.request(request) => answer,
            () = progress.stalled(self.patience) => {
                tracing::warn!("the upstream {} did not answer in time", self.authority);
                return Err(Refusal::Timeout);
            }
        };
        match answer {
            Ok(answer) if answer.status() != StatusCode::SWITCHING_PROTOCOLS => Ok(answer),
            Ok(_) => {
                tracing::warn!("the upstream {} switched protocols unasked", self.authority);
                Err(Refusal::Unreachable)
            }
            Err(error) => {
                tracing::warn!(
                    "failed to reach the upstream {}: {}",
                    self.authority,
                    chain(&error)
                );
                Err(Refusal::Unreachable)
            }
        }
    }

    fn uri(&self, path: PathAndQuery) -> Result<Uri, Refusal> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|_| Refusal::Malformed)
    }
}

/// When the upstream last took something.
#[derive(Clone)]
struct Progress(Arc<Mutex<Instant>>);

impl Default for Progress {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Progress {
    /// Done when there was none for so long.
    async fn stalled(&self, patience: Duration) {
        loop {
            let until = *self.0.lock() + patience;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

/// The body of a request on its way up.
struct Uploading {
    body: Body,
    progress: Progress,
}

impl http_body::Body for Uploading {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            *self.progress.0.lock() = Instant::now();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
