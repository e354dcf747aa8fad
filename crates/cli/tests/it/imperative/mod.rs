//! The imperative commands, for people who do not write YAML, beside a running demo: each person with only their own rights.

mod approving;
mod asking;
mod explaining;
mod forbidden;
mod losing;
mod pasting;
mod racing;
mod rotating;
mod stage;
mod story;
mod strangers;
mod unprinted;
mod untrusted;
