//! How much may be used in how much time, and what of it has been used.
//!
//! Windows are fixed and begin with the first call that is admitted in them, as Limitador's do (`spec/gate.md` §3):
//! 24 hours, not a calendar day. [`Tally::admit`] is the whole decision; where tallies are kept, and how two callers
//! are kept apart, is not known here.

mod admission;
mod tally;
mod window;

use smallvec::SmallVec;
use thiserror::Error;

pub use admission::{Admission, Allowance, Refusal};
pub use tally::{Slot, Tally};
pub use window::{ParseWindowError, Window};

/// As many limits as a tier has in practice live without an allocation: day, week, month and year.
const USUAL: usize = 4;

/// At most `max` within `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// How much is admitted within the window, in units of cost: calls, when each costs 1.
    pub max: u64,
    /// How long a window lasts from its first call.
    pub window: Window,
}

impl Limit {
    /// Reads what a policy says. A number of 0 or below admits nothing, as upstream (`spec/gate.md` §2).
    #[must_use]
    pub fn new(max: i64, window: Window) -> Self {
        Self {
            max: u64::try_from(max).unwrap_or(0),
            window,
        }
    }
}

/// The limits that hold together: every one of them has to admit a call. At most one for each window, shortest first.
///
/// There is deliberately no `Default`: to be unlimited is something to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits(SmallVec<[Limit; USUAL]>);

/// Why limits cannot hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a tier has at most {} limits with different windows, found {found}",
    Limits::MOST
)]
pub struct TooManyLimits {
    /// How many there are.
    pub found: usize,
}

impl Limits {
    /// The most limits that hold together: each of them is work for every call.
    pub const MOST: usize = 8;

    /// No limit at all, because an owner said so.
    #[must_use]
    pub fn unlimited() -> Self {
        Self(SmallVec::new())
    }

    /// Brings limits together. Of two with windows of one length the smaller holds, whatever their order
    /// (stock Kuadrant keeps the first, `spec/gate.md` §2).
    ///
    /// # Errors
    /// If more than [`Limits::MOST`] windows of different length remain.
    pub fn new(limits: impl IntoIterator<Item = Limit>) -> Result<Self, TooManyLimits> {
        let mut limits: SmallVec<[Limit; USUAL]> = limits.into_iter().collect();
        limits.sort_unstable_by_key(|limit| (limit.window, limit.max));
        limits.dedup_by_key(|limit| limit.window);
        let found = limits.len();
        if found > Self::MOST {
            return Err(TooManyLimits { found });
        }
        Ok(Self(limits))
    }

    /// Whether there is no limit.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.0.is_empty()
    }

    /// The limits, the one with the shortest window first.
    #[must_use]
    pub fn as_slice(&self) -> &[Limit] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_limits_over_one_window_the_smaller_holds() {
        let limits = |first, second| {
            Limits::new([
                Limit::new(first, Window::DAY),
                Limit::new(2, Window::parse("10s").unwrap()),
                Limit::new(second, Window::parse("24h").unwrap()),
            ])
            .unwrap()
        };
        assert_eq!(limits(100, 3), limits(3, 100));
        assert_eq!(
            limits(100, 3).as_slice(),
            [
                Limit::new(2, Window::parse("10s").unwrap()),
                Limit::new(3, Window::DAY)
            ]
        );
    }

    #[test]
    fn a_limit_of_zero_or_below_admits_nothing() {
        assert_eq!(Limit::new(0, Window::DAY).max, 0);
        assert_eq!(Limit::new(-5, Window::DAY).max, 0);
    }

    #[test]
    fn a_ninth_window_is_refused() {
        let limits = |count| {
            Limits::new((1..=count).map(|millis| Limit::new(1, Window::from_millis(millis).unwrap())))
        };
        assert_eq!(limits(8).unwrap().as_slice().len(), 8);
        let refused = limits(9).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a tier has at most 8 limits with different windows, found 9"
        );
    }
}
