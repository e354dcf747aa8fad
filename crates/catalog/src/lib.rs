//! The cluster as one in-memory index: objects in, affected references out.
//!
//! ```text
//!   Secret ◄── APIKey ──► APIProduct ──► HTTPRoute ──► Gateway
//!                │ ▲                         ▲            ▲
//!    (derived)   ▼ │ (spec.apiKeyRef)        └── policies ┘
//!   APIKeyApproval ──► APIKeyRequest        enforcement Secret ◄── (derived) ── APIKey
//! ```
//!
//! Every arrow is indexed both ways, so one change costs the same whatever the size of the cluster. A change names the
//! targets of the old *and* of the new object: whoever lost a relation must look again too.
//!
//! The catalog does no IO, reads no clock and decides nothing. It never holds the value of a key, nor the text of an
//! API document.

mod affected;
mod catalog;
mod edge;
mod kinds;
mod object;
mod prune;
mod read;

pub use affected::{Affected, Target};
pub use catalog::Catalog;
pub use edge::{KeyEdges, PolicyEnd};
pub use object::{Approval, Kind, Object, Ref, SecretMeta};
