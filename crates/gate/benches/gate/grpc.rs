//! Envoy's question over gRPC beside a service that allows everything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use envoy_types::ext_authz::v3::pb::{Authorization, AuthorizationServer, CheckRequest, CheckResponse};
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request as Asked};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use envoy_types::pb::google::rpc;
use keydesk_gate::Gate;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

use crate::cluster::{CALLERS, HOST, Key, spread};
use crate::decision::OTHERS;
use crate::traffic::{Comparison, Server, compare};

/// Questions at a time, over one connection.
const IN_FLIGHT: usize = 32;

/// What was measured.
pub(crate) struct Check {
    pub(crate) hits: Comparison,
    pub(crate) misses: Comparison,
    /// Every key of the gate in turn.
    pub(crate) all: Comparison,
}

/// Loads a gate with so many keys.
pub(crate) async fn run(gate: Arc<Gate>, keys: usize) -> Result<Check> {
    let gate = Server::start(keydesk_gate::grpc(gate)).await?;
    let bare = Server::start(bare()).await?;
    let gate = client(&gate).await?;
    let bare = client(&bare).await?;
    let questions = |numbers: Vec<usize>, value: fn(Key) -> String| -> Arc<[CheckRequest]> {
        numbers
            .into_iter()
            .map(|number| question(&value(Key(number))))
            .collect()
    };
    let hits = questions(spread(keys, CALLERS), Key::value);
    let misses = questions(spread(keys, CALLERS), Key::wrong_value);
    let all = questions(spread(keys, keys), Key::value);
    for (questions, code) in [(&hits, 0), (&misses, 16)] {
        let answer = gate.clone().check(questions[0].clone()).await?.into_inner();
        let status = answer.status.context("an answer has no status")?;
        ensure!(status.code == code, "an answer has the code {}", status.code);
    }
    let under = |client: &AuthorizationClient<Channel>, questions: &Arc<[CheckRequest]>| {
        let (client, questions) = (client.clone(), Arc::clone(questions));
        async move |time| load(&client, &questions, time).await
    };
    Ok(Check {
        hits: compare(under(&bare, &hits), under(&gate, &hits)).await?,
        misses: compare(under(&bare, &misses), under(&gate, &misses)).await?,
        all: compare(under(&bare, &all), under(&gate, &all)).await?,
    })
}

struct Bare;

#[tonic::async_trait]
impl Authorization for Bare {
    async fn check(&self, _: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        Ok(Response::new(CheckResponse {
            status: Some(rpc::Status::default()),
            ..CheckResponse::default()
        }))
    }
}

fn bare() -> Router {
    tonic::service::Routes::new(AuthorizationServer::new(Bare)).into_axum_router()
}

async fn client(server: &Server) -> Result<AuthorizationClient<Channel>> {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address))?;
    Ok(AuthorizationClient::new(endpoint.connect().await?))
}

fn question(value: &str) -> CheckRequest {
    let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let authorization = format!("APIKEY {value}");
    let own = [
        (":authority", HOST),
        (":method", "GET"),
        (":path", "/v1/boards/7?page=2"),
        (":scheme", "https"),
        ("authorization", authorization.as_str()),
    ];
    let http = HttpRequest {
        method: "GET".to_owned(),
        path: "/v1/boards/7?page=2".to_owned(),
        host: HOST.to_owned(),
        scheme: "https".to_owned(),
        protocol: "HTTP/1.1".to_owned(),
        headers: own.into_iter().chain(OTHERS).map(text).collect(),
        ..HttpRequest::default()
    };
    let request = Asked {
        http: Some(http),
        ..Asked::default()
    };
    let attributes = AttributeContext {
        request: Some(request),
        ..AttributeContext::default()
    };
    CheckRequest {
        attributes: Some(attributes),
    }
}

/// Keeps so many questions in flight for this time, and says how long each answer took.
async fn load(
    client: &AuthorizationClient<Channel>,
    questions: &Arc<[CheckRequest]>,
    time: Duration,
) -> Result<Vec<Duration>> {
    let end = Instant::now() + time;
    let share = questions.len() / IN_FLIGHT;
    let mut callers = JoinSet::new();
    for number in 0..IN_FLIGHT {
        let (mut client, questions) = (client.clone(), Arc::clone(questions));
        callers.spawn(async move {
            let mut times = Vec::new();
            for question in questions[share * number..share * (number + 1)].iter().cycle() {
                let question = question.clone();
                let began = Instant::now();
                if began >= end {
                    break;
                }
                client.check(question).await?;
                times.push(began.elapsed());
            }
            Ok::<_, Status>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(asked) = callers.join_next().await {
        times.extend(asked??);
    }
    Ok(times)
}
