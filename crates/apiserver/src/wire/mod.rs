//! Encodings of request bodies beyond JSON and YAML.
//!
//! kubectl sends some of its writes (`create secret`, `create role`, `auth can-i`, …) as Kubernetes protobuf and
//! has no fall-back. Bodies are read into the same JSON values as everything else; answers are never protobuf.

pub(crate) mod protobuf;
