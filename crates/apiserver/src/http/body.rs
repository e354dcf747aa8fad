//! Request bodies, bounded.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::status::Refusal;

/// As on a real server.
const MAX_BODY: usize = 3 << 20;

/// Reads a whole body.
///
/// # Errors
/// 413 if it is too large, 400 if it breaks off.
pub(super) async fn read(body: Body) -> Result<Bytes, Refusal> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Refusal::too_large(&format!("limit is {MAX_BODY}")))
        }
        Err(error) => Err(Refusal::bad_request(format!(
            "failed to read the request's body: {error}"
        ))),
    }
}
