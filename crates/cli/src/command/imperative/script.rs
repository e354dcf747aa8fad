//! An API server that answers as a test says, one request after the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use keydesk_catalog::explain::Aim;
use kube::{Client, client::Body};
use serde_json::{Value, json};
use tower::{BoxError, service_fn};

use super::ClusterClient;

/// How one request is answered.
pub(super) enum Answer {
    /// With this code and object.
    Json(u16, Value),
    /// Not at all: the connection breaks.
    Silence,
    /// Not at all: the connection stays.
    Never,
}

impl Answer {
    /// As the API server refuses.
    pub(super) fn refusal(code: u16) -> Self {
        let status = json!({
            "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "message": "as the test says",
            "reason": "", "metadata": {},
        });
        Self::Json(code, status)
    }

    /// As it says that something is done.
    pub(super) fn done() -> Self {
        Self::Json(
            200,
            json!({ "apiVersion": "v1", "kind": "Status", "status": "Success", "metadata": {} }),
        )
    }
}

/// What is expected, as `METHOD PATH`, and how it is answered.
pub(super) struct Script(Arc<Mutex<Play>>);

struct Play {
    steps: VecDeque<(&'static str, Answer)>,
    last: Value,
}

impl Script {
    pub(super) fn new(steps: Vec<(&'static str, Answer)>) -> Self {
        Self(Arc::new(Mutex::new(Play {
            steps: steps.into(),
            last: Value::Null,
        })))
    }

    pub(super) fn client(&self, namespace: &str) -> ClusterClient {
        let play = Arc::clone(&self.0);
        let service = service_fn(move |request: Request<Body>| {
            let play = Arc::clone(&play);
            async move {
                let asked = format!("{} {}", request.method(), request.uri().path());
                let body = request.into_body().collect_bytes().await.unwrap();
                let (expected, answer) = {
                    let mut play = play.lock().unwrap();
                    play.last = serde_json::from_slice(&body).unwrap_or_default();
                    play.steps.pop_front().unwrap_or(("nothing", Answer::Silence))
                };
                assert_eq!(asked, expected);
                match answer {
                    Answer::Json(code, body) => Ok(Response::builder()
                        .status(code)
                        .body(Body::from(body.to_string().into_bytes()))
                        .unwrap()),
                    Answer::Silence => Err(BoxError::from("the connection broke")),
                    Answer::Never => std::future::pending().await,
                }
            }
        });
        ClusterClient {
            inner: Client::new(service, namespace),
            namespace: namespace.to_owned(),
            aim: Aim::default(),
        }
    }

    /// Sees that all was asked for, and gives back the body of the last request.
    pub(super) fn finished(self) -> Value {
        let play = self.0.lock().unwrap();
        let left: Vec<_> = play.steps.iter().map(|(expected, _)| expected).collect();
        assert!(left.is_empty(), "not asked for: {left:?}");
        play.last.clone()
    }
}
