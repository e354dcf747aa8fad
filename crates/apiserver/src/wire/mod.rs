//! What goes over the wire beyond JSON objects: protobuf bodies, documents that clients cache.
//!
//! kubectl sends some of its writes (`create secret`, `create role`, `auth can-i`, …) as Kubernetes protobuf and
//! has no fall-back. Bodies are read into the same JSON values as everything else; answers are never protobuf.

pub(crate) mod document;
pub(crate) mod protobuf;
