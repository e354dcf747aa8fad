//! Counting by many at once, and across restarts.
//!
//! Under `--cfg loom` this is another binary, of models: every interleaving of few threads instead of some of many.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

#[cfg(not(loom))]
mod exact;
#[cfg(not(loom))]
mod flood;
#[cfg(not(loom))]
mod kill;
#[cfg(loom)]
mod model;
#[cfg(not(loom))]
mod restart;

use jiff::Timestamp;
use keydesk_core::{Admission, Limit, Limits, Window};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

fn limits<const N: usize>(limits: [(i64, &str); N]) -> Limits {
    Limits::new(limits.map(|(max, text)| Limit::new(max, Window::parse(text).unwrap()))).unwrap()
}

/// `remaining` of each limit, shortest window first.
fn left(admission: &Admission) -> Vec<u64> {
    admission
        .allowances()
        .iter()
        .map(|allowance| allowance.remaining)
        .collect()
}
