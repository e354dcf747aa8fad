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
//! Beside the index are the readings of it that several crates must agree on: which policy applies to a route, which
//! terms an approval is bound to, and what the limits of a tier come to. The catalog does no IO, reads no clock and
//! decides nothing. It never holds the value of a key, nor the text of an API document.

mod affected;
mod binding;
mod bindings;
mod cap;
mod catalog;
mod edge;
mod enforcement;
pub mod explain;
mod kept;
mod kinds;
mod limits;
mod listing;
mod object;
mod policy;
mod product;
mod prune;
mod read;
mod record;
pub mod selector;
mod terms;
mod written;

pub use affected::{Affected, Target};
pub use binding::{Binding, Bound, Shown};
pub use bindings::Bindings;
pub use cap::Cap;
pub use catalog::Catalog;
pub use edge::{KeyEdges, PolicyEnd, route_of_product};
pub use enforcement::{EnforcementLabels, Mismatch, mismatch};
pub use limits::{LimitsError, limits};
pub use listing::{Listing, Roll};
pub use object::{Approval, Kind, Object, Ref, SecretMeta};
pub use policy::{Attached, Policy};
pub use product::{key_authentication, missing_entry, product_facts};
pub use record::{ApprovalRecord, Dossier, KeyRecord, RequestRecord, Reviewed};
pub use terms::{TermsBefore, asked, shown};
