//! Whether a connection is used: requests under way on it, and since when there are none.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, sleep};

use super::Bounds;

/// What happens on one connection.
#[derive(Debug)]
pub(super) struct Activity {
    born: Instant,
    begun: AtomicBool,
    under_way: AtomicUsize,
    /// When the last answer ended: milliseconds after `born`.
    rested: AtomicU64,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            begun: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
            rested: AtomicU64::new(0),
        })
    }

    /// One more request, until what this returns is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.begun.store(true, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::AcqRel);
        UnderWay(Arc::clone(self))
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.under_way.load(Ordering::Acquire) == 0
    }

    /// Done when the connection has been without a request for longer than `bounds` allow: whoever says nothing at all,
    /// or not even which HTTP, holds a place that others need.
    pub(super) async fn lull(&self, bounds: &Bounds) {
        sleep(bounds.header_timeout).await;
        if !self.begun.load(Ordering::Relaxed) {
            return;
        }
        let Some(idle) = bounds.idle else {
            return std::future::pending().await;
        };
        loop {
            let left = self.left(idle);
            if left.is_zero() {
                return;
            }
            sleep(left).await;
        }
    }

    /// How much of `idle` is left. It has not begun while a request is under way.
    fn left(&self, idle: Duration) -> Duration {
        if !self.is_quiet() {
            return idle;
        }
        let rested = self.born + Duration::from_millis(self.rested.load(Ordering::Acquire));
        idle.saturating_sub(rested.elapsed())
    }

    fn age(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A request whose answer has not been sent to its end.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Activity>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.rested.store(self.0.age(), Ordering::Release);
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The body of an answer, which is under way until it is dropped.
pub(super) struct Answering {
    body: Body,
    _under_way: UnderWay,
}

impl Answering {
    pub(super) fn new(body: Body, under_way: UnderWay) -> Self {
        Self {
            body,
            _under_way: under_way,
        }
    }
}

impl http_body::Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
