//! What the door itself refuses, and what it says when nobody opens behind it.

use axum::body::Body;
use http::{Response, StatusCode};
use keydesk_core::Denial;

use crate::http::problem_answer;
use crate::reply::Problem;

/// Why a request was not passed on, or brought no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// No host, or several; or no path that could be passed on.
    Malformed,
    /// It asks to go on in another protocol.
    Upgrade,
    /// A path of ours under which there is nothing.
    NoRoute,
    /// The upstream took no connection, or broke it off before it answered.
    Unreachable,
    /// The upstream did not begin to answer in time.
    Timeout,
}

impl Refusal {
    fn code(self) -> &'static str {
        match self {
            Self::Malformed => Denial::BadRequest.code(),
            Self::NoRoute => Denial::NoRoute.code(),
            Self::Upgrade => "upgrade_not_supported",
            Self::Unreachable => "upstream_unreachable",
            Self::Timeout => "upstream_timeout",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::Upgrade => StatusCode::NOT_IMPLEMENTED,
            Self::Unreachable => StatusCode::BAD_GATEWAY,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    fn sentence(self) -> String {
        match self {
            Self::Malformed => Denial::BadRequest.to_string(),
            Self::NoRoute => Denial::NoRoute.to_string(),
            Self::Upgrade => {
                "connections cannot be upgraded here: call this API without the header Upgrade".to_owned()
            }
            Self::Unreachable => "the API behind this gate cannot be reached: try again later".to_owned(),
            Self::Timeout => "the API behind this gate did not answer in time: try again later".to_owned(),
        }
    }

    /// As a problem (RFC 9457).
    pub(super) fn into_response(self, id: String) -> Response<Body> {
        problem_answer(&Problem::of(self.status(), self.code(), self.sentence(), id))
    }
}
