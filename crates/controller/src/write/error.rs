//! Why a request to the API server came to nothing, and what that means for whoever asked.

use keydesk_core::NamespacedName;
use thiserror::Error;

use super::{Object, kind};

/// Why an object was not read or written.
#[derive(Debug, Error)]
pub(crate) enum WriteError {
    /// The API server did not do it.
    #[error("failed to {attempt} {kind} {id}")]
    Request {
        /// A verb.
        attempt: &'static str,
        /// The kind of the object.
        kind: String,
        /// The object.
        id: NamespacedName,
        /// Why.
        source: Box<kube::Error>,
    },
    /// The API server did not list them.
    #[error("failed to list {kind} objects of namespace {namespace}")]
    List {
        /// The kind of the objects.
        kind: String,
        /// Where they are.
        namespace: String,
        /// Why.
        source: Box<kube::Error>,
    },
    /// We wrote it a moment ago, and it was planned for as it was before.
    #[error("failed to {attempt} {kind} {id}: it has changed meanwhile")]
    Overtaken {
        /// A verb.
        attempt: &'static str,
        /// The kind of the object.
        kind: String,
        /// The object.
        id: NamespacedName,
    },
}

impl WriteError {
    /// Whether the object merely is not as it was seen any more: then its next version is on its way here.
    pub(crate) fn is_stale(&self) -> bool {
        match self {
            Self::Overtaken { .. } => true,
            Self::List { .. } => false,
            Self::Request { source, .. } => {
                matches!(&**source, kube::Error::Api(status) if matches!(status.code, 404 | 409))
            }
        }
    }

    /// Why the API server refused for good, if it did: its word for it, without any text that might repeat contents.
    pub(crate) fn rejection(&self) -> Option<String> {
        let Self::Request { source, .. } = self else {
            return None;
        };
        match &**source {
            kube::Error::Api(status) if matches!(status.code, 400 | 403 | 413 | 422) => {
                Some(status.reason.clone())
            }
            _ => None,
        }
    }

    /// Whether the object is larger than the API server takes, or the etcd behind it.
    pub(crate) fn is_too_large(&self) -> bool {
        let Self::Request { source, .. } = self else {
            return false;
        };
        matches!(&**source, kube::Error::Api(status) if status.code == 413 || status.message.contains(TOO_LARGE))
    }

    /// Whether it is a Secret that nobody can change any more.
    pub(crate) fn is_immutable(&self) -> bool {
        let Self::Request { source, .. } = self else {
            return false;
        };
        matches!(&**source, kube::Error::Api(status) if status.code == 422 && status.message.contains(IMMUTABLE))
    }

    /// Whether our role does not let us.
    pub(crate) fn is_forbidden(&self) -> bool {
        match self {
            Self::List { .. } | Self::Overtaken { .. } => false,
            Self::Request { source, .. } => {
                matches!(&**source, kube::Error::Api(status) if status.code == 403)
            }
        }
    }

    pub(super) fn request<K: Object>(
        attempt: &'static str,
        id: &NamespacedName,
        source: kube::Error,
    ) -> Self {
        Self::Request {
            attempt,
            kind: kind::<K>(),
            id: id.clone(),
            source: Box::new(discreet::<K>(source)),
        }
    }

    pub(super) fn list<K: Object>(namespace: &str, source: kube::Error) -> Self {
        Self::List {
            kind: kind::<K>(),
            namespace: namespace.to_owned(),
            source: Box::new(discreet::<K>(source)),
        }
    }

    pub(super) fn overtaken<K: Object>(attempt: &'static str, id: &NamespacedName) -> Self {
        Self::Overtaken {
            attempt,
            kind: kind::<K>(),
            id: id.clone(),
        }
    }
}

/// How etcd says that an object is too large, whatever the code.
const TOO_LARGE: &str = "request is too large";

/// How the API server says that a Secret is immutable.
const IMMUTABLE: &str = "field is immutable when `immutable` is set";

/// A failure, of a Secret without its words.
fn discreet<K: Object>(error: kube::Error) -> kube::Error {
    if kind::<K>() == "Secret" {
        without_words(error)
    } else {
        error
    }
}

/// A failure without the text that came with it: of an object with a key value in it an admission webhook may have quoted any
/// part, and whoever cannot decode it quotes what is in its place.
fn without_words(error: kube::Error) -> kube::Error {
    let mut status = match error {
        kube::Error::Api(status) => status,
        kube::Error::SerdeError(_) => {
            let words = "(what is in a Secret that cannot be decoded is not repeated)";
            return kube::Error::SerdeError(serde::de::Error::custom(words));
        }
        error => return error,
    };
    let mut known = [TOO_LARGE, IMMUTABLE].into_iter();
    let words = known.find(|words| status.message.contains(words));
    let words = words.unwrap_or("(what the API server says of a Secret is not repeated)");
    status.message = String::from(words);
    status.details = None;
    kube::Error::Api(status)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Secret;

    use super::*;

    #[test]
    fn what_is_in_a_secret_that_cannot_be_decoded_is_told_nobody() {
        let id = NamespacedName::new("guest", "secret");
        for body in [r#"{"data":{"api_key":77123456}}"#, r#"{"data":"MARKER77123456"}"#] {
            let error = serde_json::from_str::<Secret>(body).unwrap_err();
            assert!(error.to_string().contains("77123456"));
            let error = WriteError::request::<Secret>("read", &id, kube::Error::SerdeError(error));
            let told = keydesk_process::chain(&error).to_string();
            assert!(
                told.contains("guest/secret") && !told.contains("77123456"),
                "{told}"
            );
        }
    }
}
