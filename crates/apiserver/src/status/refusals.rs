//! Every refusal of this server, one constructor each.

use std::fmt;

use http::StatusCode;

use super::{Cause, Reason, Refusal};

/// `apikeys.devportal.kuadrant.io`, or `secrets` in the core group.
fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() {
        name.to_owned()
    } else {
        format!("{name}.{group}")
    }
}

impl Refusal {
    /// 404: no object of that name.
    #[must_use]
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {name:?} not found", qualified(resource, group));
        Self::new(StatusCode::NOT_FOUND, Reason::NotFound, message).about(group, resource, name)
    }

    /// 404: nothing is served at this path.
    #[must_use]
    pub fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            Reason::NotFound,
            "the server could not find the requested resource",
        )
    }

    /// 409: create of what is there.
    #[must_use]
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", qualified(resource, group));
        Self::new(StatusCode::CONFLICT, Reason::AlreadyExists, message).about(group, resource, name)
    }

    /// 409: the object is not in the state that the caller assumed.
    #[must_use]
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: {why}",
            qualified(resource, group)
        );
        Self::new(StatusCode::CONFLICT, Reason::Conflict, message).about(group, resource, name)
    }

    /// 409: a write with a resourceVersion that is not the newest.
    #[must_use]
    pub fn modified(group: &str, resource: &str, name: &str) -> Self {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(group, resource, name, why)
    }

    /// 403 in general: `secrets "x" is forbidden: why`.
    #[must_use]
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let resource_name = qualified(resource, group);
        let message = match (resource_name.is_empty(), name.is_empty()) {
            (true, _) => format!("forbidden: {why}"),
            (false, true) => format!("{resource_name} is forbidden: {why}"),
            (false, false) => format!("{resource_name} {name:?} is forbidden: {why}"),
        };
        Self::new(StatusCode::FORBIDDEN, Reason::Forbidden, message).about(group, resource, name)
    }

    /// 422: the object breaks the rules of its kind.
    #[must_use]
    pub fn invalid(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> Self {
        let all: Vec<String> = causes.iter().map(ToString::to_string).collect();
        let list = match all.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let message = format!("{} {name:?} is invalid: {list}", qualified(kind, group));
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Reason::Invalid, message)
            .about(group, kind, name)
            .because(causes)
    }

    /// 422: the options of a request (`ListOptions`, `DeleteOptions`) break their rules.
    #[must_use]
    pub(crate) fn invalid_options(kind: &str, cause: Cause) -> Self {
        Self::invalid("meta.k8s.io", kind, "", vec![cause])
    }

    /// 400.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Reason::BadRequest, message)
    }

    /// 401: no token, or one that nobody holds.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Reason::Unauthorized, "Unauthorized")
    }

    /// 405: the kind has no such verb.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Reason::MethodNotAllowed, message)
    }

    /// 403: creating in a namespace that is going.
    #[must_use]
    pub(crate) fn namespace_terminating(group: &str, resource: &str, name: &str, namespace: &str) -> Self {
        let why =
            format!("unable to create new content in namespace {namespace} because it is being terminated");
        Self::forbidden(group, resource, name, &why).because(vec![Cause {
            reason: "NamespaceTerminating".into(),
            message: format!("namespace {namespace} is being terminated"),
            field: "metadata.namespace".into(),
        }])
    }

    /// 405 in own words.
    #[must_use]
    pub(crate) fn method_not_allowed_because(group: &str, resource: &str, why: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Reason::MethodNotAllowed, why).about(group, resource, "")
    }

    /// 422 for a patch that does not fit.
    #[must_use]
    pub(crate) fn unfit_patch(why: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Reason::Invalid, why)
    }

    /// 406.
    #[must_use]
    pub fn not_acceptable(accepted: &[&str]) -> Self {
        let message = format!(
            "only the following media types are accepted: {}",
            accepted.join(", ")
        );
        Self::new(StatusCode::NOT_ACCEPTABLE, Reason::NotAcceptable, message)
    }

    /// 415.
    #[must_use]
    pub fn unsupported_media_type(accepted: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            accepted.join(", ")
        );
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Reason::UnsupportedMediaType,
            message,
        )
    }

    /// 415 in own words: a body format that this server will only know later.
    #[must_use]
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Reason::UnsupportedMediaType,
            message,
        )
    }

    /// 413.
    #[must_use]
    pub fn too_large(why: &str) -> Self {
        let message = format!("Request entity too large: {why}");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            Reason::RequestEntityTooLarge,
            message,
        )
    }

    /// 429: there is too much under way; come back in a second.
    #[must_use]
    pub fn too_many_requests() -> Self {
        let message = "Too many requests, please try again later.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, Reason::TooManyRequests, message).retry_after(1)
    }

    /// 410: the history that this would need is gone; list again.
    #[must_use]
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, Reason::Expired, message)
    }

    /// 504 with the cause that tells clients their resourceVersion is from the future.
    #[must_use]
    pub fn too_large_resource_version(asked: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        Self::new(StatusCode::GATEWAY_TIMEOUT, Reason::Timeout, message)
            .because(vec![Cause {
                reason: "ResourceVersionTooLarge".into(),
                message: "Too large resource version".into(),
                field: String::new(),
            }])
            .retry_after(1)
    }

    /// 500: an accident of ours. The cause belongs in the log, not in here.
    #[must_use]
    pub fn internal(message: impl fmt::Display) -> Self {
        let message = format!("Internal error occurred: {message}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Reason::InternalError, message)
    }

    /// 503: not now.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Reason::ServiceUnavailable,
            message,
        )
    }
}
