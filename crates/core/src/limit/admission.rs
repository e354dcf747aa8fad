//! What a caller is told of its limits.

use std::time::Duration;

use smallvec::SmallVec;

use super::{Limit, USUAL};

/// Whether a call was admitted, and what is left of each limit afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a call that was not admitted has to be refused"]
pub struct Admission {
    pub(super) allowances: SmallVec<[Allowance; USUAL]>,
    pub(super) refusal: Option<Refusal>,
}

/// What is left of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The limit.
    pub limit: Limit,
    /// How much more is admitted until the window ends.
    pub remaining: u64,
    /// How long until the window ends and all of it is free again. For a window that no call has begun, its length;
    /// longer than that only after the clock was set back.
    pub reset: Duration,
}

/// Why a call was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The limit that refused; of several, the one to wait longest for.
    pub limit: Limit,
    /// How long until the call would pass if nobody else calls. For one that costs more than `limit.max`, and so can
    /// never pass, the length of the window: there is nothing better to tell a client that will try again anyway.
    pub retry_after: Duration,
}

impl Admission {
    /// Whether the call may pass.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        self.refusal.is_none()
    }

    /// Why it may not.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// What is left of each limit, the one with the shortest window first; nothing if there are no limits.
    #[must_use]
    pub fn allowances(&self) -> &[Allowance] {
        &self.allowances
    }
}
