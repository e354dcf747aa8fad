//! What a person does with kubectl against the real program: the workflow of both sides, each with only their own
//! rights, the commands of the documents as they are written there, and what goes wrong when something is mistyped.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod documents;
mod gate;
mod hygiene;
mod malformed;
mod mistakes;
mod people;
mod review;
mod stage;
mod workflow;
