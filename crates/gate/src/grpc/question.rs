//! What Envoy asks: of `envoy.service.auth.v3.CheckRequest` the fields that decide something. The others are skipped,
//! and headers stay where they arrived.

use std::borrow::Cow;

use bytes::Bytes;
use prost::Message;

use crate::headers::{self, Headers};

/// `CheckRequest`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Question {
    #[prost(message, optional, tag = "1")]
    attributes: Option<Attributes>,
}

/// `AttributeContext`.
#[derive(Clone, PartialEq, Message)]
struct Attributes {
    #[prost(message, optional, tag = "4")]
    request: Option<Request>,
}

/// `AttributeContext.Request`.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, optional, tag = "2")]
    http: Option<HttpRequest>,
}

/// `AttributeContext.HttpRequest`: the call.
#[derive(Clone, PartialEq, Message)]
pub(super) struct HttpRequest {
    #[prost(string, tag = "2")]
    pub(super) method: String,
    /// A map on the wire, which is nothing else than this.
    #[prost(message, repeated, tag = "3")]
    headers: Vec<Header>,
    #[prost(string, tag = "4")]
    pub(super) path: String,
    #[prost(string, tag = "5")]
    pub(super) host: String,
    #[prost(string, tag = "6")]
    pub(super) scheme: String,
    #[prost(message, optional, tag = "13")]
    header_map: Option<RawHeaders>,
}

#[derive(Clone, PartialEq, Message)]
struct Header {
    #[prost(bytes = "bytes", tag = "1")]
    name: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// `HeaderMap`, where Envoy was told to send headers as raw bytes (`encode_raw_headers`).
#[derive(Clone, PartialEq, Message)]
struct RawHeaders {
    #[prost(message, repeated, tag = "1")]
    headers: Vec<RawHeader>,
}

#[derive(Clone, PartialEq, Message)]
struct RawHeader {
    #[prost(bytes = "bytes", tag = "1")]
    name: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    raw_value: Bytes,
}

impl Question {
    /// The call that it is about, if it is about one.
    pub(super) fn into_call(self) -> Option<HttpRequest> {
        self.attributes?.request?.http
    }
}

impl HttpRequest {
    /// Takes the headers out, in whichever way they were sent.
    pub(super) fn take_headers(&mut self) -> Sorted {
        let mut headers = std::mem::take(&mut self.headers);
        let raw = self.header_map.take().into_iter().flat_map(|map| map.headers);
        headers.extend(raw.map(|header| Header {
            name: header.name.to_ascii_lowercase().into(),
            value: if header.raw_value.is_empty() {
                header.value
            } else {
                as_text(header.raw_value)
            },
        }));
        // Of one name they stay in their order.
        headers.sort_by(|a, b| a.name.cmp(&b.name));
        Sorted(headers)
    }
}

/// As Envoy itself sends what is not UTF-8, unless it is told to send raw bytes.
fn as_text(value: Bytes) -> Bytes {
    match String::from_utf8_lossy(&value) {
        Cow::Borrowed(_) => value,
        Cow::Owned(text) => text.replace('\u{fffd}', "!").into(),
    }
}

/// Headers by name.
pub(super) struct Sorted(Vec<Header>);

impl Sorted {
    /// None at all.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }
}

impl Headers for Sorted {
    fn get(&self, lower_name: &str) -> Option<Cow<'_, [u8]>> {
        let from = self
            .0
            .partition_point(|header| *header.name < *lower_name.as_bytes());
        let named = self.0[from..]
            .iter()
            .take_while(|header| header.name == lower_name);
        headers::joined(lower_name, named.map(|header| &*header.value))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter_map(|header| std::str::from_utf8(&header.name).ok())
    }

    fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|header| {
            let name = std::str::from_utf8(&header.name).ok()?;
            Some((name, std::str::from_utf8(&header.value).ok()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use envoy_types::ext_authz::v3::pb::CheckRequest;
    use envoy_types::pb::envoy::config::core::v3::{HeaderMap, HeaderValue};
    use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
    use envoy_types::pb::envoy::service::auth::v3::attribute_context;

    use super::*;

    /// What is read of a question as Envoy's own definitions write it.
    fn read(http: attribute_context::HttpRequest) -> HttpRequest {
        let request = attribute_context::Request {
            http: Some(http),
            ..Default::default()
        };
        let question = CheckRequest {
            attributes: Some(AttributeContext {
                request: Some(request),
                context_extensions: HashMap::from([("route".to_owned(), "one".to_owned())]),
                ..AttributeContext::default()
            }),
        };
        let question = Question::decode(question.encode_to_vec().as_slice()).unwrap();
        question.into_call().unwrap()
    }

    fn get(headers: &Sorted, name: &str) -> Option<String> {
        let value = headers.get(name)?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    #[test]
    fn a_call_is_read_as_envoy_writes_it() {
        let text = str::to_owned;
        let mut call = read(attribute_context::HttpRequest {
            id: text("7"),
            method: text("GET"),
            path: text("/a?b"),
            host: text("api.example.com"),
            scheme: text("https"),
            body: text("not looked at"),
            headers: HashMap::from([(text("x-key"), text("k")), (text("accept"), text("*/*"))]),
            ..Default::default()
        });
        let line = [&call.method, &call.path, &call.host, &call.scheme];
        assert_eq!(line, ["GET", "/a?b", "api.example.com", "https"]);
        let headers = call.take_headers();
        assert_eq!(get(&headers, "x-key").as_deref(), Some("k"));
        assert_eq!(get(&headers, "x-ke"), None);
        assert_eq!(headers.names().collect::<Vec<_>>(), ["accept", "x-key"]);
    }

    #[test]
    fn raw_headers_are_read_as_the_others_would_have_come() {
        let raw = |name: &str, value: &[u8]| HeaderValue {
            key: name.to_owned(),
            raw_value: value.to_vec(),
            ..HeaderValue::default()
        };
        let mut call = read(attribute_context::HttpRequest {
            header_map: Some(HeaderMap {
                headers: vec![
                    raw("X-Key", b"a"),
                    raw("x-key", b"b\xff"),
                    raw("cookie", b"a=1"),
                    raw("cookie", b"b=2"),
                ],
            }),
            ..Default::default()
        });
        let headers = call.take_headers();
        assert_eq!(get(&headers, "x-key").as_deref(), Some("a,b!"));
        assert_eq!(get(&headers, "cookie").as_deref(), Some("a=1; b=2"));
    }
}
