//! The answer of an API server that did not do what it was asked.

use std::fmt;

use serde_json::Value;

/// A failure `Status`, as the wire carried it.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// HTTP status code.
    pub code: u16,
    /// `reason`, e.g. `NotFound`.
    pub reason: String,
    /// `message`, as kubectl prints it.
    pub message: String,
    /// The fields that `details.causes` names, in order.
    pub fields: Vec<String>,
}

impl Refused {
    /// Reads the body of an answer with a failure code.
    #[must_use]
    pub fn parse(code: u16, body: &[u8]) -> Self {
        let status: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |field: &str| status[field].as_str().unwrap_or_default().to_owned();
        let causes = status["details"]["causes"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let message = match status["message"].as_str() {
            Some(message) => message.to_owned(),
            None => String::from_utf8_lossy(body).into_owned(),
        };
        Self {
            code,
            reason: text("reason"),
            message,
            fields: causes
                .iter()
                .filter_map(|cause| cause["field"].as_str().map(str::to_owned))
                .collect(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.reason, self.message)
    }
}

impl std::error::Error for Refused {}
