//! Request bodies, bounded.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::room::Claim;
use crate::status::Refusal;

/// As on a real server.
const MAX_BODY: usize = 3 << 20;

/// A client that sends more slowly holds a place that others need.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A body that is yet to be read, and the claim to room for it.
pub(super) struct Upload<'a> {
    body: Limited<Body>,
    claim: &'a Claim<'a>,
}

impl<'a> Upload<'a> {
    pub(super) fn new(body: Body, claim: &'a Claim<'a>) -> Self {
        Self {
            body: Limited::new(body, MAX_BODY),
            claim,
        }
    }

    /// Reads the whole body.
    ///
    /// # Errors
    /// 413 if it is too large, 429 if there is no room for it now, 400 if it breaks off or takes too long.
    pub(super) async fn read(self) -> Result<Bytes, Refusal> {
        tokio::time::timeout(TIMEOUT, self.collect())
            .await
            .unwrap_or_else(|_| {
                let seconds = TIMEOUT.as_secs();
                Err(Refusal::bad_request(format!(
                    "the request's body did not arrive within {seconds} s"
                )))
            })
    }

    async fn collect(mut self) -> Result<Bytes, Refusal> {
        let mut whole = BytesMut::new();
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    Refusal::too_large(&format!("limit is {MAX_BODY}"))
                } else {
                    Refusal::bad_request(format!("failed to read the request's body: {error}"))
                }
            })?;
            if let Ok(data) = frame.into_data() {
                self.claim.take(data.len())?;
                whole.extend_from_slice(&data);
            }
        }
        Ok(whole.freeze())
    }
}
