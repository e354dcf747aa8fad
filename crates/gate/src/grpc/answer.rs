//! What Envoy is answered: an `envoy.service.auth.v3.CheckResponse`, written as it goes over the wire.
//!
//! Generated types would want every name and value in a text of its own, and an answer has two dozen.

use http::{HeaderName, HeaderValue, StatusCode};

use super::message::Message;
use crate::credential::Removal;
use crate::reply::{IDENTITY, Pass, Problem, Refusal};
use crate::snapshot::Holder;
use crate::verdict::{Counted, Verdict};

/// Bytes of nearly all answers.
const USUAL: usize = 1 << 10;

/// What Envoy does with a header where there is one of that name (`HeaderValueOption.HeaderAppendAction`).
#[derive(Clone, Copy)]
enum Action {
    AppendOrAdd = 0,
    OverwriteOrAdd = 2,
}

/// The call goes on.
pub(super) fn allowed(pass: Pass, verdict: &Verdict) -> Message {
    let Pass {
        upstream,
        imitations,
        removal,
        caller,
    } = pass;
    let unset = IDENTITY
        .into_iter()
        .filter(|name| upstream.iter().all(|(set, _)| set != name));
    let mut answer = Message::with_capacity(USUAL);
    answer.message(1, |status| status.number(1, tonic::Code::Ok as u32));
    answer.message(3, |ok| {
        for (name, value) in &upstream {
            header(ok, 2, name, value, Action::OverwriteOrAdd);
        }
        if let Removal::Cookies { rest } = &removal {
            option(ok, 2, b"cookie", rest, Action::OverwriteOrAdd);
        }
        for name in unset {
            ok.bytes(5, name.as_str().as_bytes());
        }
        for name in imitations {
            ok.bytes(5, name.as_bytes());
        }
        if let Removal::Header { name } = &removal {
            ok.bytes(5, name.as_bytes());
        }
        for (name, value) in &caller {
            header(ok, 6, name, value, Action::OverwriteOrAdd);
        }
        if let Removal::Query { names, rest: _ } = &removal {
            for name in names {
                ok.bytes(8, name.as_bytes());
            }
        }
    });
    metadata(&mut answer, verdict);
    answer
}

/// The call ends here. There is no verdict on what is no call.
pub(super) fn denied(refusal: &Refusal, verdict: Option<&Verdict>) -> Message {
    let Refusal {
        status,
        headers,
        problem,
    } = refusal;
    let mut answer = Message::with_capacity(USUAL);
    answer.message(1, |said| said.number(1, code(*status) as u32));
    answer.message(2, |denied| {
        denied.message(1, |said| said.number(1, u32::from(status.as_u16())));
        for (name, value) in headers {
            // There may be several challenges.
            header(denied, 2, name, value, Action::AppendOrAdd);
        }
        let media_type = Problem::MEDIA_TYPE.as_bytes();
        option(denied, 2, b"content-type", media_type, Action::OverwriteOrAdd);
        option(denied, 2, b"cache-control", b"no-store", Action::OverwriteOrAdd);
        denied.bytes(3, problem.to_json().as_bytes());
    });
    if let Some(verdict) = verdict {
        metadata(&mut answer, verdict);
    }
    answer
}

/// The gRPC code that goes with a status (`spec/gate.md` §1, Responses).
fn code(status: StatusCode) -> tonic::Code {
    match status {
        StatusCode::UNAUTHORIZED => tonic::Code::Unauthenticated,
        StatusCode::NOT_FOUND => tonic::Code::NotFound,
        StatusCode::BAD_REQUEST => tonic::Code::InvalidArgument,
        StatusCode::TOO_MANY_REQUESTS => tonic::Code::ResourceExhausted,
        StatusCode::SERVICE_UNAVAILABLE => tonic::Code::Unavailable,
        _ => tonic::Code::PermissionDenied,
    }
}

/// What access logs and later filters may know of the decision: a `google.protobuf.Struct`.
fn metadata(answer: &mut Message, verdict: &Verdict) {
    let (holder, tier): (Option<&Holder>, _) = match verdict {
        Verdict::Admitted(admitted) => (Some(&admitted.holder), admitted.counted.tier()),
        Verdict::Refused(refused) => (
            refused.holder.as_deref(),
            refused.counted.as_deref().and_then(Counted::tier),
        ),
    };
    let key_id = holder.map(|holder| holder.key_id().to_string());
    let fields = [
        ("code", Some(verdict.code())),
        ("key_id", key_id.as_deref()),
        ("plan", tier.map(|tier| tier.name.as_str())),
    ];
    answer.message(4, |metadata| {
        for (name, text) in fields {
            let Some(text) = text else { continue };
            metadata.message(1, |field| {
                field.bytes(1, name.as_bytes());
                field.message(2, |value| value.bytes(3, text.as_bytes()));
            });
        }
    });
}

