//! The end of a process: a first signal asks the work to finish, a second signal or the deadline makes it stop.

use std::{future::Future, io, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The two stages of stopping. Work watches [`Stop::drain`]; only [`until_drained`] looks at `force`.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Cancelled when the work should come to its end: take nothing new, finish what is under way.
    pub drain: CancellationToken,
    /// Cancelled when nobody wants to wait any longer.
    pub force: CancellationToken,
}

/// Signals could not be watched.
#[derive(Debug, thiserror::Error)]
#[error("failed to watch for signals")]
pub struct WatchSignals(#[source] io::Error);

/// The work did not finish in time and was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("failed to finish everything under way before the deadline")]
pub struct Forced;

impl Stop {
    /// Stops at SIGTERM or Ctrl-C, and at once when either comes a second time.
    ///
    /// # Errors
    /// When the system refuses to deliver signals to us.
    pub fn on_signals() -> Result<Self, WatchSignals> {
        let mut terminate = signal(SignalKind::terminate()).map_err(WatchSignals)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(WatchSignals)?;
        let stop = Self::default();
        let Self { drain, force } = stop.clone();
        tokio::spawn(async move {
            for stage in [drain, force] {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "Ctrl-C",
                };
                tracing::info!("{name} received");
                stage.cancel();
            }
        });
        Ok(stop)
    }
}

/// Runs `work` to its end; once draining starts, it has `deadline` left.
///
/// # Errors
/// [`Forced`] when the deadline passed or the second signal came first; `work` is dropped then.
pub async fn until_drained<T>(
    work: impl Future<Output = T>,
    stop: &Stop,
    deadline: Duration,
) -> Result<T, Forced> {
    let overtime = async {
        stop.drain.cancelled().await;
        tokio::select! {
            () = tokio::time::sleep(deadline) => {}
            () = stop.force.cancelled() => {}
        }
    };
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = overtime => Err(Forced),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn work_that_finishes_while_draining_is_not_forced() {
        let stop = Stop::default();
        let drain = stop.drain.clone();
        stop.drain.cancel();
        let work = async {
            drain.cancelled().await;
            tokio::task::yield_now().await;
            "done"
        };
        assert_eq!(
            until_drained(work, &stop, Duration::from_secs(5)).await,
            Ok("done")
        );
    }

    #[tokio::test]
    async fn work_that_hangs_is_dropped_at_the_deadline() {
        let stop = Stop::default();
        stop.drain.cancel();
        assert_eq!(
            until_drained(pending::<()>(), &stop, Duration::from_millis(5)).await,
            Err(Forced)
        );
    }

    #[tokio::test]
    async fn a_second_signal_does_not_wait() {
        let stop = Stop::default();
        stop.drain.cancel();
        stop.force.cancel();
        // A deadline that would outlast the test run shows that the signal, not the clock, ended it.
        assert_eq!(
            until_drained(pending::<()>(), &stop, Duration::from_hours(1)).await,
            Err(Forced)
        );
    }
}
