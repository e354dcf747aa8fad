//! Envoy's `ext_authz` v3 over gRPC.

use std::collections::HashMap;
use std::sync::Arc;

use envoy_types::ext_authz::v3::pb::{
    Authorization, AuthorizationServer, CheckRequest, CheckResponse, DeniedHttpResponse, HeaderAppendAction,
    HeaderValue, HeaderValueOption, HttpResponse, HttpStatus, OkHttpResponse,
};
use envoy_types::pb::envoy::service::auth::v3::attribute_context::HttpRequest;
use envoy_types::pb::google::protobuf::{Struct, Value, value::Kind};
use envoy_types::pb::google::rpc;
use http::{HeaderName, StatusCode};
use jiff::Timestamp;
use keydesk_core::Denial;
use tonic::{Request, Response, Status};

use crate::call::Call;
use crate::credential::Removal;
use crate::gate::Gate;
use crate::metrics::Way;
use crate::reply::{IDENTITY, Pass, Refusal, Reply, refuse, reply, request_id};
use crate::snapshot::Holder;
use crate::verdict::{Counted, Refused, Verdict};

/// Bytes of a request: what Envoy lets through of headers, and a little.
const MAX_REQUEST: usize = 256 << 10;

/// The service, as routes to serve.
pub fn grpc(gate: Arc<Gate>) -> axum::Router {
    let service = AuthorizationServer::new(Service { gate }).max_decoding_message_size(MAX_REQUEST);
    let routes = tonic::service::Routes::new(service).into_axum_router();
    routes.layer(axum::middleware::map_response(unreadable))
}

/// What is no question, or too long for one, is an invalid argument (`spec/gate.md` §7). The service itself always answers, so
/// these two codes are tonic's, who could not read what was asked.
async fn unreadable(mut answer: axum::response::Response) -> axum::response::Response {
    let headers = answer.headers_mut();
    let code = headers.get(Status::GRPC_STATUS).map(http::HeaderValue::as_bytes);
    if matches!(
        code.map(tonic::Code::from_bytes),
        Some(tonic::Code::Internal | tonic::Code::OutOfRange)
    ) {
        let code = http::HeaderValue::from(tonic::Code::InvalidArgument as i32);
        headers.insert(Status::GRPC_STATUS, code);
    }
    answer
}

struct Service {
    gate: Arc<Gate>,
}

#[tonic::async_trait]
impl Authorization for Service {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        let http = request
            .into_inner()
            .attributes
            .and_then(|attributes| attributes.request?.http);
        let Some(mut http) = http else {
            let refused = Refused {
                because: Some("the question describes no HTTP request".into()),
                ..Refused::new(Denial::BadRequest)
            };
            let refusal = refuse(&refused, request_id(&HashMap::<String, String>::new()));
            return Ok(Response::new(denied(refusal, None)));
        };
        let headers = headers(&mut http);
        let call = Call {
            scheme: &http.scheme,
            host: &http.host,
            method: &http.method,
            target: &http.path,
            headers: &headers,
        };
        let verdict = self.gate.decide(&call, Way::Grpc, Timestamp::now()).await;
        let answer = match reply(&verdict, &call) {
            Reply::Pass(pass) => allowed(pass, Some(metadata(&verdict))),
            Reply::Refuse(refusal) => denied(refusal, Some(metadata(&verdict))),
        };
        Ok(Response::new(answer))
    }
}

/// The headers, also where Envoy was told to send them as raw bytes (`encode_raw_headers`).
fn headers(http: &mut HttpRequest) -> HashMap<String, String> {
    let mut headers = std::mem::take(&mut http.headers);
    for raw in http.header_map.take().into_iter().flat_map(|map| map.headers) {
        let value = if raw.raw_value.is_empty() {
            raw.value
        } else {
            // As Envoy itself sends what is not UTF-8.
            String::from_utf8_lossy(&raw.raw_value).replace('\u{fffd}', "!")
        };
        headers
            .entry(raw.key.to_ascii_lowercase())
            .and_modify(|present| {
                present.push(',');
                present.push_str(&value);
            })
            .or_insert(value);
    }
    headers
}

