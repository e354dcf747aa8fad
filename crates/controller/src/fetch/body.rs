//! Reading a body within a limit, packed or not.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::GzDecoder;
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_LENGTH},
};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};

use super::error::FetchError;

/// The text of `body`: at most `limit` bytes as sent, and at most `limit` unpacked.
pub(super) async fn read(headers: &HeaderMap, body: Incoming, limit: u64) -> Result<String, FetchError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(FetchError::TooLarge(limit));
    }
    let packing = headers
        .get(CONTENT_ENCODING)
        .map_or(&b"identity"[..], http::HeaderValue::as_bytes);
    let bytes = if packing.eq_ignore_ascii_case(b"gzip") {
        unpack(body, limit).await?
    } else if packing.eq_ignore_ascii_case(b"identity") {
        let mut plain = Bounded::new(limit);
        pump(body, limit, &mut plain).await?;
        plain.kept
    } else {
        return Err(FetchError::Unpack(io::Error::other("neither gzip nor plain")));
    };
    String::from_utf8(bytes).map_err(|_| FetchError::NotText)
}

async fn unpack(body: Incoming, limit: u64) -> Result<Vec<u8>, FetchError> {
    let mut decoder = GzDecoder::new(Bounded::new(limit));
    let pumped = pump(body, limit, &mut decoder).await;
    let finished = pumped.and_then(|()| decoder.try_finish().map_err(FetchError::Unpack));
    if decoder.get_ref().overflowed {
        return Err(FetchError::TooLarge(limit));
    }
    finished?;
    Ok(std::mem::take(&mut decoder.get_mut().kept))
}

/// Moves `body` into `sink` until it ends or more than `limit` bytes came.
async fn pump<B>(mut body: B, limit: u64, sink: &mut impl Write) -> Result<(), FetchError>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    let mut came = 0_u64;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(FetchError::ReadBody)?.into_data() else {
            continue;
        };
        came = came.saturating_add(data.len() as u64);
        if came > limit {
            return Err(FetchError::TooLarge(limit));
        }
        sink.write_all(&data).map_err(FetchError::Unpack)?;
    }
    Ok(())
}

/// Keeps at most so many bytes and refuses the rest, so that a bomb stops unpacking where it passes the limit.
struct Bounded {
    kept: Vec<u8>,
    limit: u64,
    overflowed: bool,
}

impl Bounded {
    fn new(limit: u64) -> Self {
        Self {
            kept: Vec::new(),
            limit,
            overflowed: false,
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.kept.len() as u64 + bytes.len() as u64 > self.limit {
            self.overflowed = true;
            return Err(io::Error::other("larger than the limit"));
        }
        self.kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