/// A header, unless its value is no text: protobuf has no room for others.
fn header(message: &mut Message, tag: u32, name: &HeaderName, value: &HeaderValue, action: Action) {
    if let Ok(value) = value.to_str() {
        option(message, tag, name.as_str().as_bytes(), value.as_bytes(), action);
    }
}

/// A `HeaderValueOption`.
fn option(message: &mut Message, tag: u32, name: &[u8], value: &[u8], action: Action) {
    message.message(tag, |option| {
        option.message(1, |header| {
            header.bytes(1, name);
            header.bytes(2, value);
        });
        option.number(3, action as u32);
    });
}

#[cfg(test)]
mod tests {
    use envoy_types::ext_authz::v3::pb::{CheckResponse, HttpResponse};
    use envoy_types::pb::envoy::config::core::v3::HeaderValueOption;
    use envoy_types::pb::google::protobuf::value::Kind;
    use keydesk_core::Denial;
    use prost::Message as _;
    use zeroize::Zeroizing;

    use super::*;
    use crate::verdict::Refused;

    /// What Envoy's own definitions read of an answer.
    fn read(answer: &Message) -> CheckResponse {
        CheckResponse::decode(answer.as_bytes()).unwrap()
    }

    fn headers(options: &[HeaderValueOption]) -> Vec<(&str, &str, i32)> {
        let read = |option: &HeaderValueOption| option.append_action;
        let headers = options
            .iter()
            .map(|option| (option.header.as_ref().unwrap(), read(option)));
        headers
            .map(|(header, action)| (header.key.as_str(), header.value.as_str(), action))
            .collect()
    }

    fn refused(denial: Denial) -> Verdict {
        Verdict::Refused(Refused::new(denial))
    }

    fn pass(removal: Removal) -> Pass {
        Pass {
            upstream: vec![(IDENTITY[0].clone(), HeaderValue::from_static("7a6f"))],
            imitations: vec!["x_plan".to_owned()],
            removal,
            caller: vec![(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(9))],
        }
    }

    #[test]
    fn a_call_goes_on_without_its_key_and_with_who_calls() {
        let removal = Removal::Cookies {
            rest: Zeroizing::new(b"a=1".to_vec()),
        };
        let answer = read(&allowed(pass(removal), &refused(Denial::LimitReached)));
        assert_eq!(answer.status.unwrap().code, 0);
        let Some(HttpResponse::OkResponse(ok)) = answer.http_response else {
            panic!("the call does not go on");
        };
        assert_eq!(
            headers(&ok.headers),
            [("x-key-id", "7a6f", 2), ("cookie", "a=1", 2)]
        );
        assert_eq!(
            headers(&ok.response_headers_to_add),
            [("x-ratelimit-limit", "9", 2)]
        );
        let unset = ["x-plan", "x-consumer", "x-product", "x_plan"];
        assert_eq!(ok.headers_to_remove, unset);

        let header = Removal::Header {
            name: "authorization".to_owned(),
        };
        let query = Removal::Query {
            names: vec!["api_key".to_owned()],
            rest: None,
        };
        for (removal, header, parameters) in [(header, true, 0), (query, false, 1)] {
            let answer = read(&allowed(pass(removal), &refused(Denial::LimitReached)));
            let Some(HttpResponse::OkResponse(ok)) = answer.http_response else {
                panic!("the call does not go on");
            };
            let removed = ok.headers_to_remove.iter().any(|name| name == "authorization");
            assert_eq!(
                (removed, ok.query_parameters_to_remove.len()),
                (header, parameters)
            );
        }
    }

    #[test]
    fn a_refusal_is_read_with_its_challenges_its_body_and_its_code() {
        let challenge = (http::header::WWW_AUTHENTICATE, HeaderValue::from_static("APIKEY"));
        let refusal = Refusal {
            status: StatusCode::UNAUTHORIZED,
            headers: vec![challenge.clone(), challenge],
            problem: Problem::new(Denial::InvalidKey, "id".to_owned()),
        };
        let answer = read(&denied(&refusal, Some(&refused(Denial::InvalidKey))));
        assert_eq!(answer.status.unwrap().code, 16);
        let fields = answer.dynamic_metadata.unwrap().fields;
        let code = fields["code"].kind.clone();
        assert_eq!(code, Some(Kind::StringValue("invalid_key".to_owned())));
        let Some(HttpResponse::DeniedResponse(denied)) = answer.http_response else {
            panic!("the call goes on");
        };
        assert_eq!(denied.status.unwrap().code, 401);
        let challenge = ("www-authenticate", "APIKEY", 0);
        assert_eq!(headers(&denied.headers)[..2], [challenge, challenge]);
        assert_eq!(denied.body, refusal.problem.to_json());
    }
}
