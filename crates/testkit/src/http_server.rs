//! An HTTP server on loopback that answers as a test says and counts what it is asked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use parking_lot::Mutex;
use tokio::net::TcpListener;

/// What the server says to a path.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A status and a body.
    Body(StatusCode, Vec<u8>),
    /// A body with `Content-Encoding: gzip`, already compressed.
    Gzip(Vec<u8>),
    /// A body with an `ETag`; 304 to whoever shows that it has it.
    Tagged(&'static str, Vec<u8>),
    /// A redirect to a URL.
    Redirect(String),
    /// A body that never ends.
    Endless,
    /// One byte at a time, with this pause between two, for ever.
    Drip(Duration),
    /// Silence after the request.
    Never,
}

impl Answer {
    /// 200 with this body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Body(StatusCode::OK, body.into())
    }

    /// This status code with a short body.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Body(StatusCode::from_u16(code).unwrap(), b"as the test says".to_vec())
    }
}

#[derive(Default)]
struct Script {
    answers: HashMap<String, Answer>,
    counts: HashMap<String, usize>,
    headers: HashMap<String, HeaderMap>,
}

/// The server. It ends when it is dropped.
pub struct HttpServer {
    origin: String,
    script: Arc<Mutex<Script>>,
    task: tokio::task::JoinHandle<()>,
}

impl HttpServer {
    /// Starts a server that answers 404 until told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let app = Router::new().fallback(answer).with_state(script.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Self { origin, script, task }
    }

    /// The URL of a path on this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// From now on, answers requests for `path` so.
    pub fn on(&self, path: &str, answer: Answer) {
        self.script.lock().answers.insert(path.to_owned(), answer);
    }

    /// How often `path` was asked for.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        self.script.lock().counts.get(path).copied().unwrap_or_default()
    }

    /// How often anything was asked for.
    #[must_use]
    pub fn total(&self) -> usize {
        self.script.lock().counts.values().sum()
    }

    /// The headers of the last request for `path`.
    #[must_use]
    pub fn headers(&self, path: &str) -> Option<HeaderMap> {
        self.script.lock().headers.get(path).cloned()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A URL on loopback where nobody listens.
pub async fn refused_url(path: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}{path}", listener.local_addr().unwrap())
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().to_owned();
    let shown = headers.get(header::IF_NONE_MATCH).cloned();
    let answer = {
        let mut script = script.lock();
        *script.counts.entry(path.clone()).or_default() += 1;
        script.headers.insert(path.clone(), headers);
        script.answers.get(&path).cloned()
    };
    match answer {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Answer::Body(status, body)) => (status, body).into_response(),
        Some(Answer::Gzip(body)) => ([(header::CONTENT_ENCODING, "gzip")], body).into_response(),
        Some(Answer::Tagged(tag, _)) if shown.is_some_and(|shown| shown == tag) => {
            StatusCode::NOT_MODIFIED.into_response()
        }
        Some(Answer::Tagged(tag, body)) => ([(header::ETAG, tag)], body).into_response(),
        Some(Answer::Redirect(url)) => (StatusCode::FOUND, [(header::LOCATION, url)]).into_response(),
        Some(Answer::Endless) => {
            let pages = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]));
            Body::from_stream(pages).into_response()
        }
        Some(Answer::Drip(pause)) => {
            let drops = stream::repeat(b"x".to_vec()).then(move |drop| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, std::io::Error>(drop)
            });
            Body::from_stream(drops).into_response()
        }
        Some(Answer::Never) => std::future::pending().await,
    }
}
