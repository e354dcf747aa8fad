//! Envoy's `ext_authz` v3 over gRPC.

mod answer;
mod message;
mod question;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::post;
use http::HeaderValue;
use jiff::Timestamp;
use keydesk_core::Denial;
use prost::Message as _;
use prost::bytes::BufMut as _;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Response, Status};

use self::message::Message;
use self::question::{Question, Sorted};
use crate::call::Call;
use crate::gate::Gate;
use crate::metrics::Way;
use crate::reply::{Reply, refuse, reply, request_id};
use crate::verdict::Refused;

/// Bytes of a request: what Envoy lets through of headers, and a little.
const MAX_REQUEST: usize = 256 << 10;

/// The service, as routes to serve.
pub fn grpc(gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/envoy.service.auth.v3.Authorization/Check", post(check))
        .fallback(async || {
            let status =
                Status::unimplemented("there is envoy.service.auth.v3.Authorization/Check, and nothing else");
            status.into_http::<Body>()
        })
        .with_state(gate)
}

async fn check(State(gate): State<Arc<Gate>>, request: Request) -> http::Response<Body> {
    let mut grpc = Grpc::new(Wire).max_decoding_message_size(MAX_REQUEST);
    let mut answer = grpc.unary(Check(gate), request).await;
    // What is no question, or too long for one, is an invalid argument (`spec/gate.md` §7). We always answer, so these
    // two codes are tonic's, who could not read what was asked.
    let headers = answer.headers_mut();
    let code = headers.get(Status::GRPC_STATUS).map(HeaderValue::as_bytes);
    if matches!(
        code.map(Code::from_bytes),
        Some(Code::Internal | Code::OutOfRange)
    ) {
        let code = HeaderValue::from(Code::InvalidArgument as i32);
        headers.insert(Status::GRPC_STATUS, code);
    }
    answer.map(Body::new)
}

struct Check(Arc<Gate>);

impl UnaryService<Question> for Check {
    type Response = Message;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Message>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Question>) -> Self::Future {
        let gate = Arc::clone(&self.0);
        Box::pin(async move { Ok(Response::new(decide(&gate, request.into_inner()).await)) })
    }
}

async fn decide(gate: &Gate, question: Question) -> Message {
    let Some(mut http) = question.into_call() else {
        let refused = Refused {
            because: Some("the question describes no HTTP request".into()),
            ..Refused::new(Denial::BadRequest)
        };
        return answer::denied(&refuse(&refused, request_id(&Sorted::none())), None);
    };
    let headers = http.take_headers();
    let call = Call {
        scheme: &http.scheme,
        host: &http.host,
        method: &http.method,
        target: &http.path,
        headers: &headers,
    };
    let verdict = gate.decide(&call, Way::Grpc, Timestamp::now()).await;
    match reply(&verdict, &call) {
        Reply::Pass(pass) => answer::allowed(pass, &verdict),
        Reply::Refuse(refusal) => answer::denied(&refusal, Some(&verdict)),
    }
}

/// How questions are read and answers written.
struct Wire;

impl Codec for Wire {
    type Encode = Message;
    type Decode = Question;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Wire {
    type Item = Message;
    type Error = Status;

    fn encode(&mut self, message: Message, wire: &mut EncodeBuf<'_>) -> Result<(), Status> {
        wire.put_slice(message.as_bytes());
        Ok(())
    }
}

impl Decoder for Wire {
    type Item = Question;
    type Error = Status;

    fn decode(&mut self, wire: &mut DecodeBuf<'_>) -> Result<Option<Question>, Status> {
        // What of the question an error would quote may be the key.
        Question::decode(wire)
            .map(Some)
            .map_err(|_| Status::invalid_argument("this is no envoy.service.auth.v3.CheckRequest"))
    }
}
