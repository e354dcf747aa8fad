//! Outward fetches: documents at URLs that an owner of products typed, from servers that may be hostile.
//!
//! What is read ends up in a status that others can see, so a fetch must reach nothing that its author could not
//! reach: every address is judged after resolution and the connection goes to the judged address ([`Reach`]), at
//! every redirect again; and nothing that the other side does costs more than a deadline and a bounded number of bytes
//! ([`Fetcher`]). Reconciling never waits for any of it: `Documents` fetches in the background, remembers, tries
//! again, refreshes, and tells the queue when there is news.
//!
//! It does not know products or conditions; `failure` words what went wrong.

mod address;
mod body;
mod client;
mod connect;
mod documents;
mod error;
pub(crate) mod failure;
mod handshake;
mod host;
pub mod oidc;
mod resolver;
mod retry_after;
mod url;
mod validators;

pub use address::{Opening, ParseOpening, PrivateRanges, Reach};
pub use client::{Fetched, Fetcher};
pub(crate) use documents::{Documents, Holding, Kept, Outcome, Pace, Purpose, Wanted};
pub use error::FetchError;
pub use handshake::Handshake;
pub use host::Host;
pub use resolver::Resolver;
pub use url::UrlError;
pub use validators::Validators;

#[cfg(test)]
mod tests;
