//! What tells the time of the calendar.

use std::fmt;

use jiff::Timestamp;

/// The machine's clock, unless a test that makes its own time says otherwise.
#[derive(Clone, Copy)]
pub struct Clock(fn() -> Timestamp);

impl Clock {
    /// A clock that is read by calling this.
    #[must_use]
    pub const fn new(read: fn() -> Timestamp) -> Self {
        Self(read)
    }

    /// The time.
    pub(crate) fn now(self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self(Timestamp::now)
    }
}

impl PartialEq for Clock {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Clock {}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}
