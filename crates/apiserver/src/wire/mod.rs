//! What goes over the wire beyond JSON objects: protobuf bodies, documents that clients cache.
//!
//! kubectl sends some of its writes (`create secret`, `create role`, `auth can-i`, …) as Kubernetes protobuf and
//! has no fall-back. Bodies are read into the same JSON values as everything else; answers are never protobuf.

pub(crate) mod document;
pub(crate) mod protobuf;

use http::{HeaderMap, header};

/// The format that the headers of a body name, without its parameters; empty where they name none.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let content_type = headers.get(header::CONTENT_TYPE);
    let named = content_type.and_then(|value| value.to_str().ok());
    named
        .and_then(|named| named.split(';').next())
        .unwrap_or_default()
        .trim()
}
