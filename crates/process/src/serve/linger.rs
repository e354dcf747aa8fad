//! A stream that, once we have said all we had to say, hears the other side out.
//!
//! Closing a socket with unread bytes in it resets the connection, and the client may then never see the answer that
//! explains why: 431 to headers that are too large, 401 to an upload. So after the last byte out, what still comes in is
//! thrown away, for a moment (RFC 9112, section 9.6).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

const TIMEOUT: Duration = Duration::from_secs(1);
const MAX_BYTES: usize = 16 << 20;

pub(super) struct Lingering<S> {
    stream: S,
    /// Whether what is to be written is gathered before it gets here; see [`Bounds`](super::Bounds).
    gathers: bool,
    /// Present once our side is closed: until when, and how many more bytes.
    listening: Option<(Pin<Box<Sleep>>, usize)>,
}

impl<S> Lingering<S> {
    pub(super) fn new(stream: S, gathers: bool) -> Self {
        Self {
            stream,
            gathers,
            listening: None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        !self.gathers && self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.listening.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        }
        let (until, left) = this
            .listening
            .get_or_insert_with(|| (Box::pin(sleep(TIMEOUT)), MAX_BYTES));
        let mut space = [std::mem::MaybeUninit::uninit(); 8 << 10];
        loop {
            let mut buffer = ReadBuf::uninit(&mut space);
            match Pin::new(&mut this.stream).poll_read(context, &mut buffer) {
                Poll::Pending => return until.as_mut().poll(context).map(Ok),
                // Whether they ended well is of no interest any more.
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => match left.checked_sub(buffer.filled().len()) {
                    Some(less) => *left = less,
                    None => return Poll::Ready(Ok(())),
                },
            }
        }
    }
}
