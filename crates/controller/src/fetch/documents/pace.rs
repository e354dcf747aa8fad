//! When a document is fetched again.

use std::time::Duration;

use jiff::Timestamp;

use super::super::error::FetchError;
use crate::queue::Backoff;

/// A server that asks for more than this is asked again after this.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);
/// A status keeps whole seconds, and tells two documents apart by them.
const MIN_REFRESH: Duration = Duration::from_secs(1);

/// When documents are fetched again. Each delay is shortened by up to a quarter, so that documents that were fetched
/// together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// After failures that may pass by themselves.
    pub(crate) transient: Backoff,
    /// After failures that somebody must repair.
    pub(crate) permanent: Duration,
    /// After successes; zero is never.
    pub(crate) refresh: Duration,
}

impl Default for Pace {
    /// Retries from one second to five minutes, and after half an hour what somebody must repair; a refresh every six
    /// hours: a document that changed is shown the same day, and who cannot wait edits the product.
    fn default() -> Self {
        let transient = Backoff {
            start: Duration::from_secs(1),
            cap: Duration::from_mins(5),
        };
        Self {
            transient,
            permanent: Duration::from_mins(30),
            refresh: Duration::from_hours(6),
        }
    }
}

impl Pace {
    /// How long to wait after `failures` failures in a row, the last of which is `error`. `jitter` is of 0.0..1.0.
    #[must_use]
    pub(crate) fn after_failure(&self, error: &FetchError, failures: u32, jitter: f64) -> Duration {
        if !error.is_transient() {
            return shortened(self.permanent, jitter);
        }
        let asked = error.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER);
        self.transient.delay(failures, jitter).max(asked)
    }

    /// How long to wait after a success; `None` for ever.
    #[must_use]
    pub(crate) fn after_success(&self, jitter: f64) -> Option<Duration> {
        (!self.refresh.is_zero()).then(|| shortened(self.refresh.max(MIN_REFRESH), jitter))
    }

    /// How long a process that has just started waits before it refreshes a document that was written at `since`; `None` for
    /// ever. One that is overdue waits for a random part of the interval: neither does a restart fetch everything at once,
    /// nor do frequent restarts keep anything from being fetched.
    #[must_use]
    pub(crate) fn after_start(
        &self,
        since: Timestamp,
        is_stale: bool,
        now: Timestamp,
        jitter: f64,
    ) -> Option<Duration> {
        let full = self.after_success(jitter)?;
        if is_stale {
            return Some(self.transient.delay(1, jitter));
        }
        let age = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        Some(match full.checked_sub(age) {
            Some(rest) if !rest.is_zero() => rest,
            Some(_) | None => full.mul_f64(jitter.clamp(0.0, 1.0)),
        })
    }
}

fn shortened(full: Duration, jitter: f64) -> Duration {
    full.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn status(code: u16, retry_after: Option<u64>) -> FetchError {
        FetchError::Status {
            code,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn a_server_is_left_alone_as_long_as_it_asks_within_bounds() {
        let pace = Pace::default();
        for (error, seconds) in [
            (status(503, None), 1),
            (status(429, Some(120)), 120),
            (status(503, Some(0)), 1),
            (status(429, Some(u64::MAX)), 3600),
            (status(404, Some(5)), 1800),
        ] {
            assert_eq!(pace.after_failure(&error, 1, 0.0).as_secs(), seconds, "{error:?}");
        }
        assert_eq!(pace.after_failure(&status(500, None), 30, 0.0).as_secs(), 300);
        assert_eq!(pace.after_failure(&status(404, None), 30, 1.0).as_secs(), 1350);
    }

    #[test]
    fn a_success_is_looked_at_again_unless_nobody_wants_that() {
        let every = |refresh| Pace {
            refresh,
            ..Pace::default()
        };
        assert_eq!(every(HOUR).after_success(0.0), Some(HOUR));
        assert_eq!(every(HOUR).after_success(1.0), Some(HOUR * 3 / 4));
        assert_eq!(every(Duration::ZERO).after_success(0.0), None);
        assert_eq!(
            every(Duration::from_millis(1)).after_success(0.0),
            Some(MIN_REFRESH)
        );
    }

    #[test]
    fn a_restart_neither_hurries_nor_forgets() {
        let pace = Pace {
            refresh: HOUR,
            ..Pace::default()
        };
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let written = |ago: u64| now - Duration::from_secs(ago);
        assert_eq!(
            pace.after_start(written(600), false, now, 0.0),
            Some(Duration::from_mins(50))
        );
        assert_eq!(
            pace.after_start(written(999_999), false, now, 0.0),
            Some(Duration::ZERO)
        );
        assert_eq!(
            pace.after_start(written(999_999), false, now, 0.5),
            Some(HOUR.mul_f64(0.875 / 2.0))
        );
        assert_eq!(
            pace.after_start(written(600), true, now, 0.0),
            Some(Duration::from_secs(1))
        );
        let ahead = now + HOUR * 100;
        assert_eq!(
            pace.after_start(ahead, false, now, 0.0),
            Some(HOUR),
            "a clock that was set back"
        );
        let never = Pace {
            refresh: Duration::ZERO,
            ..pace
        };
        assert_eq!(never.after_start(written(600), true, now, 0.0), None);
    }
}
