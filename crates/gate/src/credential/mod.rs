//! Where a call carries its key: finding it, taking it out, and saying where it should have been.
//!
//! Finds exactly what Authorino finds (v0.27), so that a key passes here if and only if it passes there. Knows nothing
//! of which keys there are.

mod location;
mod presented;
mod removal;

pub use location::Location;
pub use presented::Presented;
pub use removal::Removal;

#[cfg(test)]
mod tests;
