//! Where the gate counts.

use std::error::Error;
use std::sync::Arc;

use jiff::Timestamp;
use keydesk_core::{Admission, Limits};

use crate::{Counters, Subject};

/// The place where calls are counted. An enum rather than a trait: the future of a call in memory is ready when it is
/// first asked, and lies on the caller's stack.
#[derive(Clone)]
pub enum Store {
    /// In this process: exact for one gate.
    Memory(Arc<Counters>),
}

/// The counters did not answer. Neither admitted nor refused: the call may or may not have been counted.
#[derive(Debug, thiserror::Error)]
#[error("failed to reach the counters")]
pub struct Unavailable(#[source] Box<dyn Error + Send + Sync>);

impl Unavailable {
    /// Says why.
    #[must_use]
    pub fn because(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

#[expect(clippy::unused_async, reason = "a store elsewhere will have to be waited for")]
impl Store {
    /// Admits a call of this cost if every limit has room for it, and then counts it: all or nothing.
    /// A store elsewhere goes by its own clock and not by `now`.
    ///
    /// # Errors
    /// If the counters do not answer in time. Those in memory always do.
    pub async fn admit(
        &self,
        subject: Subject,
        limits: &Limits,
        cost: u64,
        now: Timestamp,
    ) -> Result<Admission, Unavailable> {
        match self {
            Self::Memory(counters) => Ok(counters.admit(subject, limits, cost, now)),
        }
    }

    /// What a subject has left, without using any of it.
    ///
    /// # Errors
    /// As [`Store::admit`].
    pub async fn peek(
        &self,
        subject: Subject,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Admission, Unavailable> {
        match self {
            Self::Memory(counters) => Ok(counters.peek(subject, limits, now)),
        }
    }
}
