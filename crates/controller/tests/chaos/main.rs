//! Whatever people, the platform and the network do, in whatever order, and wherever the controller is killed: what must
//! always hold, holds, and what it all comes to is what it should be.
//!
//! A [`play`] is a list of steps. A [`stage`] carries them out in a world in this process, in a time that goes on by
//! itself when nobody has anything to do, so that hours take milliseconds. A [`ledger`] writes down what was done, knows
//! nothing of the code under test, and says by a slow and obvious reading of the specification where every key must
//! stand; [`check`] compares.
//!
//! * [`interleavings`]: any order of any steps, over a network that is slow but honest.
//! * [`storms`]: the same while requests fail, answers are lost and watches break. In the end a fresh controller, without
//!   memory and without any status, must come to the same answer.
//!
//! `KEYDESK_INTERLEAVINGS` and `KEYDESK_STORMS` say how many plays; `KEYDESK_SEED` is the seed of the first, each
//! following has the next. A seed fixes the steps, the dice of the weather and, built with `--cfg tokio_unstable`, the order in
//! which tasks are woken: so built, as `.ci/run storms` does, what failed once fails again.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends here"
)]

mod act;
mod check;
mod interleavings;
mod journal;
mod ledger;
mod places;
mod play;
mod plays;
mod scratch;
mod stage;
mod storms;
mod terms;
mod verdict;
