//! What this server says when it does not do what was asked: a `metav1.Status`.
//!
//! Every refusal there is stands in `refusals`, in the words of a real kube-apiserver.

mod refusals;

use std::fmt;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use keydesk_schema::Violation;
use serde::Serialize;
use serde_json::{Value, json};

/// What the server answers instead of doing what was asked.
#[derive(Debug, Clone)]
pub struct Refusal(Box<Status>);

#[derive(Debug, Clone)]
struct Status {
    code: StatusCode,
    reason: Reason,
    message: String,
    details: Details,
    continue_token: String,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    uid: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
}

/// One of several things wrong with an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Machine-readable, e.g. `FieldValueInvalid`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// For people, without the field.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// `spec.list[0].name`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// `metav1.StatusReason`: what clients branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each is the reason of that name in metav1")]
pub enum Reason {
    AlreadyExists,
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    InternalError,
    Invalid,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    RequestEntityTooLarge,
    ServiceUnavailable,
    Timeout,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
}

impl Refusal {
    fn new(code: StatusCode, reason: Reason, message: impl Into<String>) -> Self {
        Self(Box::new(Status {
            code,
            reason,
            message: message.into(),
            details: Details::default(),
            continue_token: String::new(),
        }))
    }

    fn about(mut self, group: &str, kind: &str, name: &str) -> Self {
        group.clone_into(&mut self.0.details.group);
        kind.clone_into(&mut self.0.details.kind);
        name.clone_into(&mut self.0.details.name);
        self
    }

    /// The same refusal with its causes told one by one.
    #[must_use]
    pub fn because(mut self, causes: Vec<Cause>) -> Self {
        self.0.details.causes = causes;
        self
    }

    /// The same refusal, asking the client to come back after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.details.retry_after_seconds = Some(seconds);
        self
    }

    /// The same refusal with a token for going on where a list broke off.
    #[must_use]
    pub(crate) fn with_continue(mut self, token: String) -> Self {
        self.0.continue_token = token;
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn code(&self) -> StatusCode {
        self.0.code
    }

    /// The machine-readable reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// The name of the object that it is about, if it is about one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.details.name
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The `v1` Status object, as it goes over the wire.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let Status {
            code,
            reason,
            message,
            details,
            continue_token,
        } = self.0.as_ref();
        let mut metadata = json!({});
        if !continue_token.is_empty() {
            metadata["continue"] = json!(continue_token);
        }
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata,
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code.as_u16(),
        });
        let details = json!(details);
        if details.as_object().is_some_and(|details| !details.is_empty()) {
            status["details"] = details;
        }
        status
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.field, self.message)
        }
    }
}

impl From<&Violation> for Cause {
    fn from(violation: &Violation) -> Self {
        Self {
            reason: violation.kind.reason().to_owned(),
            message: violation.body(),
            field: violation.field.clone(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.0.code, self.to_value().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.0.details.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
