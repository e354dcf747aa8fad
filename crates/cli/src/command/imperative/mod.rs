//! Imperative commands, for people who do not write YAML: consumers ask for keys and keep them, owners decide.
//!
//! They act with the caller's kubeconfig and need no right that upstream's persona roles do not grant: no `patch` on
//! Secrets, no status, nothing of the other side. Each file is one command: it reads, decides in a pure function, and
//! writes at the end. What a person reads is words; what a program reads is `-o json`.

mod client;
pub(crate) mod decide;
pub(crate) mod keys;
mod listing;
mod objects;
mod odd;
mod output;
mod place;
pub(crate) mod products;
mod refusal;
pub(crate) mod request;
pub(crate) mod requests;
pub(crate) mod rotate;
#[cfg(test)]
mod script;
mod span;
mod unanswered;
mod unwritten;
mod value;
mod wiped_secret;

pub(super) use client::{ClusterArgs, ClusterClient, ContextArgs};
pub(super) use objects::{Lookup, NamespacedObject};
pub(super) use place::place;
pub(crate) use place::similar;
pub(super) use refusal::{Act, Refusal};
pub(super) use requests::waits;
pub(super) use unanswered::Unanswered;
pub(super) use wiped_secret::WipedSecret;
