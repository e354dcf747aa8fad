//! A proxy on loopback that hands every request on to an API server and counts it by its verb. Watches are not counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use kube::Client;
use parking_lot::Mutex;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The largest request that the API servers take.
const LARGEST_BODY: usize = 4 << 20;

/// How many requests of each verb there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls(pub(super) BTreeMap<String, usize>);

impl Calls {
    /// Those that came after `earlier` was taken.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let before = |verb: &str| earlier.0.get(verb).copied().unwrap_or(0);
        let difference = self
            .0
            .iter()
            .map(|(verb, count)| (verb.clone(), count - before(verb)));
        Self(difference.filter(|(_, count)| *count > 0).collect())
    }

    /// All of them.
    pub(super) fn total(&self) -> usize {
        self.0.values().sum()
    }
}

/// The proxy. It ends when this value is dropped.
pub(super) struct CountingProxy {
    url: String,
    calls: Arc<Mutex<Calls>>,
    server: JoinHandle<()>,
}

impl CountingProxy {
    /// Starts it. Requests are made as `client`.
    pub(super) async fn start(client: Client) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let calls = Arc::default();
        let router = axum::Router::new()
            .fallback(hand_on)
            .with_state((client, Arc::clone(&calls)));
        let server = tokio::spawn(async move {
            // It ends only with the runtime or the handle.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, calls, server })
    }

    /// What it has counted so far.
    pub(super) fn calls(&self) -> Calls {
        self.calls.lock().clone()
    }

    /// A kubeconfig with which a client uses the proxy.
    pub(super) fn kubeconfig(&self) -> String {
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "proxy",
            "clusters": [{"name": "proxy", "cluster": {"server": self.url}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            "users": [{"name": "proxy", "user": {}}],
        })
        .to_string()
    }
}

impl Drop for CountingProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn hand_on(State((client, calls)): State<(Client, Arc<Mutex<Calls>>)>, request: Request) -> Response {
    if let Some(verb) = verb(&request) {
        *calls.lock().0.entry(verb).or_default() += 1;
    }
    let (mut parts, body) = request.into_parts();
    // The client names the API server's own.
    parts.headers.remove("host");
    parts.uri = parts
        .uri
        .into_parts()
        .path_and_query
        .map(Into::into)
        .unwrap_or_default();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match client
        .send(Request::from_parts(parts, kube::client::Body::from(body)))
        .await
    {
        Ok(response) => response.map(Body::new),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

fn verb(request: &Request) -> Option<String> {
    let watches = request
        .uri()
        .query()
        .is_some_and(|query| query.split('&').any(|each| each == "watch=true"));
    if watches {
        return None;
    }
    let status = if request.uri().path().ends_with("/status") {
        " status"
    } else {
        ""
    };
    let verb = match *request.method() {
        Method::GET if is_of_many(request.uri().path()) => "list",
        Method::GET => "get",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "other",
    };
    Some(format!("{verb}{status}"))
}

/// Whether this is the path of a kind's objects: `/api/VERSION` or `/apis/GROUP/VERSION`, perhaps `namespaces/NAME`, and the
/// plural.
fn is_of_many(path: &str) -> bool {
    let mut segments: Vec<_> = path.trim_matches('/').split('/').collect();
    segments.drain(..segments.len().min(if segments[0] == "api" { 2 } else { 3 }));
    matches!(segments[..], [_] | ["namespaces", _, _])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_from_an_object() {
        for list in [
            "/api/v1/secrets",
            "/api/v1/namespaces/a/secrets",
            "/apis/devportal.kuadrant.io/v1alpha1/apikeys",
            "/apis/devportal.kuadrant.io/v1alpha1/namespaces/a/apikeys",
        ] {
            assert!(is_of_many(list), "{list}");
        }
        for object in [
            "/",
            "/version",
            "/api/v1/namespaces/a",
            "/api/v1/namespaces/a/secrets/b",
            "/apis/devportal.kuadrant.io/v1alpha1/namespaces/a/apikeys/b/status",
        ] {
            assert!(!is_of_many(object), "{object}");
        }
    }
}
