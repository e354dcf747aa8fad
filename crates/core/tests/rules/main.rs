//! The rules by which keys stand, as stories and as properties.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod limit;
mod properties;
mod standing;
