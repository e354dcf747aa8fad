//! One bounded GET, redirects included.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, Request, Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, HOST, LOCATION, USER_AGENT},
};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::{
    address::Reach,
    body,
    connect::{Tls, connect},
    error::FetchError,
    resolver::{Resolver, SystemResolver},
    retry_after::retry_after,
    url::FetchUrl,
    validators::Validators,
};

/// Everything together: resolving, connecting, redirects, reading.
const DEADLINE: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: usize = 3;
/// Bytes of a response's head; hyper takes at most 100 headers besides.
const MAX_HEAD: usize = 64 * 1024;

/// What a fetch brought.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// The document.
    Document {
        /// All of it.
        text: String,
        /// What to ask with the next time.
        validators: Option<Validators>,
    },
    /// The document is still the one whose validators were shown.
    Unchanged,
}

/// Fetches documents from servers that may be hostile. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    reach: Arc<Reach>,
    deadline: Duration,
    resolver: Arc<dyn Resolver>,
    tls: Arc<Tls>,
}

impl Fetcher {
    /// A fetcher that reaches so far.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Self {
            reach: reach.into(),
            deadline: DEADLINE,
            resolver: Arc::new(SystemResolver),
            tls: Arc::default(),
        }
    }

    /// The same with another deadline than 10 seconds.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same with another resolver than the system's.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, ..self }
    }

    /// The document at `url`, of at most `limit` bytes; of a document that was fetched before only what has changed since.
    ///
    /// # Errors
    /// When there is no such document, it cannot be had in time, or we must not or do not want to read it.
    pub async fn fetch(
        &self,
        url: &str,
        limit: u64,
        before: Option<&Validators>,
    ) -> Result<Fetched, FetchError> {
        let url = FetchUrl::parse(url).map_err(FetchError::Url)?;
        match timeout(self.deadline, self.follow(url, limit, before)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(FetchError::Deadline(self.deadline.as_secs())),
        }
    }

    async fn follow(
        &self,
        mut url: FetchUrl,
        limit: u64,
        before: Option<&Validators>,
    ) -> Result<Fetched, FetchError> {
        for _ in 0..=MAX_REDIRECTS {
            let conditions = before.map(|before| before.headers_for(&url)).unwrap_or_default();
            let is_conditional = !conditions.is_empty();
            let (response, _connection) = self.get(&url, conditions).await?;
            let (head, body) = response.into_parts();
            match head.status {
                StatusCode::OK => {
                    let text = body::read(&head.headers, body, limit).await?;
                    let validators = Validators::of(&url, &head.headers);
                    return Ok(Fetched::Document { text, validators });
                }
                StatusCode::NOT_MODIFIED if is_conditional => return Ok(Fetched::Unchanged),
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => {
                    let location = location(&head.headers).ok_or(FetchError::RedirectNowhere)?;
                    url = url.redirect(location).map_err(FetchError::Redirect)?;
                }
                status => {
                    return Err(FetchError::Status {
                        code: status.as_u16(),
                        retry_after: retry_after(&head.headers, Timestamp::now()),
                    });
                }
            }
        }
        Err(FetchError::TooManyRedirects(MAX_REDIRECTS))
    }

    /// Sends one request over a connection of its own, which lives as long as the handle returned.
    async fn get(
        &self,
        url: &FetchUrl,
        conditions: HeaderMap,
    ) -> Result<(Response<Incoming>, AbortOnDropHandle<()>), FetchError> {
        let stream = connect(url, &self.reach, &*self.resolver, &self.tls).await?;
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(FetchError::Exchange)?;
        let connection = AbortOnDropHandle::new(tokio::spawn(finish(connection)));
        let mut request = Request::get(url.target())
            .header(HOST, url.authority())
            .header(USER_AGENT, concat!("keydesk/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "*/*")
            .header(ACCEPT_ENCODING, "gzip")
            .body(Empty::<Bytes>::new())
            .map_err(|_| FetchError::RedirectNowhere)?;
        request.headers_mut().extend(conditions);
        let response = sender.send_request(request).await.map_err(FetchError::Exchange)?;
        Ok((response, connection))
    }
}

/// Drives a connection; what goes wrong on it reaches the request or the body that waits for it.
async fn finish(connection: impl Future<Output = hyper::Result<()>>) {
    let _ = connection.await;
}

fn location(headers: &HeaderMap) -> Option<&str> {
    headers.get(LOCATION)?.to_str().ok()
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reach,
            deadline,
            resolver: _,
            tls: _,
        } = self;
        f.debug_struct("Fetcher")
            .field("reach", reach)
            .field("deadline", deadline)
            .finish_non_exhaustive()
    }
}
