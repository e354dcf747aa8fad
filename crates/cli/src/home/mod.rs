//! Where `up` and `apiserver` live on disk: one directory for its owner only, with everything that a restart needs.
//!
//! ```text
//! DIR/lock            held while a process uses DIR; the first thing in it, by which DIR is known as ours
//! DIR/store/          the API server's objects
//! DIR/ca.crt ca.key   our own authority, made once
//! DIR/tokens.json     one token per person, made once
//! DIR/installed.json  what was installed once and is left to people since
//! DIR/audit.log      who changed what: a line of JSON for every write
//! DIR/addresses.json  the addresses in use
//! DIR/kubeconfig      written last, when everything is ready; taken back in the end, with the addresses
//! ```
//!
//! The store comes before the authority and the tokens: where these are and it is not, it was lost.

mod announcement;
mod authority;
mod directory;
mod kubeconfig;
mod people;
mod tokens;

pub(crate) use announcement::Announcement;
pub(crate) use authority::{Authority, AuthorityError};
pub(crate) use directory::{DataDir, DirectoryError};
pub(crate) use kubeconfig::kubeconfig;
pub(crate) use people::{ADMIN, DEMO, Person};
pub(crate) use tokens::{Tokens, TokensError};