fn allowed(pass: Pass, metadata: Option<Struct>) -> CheckResponse {
    let Pass {
        upstream,
        imitations,
        removal,
        caller,
    } = pass;
    let unset = IDENTITY
        .into_iter()
        .filter(|name| upstream.iter().all(|(set, _)| set != name));
    let mut ok = OkHttpResponse {
        headers_to_remove: unset
            .map(|name| name.as_str().to_owned())
            .chain(imitations)
            .collect(),
        headers: overwriting(&upstream),
        response_headers_to_add: overwriting(&caller),
        ..OkHttpResponse::default()
    };
    match removal {
        Removal::Nothing => {}
        Removal::Header { name } => ok.headers_to_remove.push(name),
        Removal::Cookies { rest } => {
            let rest = String::from_utf8_lossy(&rest);
            ok.headers.push(option(
                "cookie",
                &rest,
                HeaderAppendAction::OverwriteIfExistsOrAdd,
            ));
        }
        Removal::Query { names, rest: _ } => ok.query_parameters_to_remove = names,
    }
    CheckResponse {
        status: Some(rpc::Status::default()),
        dynamic_metadata: metadata,
        http_response: Some(HttpResponse::OkResponse(ok)),
    }
}

fn denied(refusal: Refusal, metadata: Option<Struct>) -> CheckResponse {
    let Refusal {
        status,
        headers,
        problem,
    } = refusal;
    let mut headers: Vec<_> = headers
        .iter()
        // There may be several challenges.
        .filter_map(|(name, value)| Some((name, value.to_str().ok()?)))
        .map(|(name, value)| option(name.as_str(), value, HeaderAppendAction::AppendIfExistsOrAdd))
        .collect();
    let media_type = crate::reply::Problem::MEDIA_TYPE;
    for (name, value) in [("content-type", media_type), ("cache-control", "no-store")] {
        headers.push(option(name, value, HeaderAppendAction::OverwriteIfExistsOrAdd));
    }
    let denied = DeniedHttpResponse {
        status: Some(HttpStatus {
            code: i32::from(status.as_u16()),
        }),
        headers,
        body: problem.to_json(),
    };
    CheckResponse {
        status: Some(rpc::Status {
            code: code(status),
            ..rpc::Status::default()
        }),
        dynamic_metadata: metadata,
        http_response: Some(HttpResponse::DeniedResponse(denied)),
    }
}

/// The gRPC code that goes with a status (`spec/gate.md` §1, Responses).
fn code(status: StatusCode) -> i32 {
    let code = match status {
        StatusCode::UNAUTHORIZED => tonic::Code::Unauthenticated,
        StatusCode::NOT_FOUND => tonic::Code::NotFound,
        StatusCode::BAD_REQUEST => tonic::Code::InvalidArgument,
        StatusCode::TOO_MANY_REQUESTS => tonic::Code::ResourceExhausted,
        StatusCode::SERVICE_UNAVAILABLE => tonic::Code::Unavailable,
        _ => tonic::Code::PermissionDenied,
    };
    code as i32
}

/// What access logs and later filters may know of the decision.
fn metadata(verdict: &Verdict) -> Struct {
    let (holder, tier): (Option<&Holder>, _) = match verdict {
        Verdict::Admitted(admitted) => (Some(&admitted.holder), admitted.counted.tier()),
        Verdict::Refused(refused) => (
            refused.holder.as_deref(),
            refused.counted.as_deref().and_then(Counted::tier),
        ),
    };
    let fields = [
        ("code", Some(verdict.code().to_owned())),
        ("key_id", holder.map(|holder| holder.key_id().to_owned())),
        ("plan", tier.map(|tier| tier.name.clone())),
    ];
    let text = |text| Value {
        kind: Some(Kind::StringValue(text)),
    };
    let fields = fields.into_iter();
    Struct {
        fields: fields
            .filter_map(|(name, value)| Some((name.to_owned(), text(value?))))
            .collect(),
    }
}

fn overwriting(headers: &[(HeaderName, http::HeaderValue)]) -> Vec<HeaderValueOption> {
    let headers = headers.iter();
    headers
        .filter_map(|(name, value)| Some((name, value.to_str().ok()?)))
        .map(|(name, value)| option(name.as_str(), value, HeaderAppendAction::OverwriteIfExistsOrAdd))
        .collect()
}

fn option(name: &str, value: &str, action: HeaderAppendAction) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: name.to_owned(),
            value: value.to_owned(),
            ..HeaderValue::default()
        }),
        append_action: action as i32,
        ..HeaderValueOption::default()
    }
}
