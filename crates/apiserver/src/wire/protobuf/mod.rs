//! `application/vnd.kubernetes.protobuf`: the magic `k8s\0`, then a `runtime.Unknown` whose `raw` is the object.
//!
//! Decoding is one generic walk ([`mod@decode`]) over tables of field numbers (one file for each API group); it knows
//! nothing of what the fields mean. The tables are held to the published bindings (`k8s-pb`) by tests.

mod apiextensions;
mod coordination;
mod core;
mod decode;
mod events;
mod message;
mod meta;
mod rbac;
mod reviews;
#[cfg(test)]
mod tests;

use serde_json::Value;
use thiserror::Error;

use self::message::Message;

/// The media type of these bodies.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// What every such body starts with.
const MAGIC: &[u8; 4] = b"k8s\0";

/// Why a protobuf body cannot be read. All of them are the client's fault (HTTP 400).
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub(crate) enum ProtobufError {
    /// The body does not start with `k8s\0`.
    #[error("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")]
    NoMagic,
    /// The envelope names a kind that this server has no table for.
    #[error("no kind {kind:?} is registered for version {api_version:?}")]
    UnknownKind {
        /// `apiVersion` of the envelope.
        api_version: String,
        /// `kind` of the envelope.
        kind: String,
    },
    /// The envelope says that its content is encoded in another way.
    #[error("unable to decode protobuf: unsupported content encoding {0:?}")]
    Encoding(String),
    /// A key, length or value breaks off or is not what the table says.
    #[error("unable to decode protobuf: field {field:?}: {problem}")]
    Malformed {
        /// Dotted path of the field.
        field: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Reads one protobuf body into the JSON value that the same object has in JSON.
///
/// # Errors
/// Every malformed or unknown body; see [`ProtobufError`].
pub(crate) fn decode(body: &[u8]) -> Result<Value, ProtobufError> {
    let envelope = body.strip_prefix(MAGIC).ok_or(ProtobufError::NoMagic)?;
    let envelope = decode::envelope(envelope)?;
    if !envelope.content_encoding.is_empty() {
        return Err(ProtobufError::Encoding(envelope.content_encoding));
    }
    let Some(message) = table(&envelope.api_version, &envelope.kind) else {
        return Err(ProtobufError::UnknownKind {
            api_version: envelope.api_version,
            kind: envelope.kind,
        });
    };
    let mut object = decode::message(message, envelope.raw)?;
    object.insert("apiVersion".into(), envelope.api_version.into());
    object.insert("kind".into(), envelope.kind.into());
    Ok(Value::Object(object))
}

/// The table of a kind.
fn table(api_version: &str, kind: &str) -> Option<&'static Message> {
    Some(match (api_version, kind) {
        // Clients label the options of a deletion with the group that they delete from.
        (_, "DeleteOptions") => &meta::DELETE_OPTIONS,
        ("v1", "Namespace") => &core::NAMESPACE,
        ("v1", "Secret") => &core::SECRET,
        ("v1", "ConfigMap") => &core::CONFIG_MAP,
        ("v1", "ServiceAccount") => &core::SERVICE_ACCOUNT,
        ("v1", "Service") => &core::SERVICE,
        ("v1", "Event") => &events::CORE_EVENT,
        ("events.k8s.io/v1", "Event") => &events::EVENT,
        ("coordination.k8s.io/v1", "Lease") => &coordination::LEASE,
        ("rbac.authorization.k8s.io/v1", "Role") => &rbac::ROLE,
        ("rbac.authorization.k8s.io/v1", "ClusterRole") => &rbac::CLUSTER_ROLE,
        ("rbac.authorization.k8s.io/v1", "RoleBinding" | "ClusterRoleBinding") => &rbac::BINDING,
        ("authentication.k8s.io/v1", "TokenReview") => &reviews::TOKEN_REVIEW,
        ("authentication.k8s.io/v1", "SelfSubjectReview") => &reviews::SELF_SUBJECT_REVIEW,
        ("authorization.k8s.io/v1", "SubjectAccessReview" | "LocalSubjectAccessReview") => {
            &reviews::SUBJECT_ACCESS_REVIEW
        }
        ("authorization.k8s.io/v1", "SelfSubjectAccessReview") => &reviews::SELF_SUBJECT_ACCESS_REVIEW,
        ("authorization.k8s.io/v1", "SelfSubjectRulesReview") => &reviews::SELF_SUBJECT_RULES_REVIEW,
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition") => &apiextensions::CUSTOM_RESOURCE_DEFINITION,
        _ => return None,
    })
}
