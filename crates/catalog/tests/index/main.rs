//! The index as properties: whatever the order of events, equal clusters give equal catalogs, and nobody who sees a
//! difference is left out.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod bindings;
mod events;
mod properties;
mod stories;
mod view;
