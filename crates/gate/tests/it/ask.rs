//! Calls, and asking a gate about them in the ways of its proxies, over sockets that stay open.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use envoy_types::ext_authz::v3::pb::{CheckRequest, CheckResponse, HttpResponse, OkHttpResponse};
use envoy_types::pb::envoy::config::core::v3::HeaderValueOption;
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use envoy_types::pb::envoy::service::auth::v3::attribute_context::{self, HttpRequest};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use keydesk_testkit::wait::{self, Patience};
use serde_json::Value;
use tonic::transport::{Channel, Endpoint};

use crate::key::Key;
use crate::running::Running;

/// The host of the game store.
pub(crate) const HOST: &str = "api.gamestore.example.com";

/// The ways in which proxies ask.
pub(crate) const WAYS: [Way; 4] = [Way::ForwardAuth, Way::Nginx, Way::ExtAuthz, Way::Grpc];

/// A way to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ForwardAuth,
    Nginx,
    ExtAuthz,
    Grpc,
}

/// A call that somebody makes.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Call {
    /// `GET` on the game store's host.
    pub(crate) fn get(target: &str) -> Self {
        Self {
            host: HOST.to_owned(),
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
        }
    }

    /// A call with a key where the game store wants it.
    pub(crate) fn with(key: &Key) -> Self {
        Self::get("/api/games").presenting(&key.value)
    }

    /// With this value where the game store wants keys.
    pub(crate) fn presenting(self, value: &str) -> Self {
        self.header("authorization", &format!("APIKEY {value}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    pub(crate) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// As Envoy describes it: names in lower case, repeated headers joined by commas.
    pub(crate) fn attributes(&self) -> CheckRequest {
        let mut headers = std::collections::HashMap::<String, String>::new();
        for (name, value) in &self.headers {
            headers
                .entry(name.to_ascii_lowercase())
                .and_modify(|present| {
                    present.push(',');
                    present.push_str(value);
                })
                .or_insert_with(|| value.clone());
        }
        let http = HttpRequest {
            method: self.method.clone(),
            path: self.target.clone(),
            host: self.host.clone(),
            scheme: "http".to_owned(),
            headers,
            ..HttpRequest::default()
        };
        CheckRequest {
            attributes: Some(AttributeContext {
                request: Some(attribute_context::Request {
                    http: Some(http),
                    ..attribute_context::Request::default()
                }),
                ..AttributeContext::default()
            }),
        }
    }
}

/// What a gate says of a call, in whichever way it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// The status for the caller; 200 if the call passes.
    pub(crate) status: u16,
    /// The gRPC code, where it was asked so.
    pub(crate) code: Option<i32>,
    /// All headers of the answer; over gRPC, those for the caller.
    pub(crate) headers: BTreeMap<String, Vec<String>>,
    /// Headers that are set on the call; over HTTP, proxies pick them from `headers`.
    pub(crate) upstream: BTreeMap<String, String>,
    /// Headers that are taken off the call.
    pub(crate) removed: Vec<String>,
    /// Parameters that are taken out of the query.
    pub(crate) unqueried: Vec<String>,
    /// The body for the caller.
    pub(crate) body: String,
}

impl Said {
    /// The first value of a header for the caller.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        Some(self.headers.get(name)?.first()?.as_str())
    }

    /// The body, as the problem that it describes.
    pub(crate) fn problem(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The code of that problem; empty where the call passes.
    pub(crate) fn why(&self) -> String {
        self.problem()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Everything that a caller could see, without what names the one request.
    pub(crate) fn visible(&self) -> String {
        let id = self.problem()["requestId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(!id.is_empty(), "a refusal names its request: {self:?}");
        let mut headers = self.headers.clone();
        headers.remove("date");
        let code = self.code;
        format!("{} {code:?} {headers:?} {}", self.status, self.body).replace(&id, "(id)")
    }

    /// The headers of the call as they arrive behind Envoy.
    pub(crate) fn arriving(&self, call: &Call) -> BTreeMap<String, String> {
        let sent = call
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        let mut headers: BTreeMap<_, _> = sent.collect();
        headers.retain(|name, _| !self.removed.contains(name));
        headers.extend(self.upstream.clone());
        headers
    }
}

/// Connections to one gate.
#[derive(Clone)]
pub(crate) struct Asking {
    http: Client<HttpConnector, Full<Bytes>>,
    at: SocketAddr,
    grpc: AuthorizationClient<Channel>,
}

impl Asking {
    pub(crate) fn of(at: SocketAddr, grpc: SocketAddr) -> Self {
        let channel = Endpoint::from_shared(format!("http://{grpc}"))
            .unwrap()
            .connect_lazy();
        Self {
            http: Client::builder(TokioExecutor::new()).build_http(),
            at,
            grpc: AuthorizationClient::new(channel),
        }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Said {
        let answer = self.http.request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Said {
            status: head.status.as_u16(),
            code: None,
            headers: listed(&head.headers),
            upstream: BTreeMap::new(),
            removed: Vec::new(),
            unqueried: Vec::new(),
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// A request to one of the gate's own paths.
    pub(crate) fn to(&self, path: &str) -> http::request::Builder {
        Request::builder().uri(format!("http://{}{path}", self.at))
    }

    /// What is said over gRPC.
    pub(crate) async fn check(&self, question: CheckRequest) -> Result<CheckResponse, tonic::Status> {
        Ok(self.grpc.clone().check(question).await?.into_inner())
    }

    /// What is said of a call.
    pub(crate) async fn ask(&self, way: Way, call: &Call) -> Said {
        let request = match way {
            Way::Grpc => return said(self.check(call.attributes()).await.unwrap()),
            Way::ForwardAuth => self
                .to("/v1/forward-auth")
                .header("x-forwarded-method", &call.method)
                .header("x-forwarded-host", &call.host)
                .header("x-forwarded-uri", &call.target),
            Way::Nginx => self
                .to("/v1/forward-auth/nginx")
                .header("x-original-method", &call.method)
                .header("host", &call.host)
                .header("x-original-uri", &call.target),
            Way::ExtAuthz => self
                .to(&format!("/v1/ext_authz{}", call.target))
                .method(&*call.method)
                .header("host", &call.host),
        };
        let headers = call.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        self.send(request.body(Full::default()).unwrap()).await
    }
}

impl Running {
    /// What is said of a call, asked as Traefik asks.
    pub(crate) async fn ask(&self, call: &Call) -> Said {
        self.asking.ask(Way::ForwardAuth, call).await
    }

    /// The status of a call.
    pub(crate) async fn status(&self, call: &Call) -> u16 {
        self.ask(call).await.status
    }

    /// The status of a call, and why it is refused.
    pub(crate) async fn verdict(&self, call: &Call) -> (u16, String) {
        let said = self.ask(call).await;
        (said.status, said.why())
    }

    /// The statuses of this many calls in a row.
    pub(crate) async fn statuses(&self, call: &Call, count: usize) -> Vec<u16> {
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(self.status(call).await);
        }
        statuses
    }

    /// What a key says about itself.
    pub(crate) async fn about(&self, key: &Key) -> Said {
        let request = self.asking.to("/v1/self").header("x-api-key", &key.value);
        self.asking.send(request.body(Full::default()).unwrap()).await
    }

    /// Waits until a key that is asked about itself answers so. This uses nothing up.
    pub(crate) async fn soon(&self, key: &Key, what: &str, looks: impl Fn(&Said) -> bool) -> Said {
        wait::soon(PATIENCE, what, async || {
            let said = self.about(key).await;
            if looks(&said) {
                Ok(said)
            } else {
                Err(format!("it says {said:?}"))
            }
        })
        .await
    }

    /// Waits until a call is answered with this status.
    pub(crate) async fn soon_answers(&self, call: &Call, status: u16) {
        wait::soon(
            PATIENCE,
            &format!("{status} for {}", call.target),
            async || match self.status(call).await {
                same if same == status => Ok(()),
                other => Err(format!("it is {other}")),
            },
        )
        .await;
    }
}

const PATIENCE: Patience = Patience {
    soon: Duration::from_secs(10),
    stays: Duration::from_millis(300),
    every: Duration::from_millis(5),
};

fn listed(headers: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let mut listed = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        listed.entry(name.as_str().to_owned()).or_default().push(value);
    }
    listed
}

/// An answer over gRPC, as Envoy carries it out.
pub(crate) fn said(answer: CheckResponse) -> Said {
    let code = answer.status.unwrap_or_default().code;
    match answer.http_response {
        Some(HttpResponse::OkResponse(ok)) => {
            let OkHttpResponse {
                headers,
                headers_to_remove,
                response_headers_to_add,
                query_parameters_to_remove,
                ..
            } = ok;
            assert_eq!(code, 0, "a call passes with code 0");
            Said {
                status: 200,
                code: Some(code),
                headers: listed(&options(response_headers_to_add)),
                upstream: options(headers)
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .collect(),
                removed: headers_to_remove,
                unqueried: query_parameters_to_remove,
                body: String::new(),
            }
        }
        Some(HttpResponse::DeniedResponse(denied)) => Said {
            status: u16::try_from(denied.status.unwrap().code).unwrap(),
            code: Some(code),
            headers: listed(&options(denied.headers)),
            upstream: BTreeMap::new(),
            removed: Vec::new(),
            unqueried: Vec::new(),
            body: denied.body,
        },
        other => panic!("the gate answered {other:?}"),
    }
}

fn options(options: Vec<HeaderValueOption>) -> HeaderMap {
    let headers = options.into_iter().map(|option| option.header.unwrap());
    headers
        .map(|header| {
            let name = HeaderName::try_from(header.key).unwrap();
            (name, HeaderValue::try_from(header.value).unwrap())
        })
        .collect()
}
