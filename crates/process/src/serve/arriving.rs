//! The body of a request, which has to arrive in time.
//!
//! An answer may be ready before the request has arrived. Over HTTP/2 a body that is dropped resets its stream, and
//! clients then lose the answer: so the rest is read and thrown away, within bounds. Over HTTP/1.1 the connection ends
//! there, as [`linger`](super::linger) has it: a client that was told no may never send the body it had announced.

use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::BoxError;
use bytes::Bytes;
use http::Version;
use http_body::{Body, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::connection::FAREWELL;

/// The body did not arrive in time.
#[derive(Debug, thiserror::Error)]
#[error("the rest of the request did not arrive in time")]
struct Late;

/// What is thrown away at most; who sends more is cut off.
const MAX_DRAINED: usize = 16 << 20;

/// A body that breaks off at its deadline.
pub(super) struct Arriving<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    /// Present until this is dropped.
    body: Option<B>,
    deadline: Option<Instant>,
    draining: CancellationToken,
    /// Set up when the body has to be waited for, which a small one rarely has.
    alarm: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    late: Arc<AtomicBool>,
    /// Whether to take it to its end even if nobody wants what is in it.
    whole: bool,
}

impl<B> Arriving<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    /// The body, and what tells whether it was late. Once `draining` is cancelled, nobody waits for long.
    pub(super) fn new(
        body: B,
        deadline: Option<Instant>,
        draining: CancellationToken,
        version: Version,
    ) -> (Self, Arc<AtomicBool>) {
        let late = Arc::new(AtomicBool::new(false));
        let arriving = Self {
            body: Some(body),
            deadline,
            draining,
            alarm: None,
            late: Arc::clone(&late),
            whole: version >= Version::HTTP_2,
        };
        (arriving, late)
    }
}

impl<B> Body for Arriving<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        // Whoever goes on reading after that was told.
        if this.late.load(Ordering::Acquire) {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let alarm = this
            .alarm
            .get_or_insert_with(|| Box::pin(alarm(this.deadline, this.draining.clone())));
        alarm.as_mut().poll(context).map(|()| {
            this.late.store(true, Ordering::Release);
            Some(Err(Late.into()))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

/// Rings at the deadline, or a moment after the end has come.
async fn alarm(deadline: Option<Instant>, draining: CancellationToken) {
    let overdue = async {
        match deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => pending().await,
        }
    };
    let ending = async {
        draining.cancelled().await;
        sleep(FAREWELL).await;
    };
    tokio::select! {
        () = overdue => {}
        () = ending => {}
    }
}

impl<B> Drop for Arriving<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    fn drop(&mut self) {
        let rest = self
            .body
            .take()
            .filter(|body| self.whole && !body.is_end_stream());
        // Without a deadline, all reading is the handler's.
        let (Some(mut body), Some(deadline)) = (rest, self.deadline) else {
            return;
        };
        // Without a runtime nothing is connected any more.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout_at(deadline, async move {
                let mut left = MAX_DRAINED;
                while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
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
    use std::io;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use futures::{StreamExt as _, stream};
    use http_body_util::BodyExt as _;

    use super::*;

    /// How many of `chunks` megabytes are taken from a body that nobody reads.
    async fn taken(chunks: usize, version: Version) -> usize {
        let taken = Arc::new(AtomicUsize::new(0));
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        let counted = Arc::clone(&taken);
        let body = stream::iter(0..chunks).map(move |_| {
            let _until_dropped = &ended;
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, io::Error>(Bytes::from(vec![0; 1 << 20]))
        });
        let deadline = Instant::now() + Duration::from_secs(10);
        drop(Arriving::new(
            axum::body::Body::from_stream(body),
            Some(deadline),
            CancellationToken::new(),
            version,
        ));
        // The stream is dropped when the drain is over, and the sender with it.
        assert!(end.await.is_err());
        taken.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn after_its_deadline_a_body_is_over() {
        let never = axum::body::Body::from_stream(stream::pending::<io::Result<Bytes>>());
        let (mut body, late) = Arriving::new(
            never,
            Some(Instant::now()),
            CancellationToken::new(),
            Version::HTTP_11,
        );
        let error = body.frame().await.expect("told").unwrap_err();
        assert!(error.is::<Late>() && late.load(Ordering::Acquire));
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn what_nobody_reads_is_taken_to_its_end_over_http2_but_not_without_end() {
        assert_eq!(taken(5, Version::HTTP_2).await, 5);
        assert_eq!(taken(1_000, Version::HTTP_2).await, 17);
        assert_eq!(taken(5, Version::HTTP_11).await, 0);
    }
}
