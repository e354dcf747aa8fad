//! How long a failing item waits: doubling from a short start to a cap, with jitter.

use std::time::Duration;

/// Delays after consecutive failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backoff {
    /// The delay after the first failure.
    pub(crate) start: Duration,
    /// No delay is longer.
    pub(crate) cap: Duration,
}

impl Default for Backoff {
    /// 5 ms, as upstream's controllers start, but at most a minute: a person may be waiting for the repair, and a revocation
    /// for an API server that is back.
    fn default() -> Self {
        Self {
            start: Duration::from_millis(5),
            cap: Duration::from_mins(1),
        }
    }
}

impl Backoff {
    /// The delay after `failures` failures in a row (1 = the first). `jitter`, of 0.0..1.0, takes up to a quarter off,
    /// so that items that failed together do not come back together.
    #[must_use]
    pub(crate) fn delay(&self, failures: u32, jitter: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let full = self.start.saturating_mul(1 << doublings).min(self.cap);
        full.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 4.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap() {
        let backoff = Backoff {
            start: Duration::from_millis(5),
            cap: Duration::from_secs(1),
        };
        let delays: Vec<_> = [1, 2, 3, 8, 9, 100, u32::MAX]
            .map(|n| backoff.delay(n, 0.0).as_millis())
            .into();
        assert_eq!(delays, [5, 10, 20, 640, 1000, 1000, 1000]);
    }

    #[test]
    fn jitter_shortens_by_at_most_a_quarter() {
        let backoff = Backoff::default();
        assert_eq!(backoff.delay(5, 1.0), backoff.delay(5, 0.0).mul_f64(0.75));
    }
}
