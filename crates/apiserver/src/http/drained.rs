//! A body that is read to its end even if nobody wants what is in it.
//!
//! An answer may be ready before the request has arrived. Over HTTP/2 a body that is dropped resets its stream, and
//! clients then lose the answer: so the rest is read and thrown away, within bounds.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

/// What is thrown away at most; who sends more is cut off.
const MAX_BYTES: usize = 32 << 20;
const TIMEOUT: Duration = Duration::from_secs(10);

/// A body, and the promise to take all of it.
pub(super) struct Drained(Body);

impl Drained {
    pub(super) fn new(body: Body) -> Self {
        Self(body)
    }
}

impl http_body::Body for Drained {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let mut body = std::mem::take(&mut self.0);
        if body.is_end_stream() {
            return;
        }
        // Without a runtime nothing is connected any more.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(TIMEOUT, async move {
                let mut left = MAX_BYTES;
                while let Some(Ok(frame)) = body.frame().await {
                    match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                        Some(less) => left = less,
                        None => break,
                    }
                }
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::StreamExt as _;

    use super::*;

    /// How many of `chunks` megabytes are taken from a body that nobody reads.
    async fn taken(chunks: usize) -> usize {
        let (taken, (ended, end)) = (
            Arc::new(AtomicUsize::new(0)),
            tokio::sync::oneshot::channel::<()>(),
        );
        let counted = Arc::clone(&taken);
        let stream = futures::stream::iter(0..chunks).map(move |_| {
            let _until_dropped = &ended;
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(Bytes::from(vec![0; 1 << 20]))
        });
        drop(Drained::new(Body::from_stream(stream)));
        // The stream is dropped when the drain is over, and the sender with it.
        assert!(end.await.is_err());
        taken.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn what_nobody_reads_is_taken_to_its_end_but_not_without_end() {
        assert_eq!(taken(5).await, 5);
        assert_eq!(taken(1_000).await, 33);
    }
}
