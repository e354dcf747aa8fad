//! `keydesk approve`, `deny` and `revoke` where answers are lost on the way: what is recorded is never said not to be.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::{Router, body::Body, extract::State};
use futures::stream;
use http::{Method, Request, Response, StatusCode};
use keydesk_testkit::{Address, fixtures::request_name, kinds};
use kube::Client;
use serde_json::json;
use tokio::net::TcpListener;

use super::stage::{NAMESPACE, Stage, run_with};

/// What becomes of the answer to a request that was carried out.
#[derive(Clone, Copy)]
enum Fault {
    /// The connection breaks within it.
    Breaks,
    /// Something on the way answers so instead.
    Says(StatusCode),
}

/// The owner's way to the API server, on which answers about one approval are lost as planned.
#[derive(Clone)]
struct Way {
    client: Client,
    planned: Arc<Mutex<VecDeque<(Method, Fault)>>>,
}

impl Way {
    /// Opens it, and gives back a kubeconfig that leads there.
    async fn open(stage: &Stage) -> (Self, PathBuf) {
        let way = Self {
            client: stage.person("owner").await.client(),
            planned: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "owner",
            "clusters": [{
                "name": "lossy", "cluster": { "server": format!("http://{}", listener.local_addr().unwrap()) },
            }],
            "users": [{ "name": "owner", "user": {} }],
            "contexts": [{
                "name": "owner", "context": { "cluster": "lossy", "user": "owner", "namespace": "gamestore" },
            }],
        });
        let file = stage.directory.path().join("lossy");
        std::fs::write(&file, kubeconfig.to_string()).unwrap();
        let app = Router::new().fallback(carry).with_state(way.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (way, file)
    }

    /// These are lost next, in this order.
    fn loses(&self, faults: impl IntoIterator<Item = (Method, Fault)>) {
        self.planned.lock().unwrap().extend(faults);
    }

    /// Sees that all came about that was planned.
    #[track_caller]
    fn is_through(&self) {
        assert!(self.planned.lock().unwrap().is_empty());
    }

    fn fault(&self, request: &Request<Body>) -> Option<Fault> {
        let path = request.uri().path();
        let about_one = *request.method() == Method::POST || path.contains("/apikeyapprovals/");
        if !path.contains("/apikeyapprovals") || !about_one {
            return None;
        }
        let mut planned = self.planned.lock().unwrap();
        let next = planned.pop_front_if(|(method, _)| method == request.method());
        next.map(|(_, fault)| fault)
    }
}

async fn carry(State(way): State<Way>, request: Request<Body>) -> Response<Body> {
    let fault = way.fault(&request);
    let (mut head, body) = request.into_parts();
    head.headers.remove(http::header::HOST);
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let request = Request::from_parts(head, kube::client::Body::from(body));
    let answer = way.client.send(request).await.unwrap().map(Body::new);
    match fault {
        None => answer,
        Some(Fault::Breaks) => {
            let broken = stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("the way ends here"))]);
            answer.map(|_| Body::from_stream(broken))
        }
        Some(Fault::Says(code)) => Response::builder().status(code).body(Body::empty()).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_whose_answer_is_lost_goes_on_as_if_it_had_come() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let (way, kubeconfig) = Way::open(&stage).await;
    for (line, method, fault, words) in [
        (
            "approve mobile --yes",
            Method::POST,
            // The client sends it again, and meets itself.
            Fault::Says(StatusCode::SERVICE_UNAVAILABLE),
            "approved: API key request approved by owner",
        ),
        (
            "deny mobile --yes",
            Method::PUT,
            Fault::Says(StatusCode::GATEWAY_TIMEOUT),
            "denied: API key request denied by owner",
        ),
        (
            "approve mobile --yes",
            Method::PUT,
            Fault::Breaks,
            "approved: API key request approved by owner",
        ),
        (
            "revoke mobile --yes",
            Method::PUT,
            Fault::Says(StatusCode::BAD_GATEWAY),
            "revoked: API key request denied by owner",
        ),
    ] {
        way.loses([(method, fault)]);
        run_with(&kubeconfig, line).ended(0).says(&[words]);
        way.is_through();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_told_at_once_what_came_of_a_decision_is_told_later_or_how_to_see() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let (way, kubeconfig) = Way::open(&stage).await;
    let failing = (Method::GET, Fault::Says(StatusCode::INTERNAL_SERVER_ERROR));
    way.loses([failing.clone(), (Method::GET, Fault::Breaks), failing]);
    run_with(&kubeconfig, "approve mobile --yes")
        .ended(0)
        .says(&["approved: API key request approved by owner"]);
    way.is_through();

    way.loses([(Method::PUT, Fault::Breaks)]);
    way.loses((0..3).map(|_| (Method::GET, Fault::Breaks)));
    let unknown = run_with(&kubeconfig, "deny mobile --yes").ended(1).says(&[
        "error: it is not known whether the decision is recorded in APIKeyApproval gamestore/",
        "it is recorded if spec.approved is false there",
    ]);
    way.is_through();
    let there = stage
        .paste(&unknown.after("To look: "))
        .ended(0)
        .says(&["approved: false"]);
    let name = format!("{}-approval", request_name(NAMESPACE, "mobile"));
    let approval = Address::new(kinds::APPROVAL, "gamestore", &name);
    let approval = stage.person("owner").await.get(&approval).await.unwrap();
    let at = approval["spec"]["reviewedAt"].as_str().unwrap();
    assert!(there.out.contains(at), "{}", there.out);
    assert!(unknown.err.contains(at), "{}", unknown.err);
}
