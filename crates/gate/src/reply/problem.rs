//! The body of a refusal (RFC 9457).

use http::StatusCode;
use keydesk_core::Denial;
use serde::Serialize;

use crate::headers::Headers;

/// The longest request id that is taken over.
const MAX_ID: usize = 128;

/// What was refused and why, as the caller may know it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    request_id: String,
}

impl Problem {
    /// The type of its media.
    pub(crate) const MEDIA_TYPE: &'static str = "application/problem+json";

    pub(crate) fn new(denial: Denial, request_id: String) -> Self {
        let status = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::FORBIDDEN);
        Self::of(status, denial.code(), denial.to_string(), request_id)
    }

    /// One that is no refusal of a call.
    pub(crate) fn of(status: StatusCode, code: &'static str, detail: String, request_id: String) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail,
            code,
            request_id,
        }
    }

    /// The status that it speaks of.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::FORBIDDEN)
    }

    pub(crate) fn to_json(&self) -> String {
        // Texts and a number always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What the proxy calls the request, if it is fit to be repeated; else a new name.
pub(crate) fn request_id(headers: &(impl Headers + ?Sized)) -> String {
    let given = headers.get("x-request-id");
    let given = given.as_deref().and_then(|id| std::str::from_utf8(id).ok());
    given
        .filter(|id| !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(is_plain))
        .map_or_else(new_id, str::to_owned)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte)
}

fn new_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}
