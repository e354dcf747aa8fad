//! Request bodies, bounded.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::status::Refusal;

/// As on a real server.
const MAX_BODY: usize = 3 << 20;

/// A client that sends more slowly holds a place that others need.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a whole body.
///
/// # Errors
/// 413 if it is too large, 400 if it breaks off or takes too long.
pub(super) async fn read(body: Body) -> Result<Bytes, Refusal> {
    let whole = Limited::new(body, MAX_BODY).collect();
    let Ok(read) = tokio::time::timeout(TIMEOUT, whole).await else {
        let seconds = TIMEOUT.as_secs();
        return Err(Refusal::bad_request(format!(
            "the request's body did not arrive within {seconds} s"
        )));
    };
    match read {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Refusal::too_large(&format!("limit is {MAX_BODY}")))
        }
        Err(error) => Err(Refusal::bad_request(format!(
            "failed to read the request's body: {error}"
        ))),
    }
}
