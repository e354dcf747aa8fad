//! The time of day in a runtime whose time is paused: it goes on with the runtime's timers, as fast as there is nothing
//! else to do, so that an hour takes no longer than what happens in it.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

thread_local! {
    /// When time began for the runtime of this thread: at a whole second, so that what is seen does not depend on when the
    /// test ran.
    static BEGINNING: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Begins the time of a new runtime, which must be on this thread alone.
pub fn begin() {
    BEGINNING.set(Some(Instant::now()));
}

/// The time of the present runtime. Never earlier than it was before in the same runtime.
#[must_use]
pub fn now() -> Timestamp {
    let beginning = BEGINNING.get().unwrap_or_else(|| {
        begin();
        Instant::now()
    });
    let passed = SignedDuration::try_from(Instant::now().saturating_duration_since(beginning)).unwrap();
    // 2026-01-01T00:00:00Z
    Timestamp::from_second(1_767_225_600).unwrap() + passed
}
