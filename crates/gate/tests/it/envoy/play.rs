//! Envoy between a caller who keeps one connection open, and an API that answers with what reached it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use keydesk_testkit::envoy::{Envoy, Example};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::ask::Call;
use crate::running::Running;

/// What is sent with a `POST`.
pub(super) const BODY: &str = "one game, please";

/// Envoy with a caller on one side, and a gate and an API on the other.
pub(super) struct Play {
    pub(super) envoy: Envoy,
    pub(super) api: Api,
    caller: Caller,
}

impl Play {
    pub(super) async fn start(gate: &Running, example: Example) -> Self {
        let api = Api::start().await;
        let gate = match example {
            Example::Grpc => gate.grpc,
            Example::Http => gate.http,
        };
        let envoy = Envoy::start(example, gate, api.address).await;
        let caller = Caller::to(&envoy).await;
        Self { envoy, api, caller }
    }

    /// Makes a call on the one connection that there is. If it is closed, the test ends.
    pub(super) async fn call(&mut self, call: &Call) -> Answer {
        self.caller.call(call).await
    }
}

/// A connection to Envoy.
pub(super) struct Caller(SendRequest<Full<Bytes>>);

impl Caller {
    pub(super) async fn to(envoy: &Envoy) -> Self {
        let stream = TcpStream::connect(envoy.address()).await.unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(super) async fn call(&mut self, call: &Call) -> Answer {
        let Call {
            host,
            method,
            target,
            headers,
        } = call;
        let request = Request::builder()
            .method(&**method)
            .uri(target)
            .header("host", host);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value));
        let body = if method == "POST" { BODY } else { "" };
        self.0.ready().await.expect("the connection stays open");
        let answer = self
            .0
            .send_request(request.body(Full::from(body)).unwrap())
            .await
            .unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }
}

/// What a caller gets: from the API, what reached it; from the gate, a problem.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    /// The values of a header of the answer.
    pub(super) fn told(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    /// The values of a header that reached the API.
    pub(super) fn arrived(&self, name: &str) -> Vec<String> {
        let headers = self.body["headers"].as_array().unwrap().iter();
        let values = headers.filter(|header| header[0] == name);
        values
            .map(|header| header[1].as_str().unwrap().to_owned())
            .collect()
    }

    /// The code of the refusal.
    pub(super) fn why(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// An API that answers with what reaches it. It ends when it is dropped.
pub(super) struct Api {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Api {
    async fn start() -> Self {
        let calls = Arc::<AtomicUsize>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(echo).with_state(Arc::clone(&calls));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, calls, task }
    }

    /// How many calls reached it.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn echo(State(calls): State<Arc<AtomicUsize>>, head: Parts, body: Bytes) -> String {
    calls.fetch_add(1, Ordering::Relaxed);
    let headers = head.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()]))
        .collect();
    let target = head.uri.to_string();
    json!({ "target": target, "headers": headers, "length": body.len() }).to_string()
}
