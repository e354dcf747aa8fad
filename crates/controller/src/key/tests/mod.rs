//! The plan for a key as stories: what was seen goes in, writes come out, and no cluster is needed.

mod authorino;
mod automatic;
mod bids;
mod converging;
mod decisions;
mod enforcement;
mod failures;
mod places;
mod records;
mod stage;
