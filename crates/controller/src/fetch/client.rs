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
use ipnet::IpNet;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::{
    body,
    connect::{Tls, connect},
    error::FetchError,
    url::FetchUrl,
};

/// Everything together: resolving, connecting, redirects, reading.
const DEADLINE: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: usize = 3;
/// Bytes of a response's head.
const MAX_HEAD: usize = 64 * 1024;

/// Fetches documents from servers that may be hostile. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    allow: Arc<[IpNet]>,
    deadline: Duration,
    tls: Arc<Tls>,
}

impl Fetcher {
    /// A fetcher that may also reach the otherwise refused ranges of `allow`.
    #[must_use]
    pub fn new(allow: &[IpNet]) -> Self {
        Self {
            allow: allow.into(),
            deadline: DEADLINE,
            tls: Arc::default(),
        }
    }

    /// The same with another deadline than 10 seconds.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The document at `url`, of at most `limit` bytes.
    ///
    /// # Errors
    /// When there is no such document, it cannot be had in time, or we must not or do not want to read it.
    pub async fn fetch(&self, url: &str, limit: u64) -> Result<String, FetchError> {
        let url = FetchUrl::parse(url).map_err(FetchError::Url)?;
        match timeout(self.deadline, self.follow(url, limit)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(FetchError::Deadline(self.deadline.as_secs())),
        }
    }

    async fn follow(&self, mut url: FetchUrl, limit: u64) -> Result<String, FetchError> {
        for _ in 0..=MAX_REDIRECTS {
            let (response, _connection) = self.get(&url).await?;
            let (head, body) = response.into_parts();
            match head.status {
                StatusCode::OK => return body::read(&head.headers, body, limit).await,
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => {
                    let location = location(&head.headers).ok_or(FetchError::RedirectNowhere)?;
                    url = url.redirect(location).map_err(FetchError::Url)?;
                }
                status => return Err(FetchError::Status(status.as_u16())),
            }
        }
        Err(FetchError::TooManyRedirects(MAX_REDIRECTS))
    }

    /// Sends one request over a connection of its own, which lives as long as the handle returned.
    async fn get(&self, url: &FetchUrl) -> Result<(Response<Incoming>, AbortOnDropHandle<()>), FetchError> {
        let stream = connect(url, &self.allow, &self.tls).await?;
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(FetchError::Exchange)?;
        let connection = AbortOnDropHandle::new(tokio::spawn(finish(connection)));
        let request = Request::get(url.target())
            .header(HOST, url.authority())
            .header(USER_AGENT, concat!("keydesk/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "*/*")
            .header(ACCEPT_ENCODING, "gzip")
            .body(Empty::<Bytes>::new())
            .map_err(|_| FetchError::RedirectNowhere)?;
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
            allow,
            deadline,
            tls: _,
        } = self;
        f.debug_struct("Fetcher")
            .field("allow", allow)
            .field("deadline", deadline)
            .finish_non_exhaustive()
    }
}
