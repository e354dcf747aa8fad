//! The end of a process: a first signal asks the work to finish, a second signal or the deadline makes it stop.
//!
//! Whoever is called through a load balancer leaves before that: word of the end has to reach who still sends calls.

use std::{future::Future, io, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// SIGXFSZ, on every system that we know.
const FILE_SIZE_LIMIT: SignalKind = SignalKind::from_raw(25);

/// The stages of stopping. Work watches [`Stop::drain`]; only [`until_drained`] looks at `force`.
#[derive(Debug, Clone)]
pub struct Stop {
    /// Cancelled when the end was asked for, or has come: say so where somebody asks, and go on serving.
    pub leaving: CancellationToken,
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

/// Who asked for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// SIGTERM: something that runs processes.
    Terminate,
    /// Ctrl-C: somebody at a terminal.
    Interrupt,
}

impl Default for Stop {
    fn default() -> Self {
        let drain = CancellationToken::new();
        Self {
            leaving: drain.child_token(),
            drain,
            force: CancellationToken::new(),
        }
    }
}

impl Stop {
    /// Stops at SIGTERM or Ctrl-C, and at once when either comes a second time.
    ///
    /// # Errors
    /// When the system refuses to deliver signals to us.
    pub fn on_signals() -> Result<Self, WatchSignals> {
        Self::on_signals_after(Duration::ZERO)
    }

    /// The same, but from SIGTERM on it is [`leaving`](Self::leaving) for `delay` before it drains. Another signal cuts
    /// that short, and whoever presses Ctrl-C waits for nobody.
    ///
    /// # Errors
    /// When the system refuses to deliver signals to us.
    pub fn on_signals_after(delay: Duration) -> Result<Self, WatchSignals> {
        // Who listens is not killed by it: the write that makes a file too large (`ulimit -f`) fails, as on a full disk.
        drop(signal(FILE_SIZE_LIMIT).map_err(WatchSignals)?);
        let mut terminate = signal(SignalKind::terminate()).map_err(WatchSignals)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(WatchSignals)?;
        let (tell, asked) = mpsc::channel(1);
        tokio::spawn(async move {
            loop {
                let signal = tokio::select! {
                    _ = terminate.recv() => Asked::Terminate,
                    _ = interrupt.recv() => Asked::Interrupt,
                };
                if tell.send(signal).await.is_err() {
                    break;
                }
            }
        });
        let stop = Self::default();
        tokio::spawn(stop.clone().when(asked, delay));
        Ok(stop)
    }

    /// Goes from stage to stage as it is asked to.
    async fn when(self, mut asked: mpsc::Receiver<Asked>, delay: Duration) {
        match asked.recv().await {
            None => return,
            Some(Asked::Terminate) if !delay.is_zero() => {
                tracing::info!(
                    "SIGTERM received: calls are still served for {} s",
                    delay.as_secs_f32()
                );
                self.leaving.cancel();
                tokio::select! {
                    () = tokio::time::sleep(delay) => tracing::info!("no new calls from here on"),
                    Some(_) = asked.recv() => tracing::info!("another signal received: no new calls from here on"),
                }
            }
            Some(Asked::Terminate) => tracing::info!("SIGTERM received"),
            Some(Asked::Interrupt) => tracing::info!("Ctrl-C received"),
        }
        self.drain.cancel();
        if asked.recv().await.is_some() {
            tracing::info!("another signal received: nothing is waited for");
            self.force.cancel();
        }
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

    use tokio::time::{Instant, sleep};

    use super::*;

    const DELAY: Duration = Duration::from_secs(5);

    /// The stages while these signals come, each so many seconds after the one before; and when they were reached.
    async fn stages(signals: &[(u64, Asked)], delay: Duration) -> [Option<u64>; 3] {
        let (tell, asked) = mpsc::channel(1);
        let stop = Stop::default();
        tokio::spawn(stop.clone().when(asked, delay));
        let signals = signals.to_vec();
        tokio::spawn(async move {
            for (after, signal) in signals {
                sleep(Duration::from_secs(after)).await;
                tell.send(signal).await.unwrap();
            }
            pending::<()>().await;
        });
        let start = Instant::now();
        let reached = async |stage: &CancellationToken| {
            let cancelled = tokio::time::timeout(Duration::from_mins(1), stage.cancelled()).await;
            cancelled.ok().map(|()| start.elapsed().as_secs())
        };
        let Stop {
            leaving,
            drain,
            force,
        } = &stop;
        [reached(leaving).await, reached(drain).await, reached(force).await]
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_terminated_leaves_for_a_while_before_draining() {
        let term = (1, Asked::Terminate);
        assert_eq!(stages(&[term], DELAY).await, [Some(1), Some(6), None]);
        assert_eq!(
            stages(&[term, (1, Asked::Terminate)], DELAY).await,
            [Some(1), Some(2), None],
            "another signal cuts it short"
        );
        assert_eq!(
            stages(&[term, (1, Asked::Terminate), (1, Asked::Interrupt)], DELAY).await,
            [Some(1), Some(2), Some(3)]
        );
        assert_eq!(
            stages(&[term, (7, Asked::Terminate)], DELAY).await,
            [Some(1), Some(6), Some(8)]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_at_a_terminal_has_to_wait() {
        let interrupt = (1, Asked::Interrupt);
        assert_eq!(stages(&[interrupt], DELAY).await, [Some(1), Some(1), None]);
        assert_eq!(
            stages(&[(1, Asked::Terminate), interrupt], Duration::ZERO).await,
            [Some(1), Some(1), Some(2)],
            "nor where there is nothing to wait for"
        );
    }

    #[test]
    fn what_drains_is_leaving() {
        let stop = Stop::default();
        stop.leaving.cancel();
        assert!(!stop.drain.is_cancelled());
        let stop = Stop::default();
        stop.drain.cancel();
        assert!(stop.leaving.is_cancelled());
    }

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
