//! What an operator can choose.

use std::time::Duration;

use crate::clock::Clock;
use crate::fetch::{Opening, Pace, PrivateRanges};

/// Settings of the controller, with upstream's defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Largest OpenAPI document, in bytes, that is taken into a product's status.
    pub openapi_spec_max_size: u64,
    /// Address ranges, otherwise refused, that outward fetches may reach: all of their ports, or one.
    pub fetch_allow: Vec<Opening>,
    /// Whether outward fetches may reach private address ranges.
    pub fetch_private: PrivateRanges,
    /// How often a document that was fetched is looked at again; zero is never.
    pub fetch_refresh: Duration,
    /// How long a key that works goes on working when its product fails in a way that may pass.
    pub product_failure_grace: Duration,
    /// How far ahead the end of a value that is being rotated out may be.
    pub rotation_overlap: Duration,
    /// How long a start, or whoever takes over, waits at most until every key's Secret is read.
    pub learn_within: Duration,
    /// How many objects are reconciled at once. Most of a reconcile is waiting for the API server, and of keys that wait for the
    /// same list so many are answered by one.
    pub workers: usize,
    /// What tells the time.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            openapi_spec_max_size: 512_000,
            fetch_allow: Vec::new(),
            fetch_private: PrivateRanges::default(),
            fetch_refresh: Pace::default().refresh,
            product_failure_grace: keydesk_core::PRODUCT_FAILURE_GRACE,
            rotation_overlap: Duration::from_hours(7 * 24),
            learn_within: Duration::from_mins(1),
            workers: 16,
            clock: Clock::default(),
        }
    }
}
