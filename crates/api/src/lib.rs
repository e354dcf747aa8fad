//! The kinds as people write them, the foreign kinds we read, and every name we put on an object.
//!
//! Data only: types that decode whatever the CRDs admit, the CRDs themselves, and the words (conditions, reasons,
//! labels, annotations, derived names) that several crates must spell alike. Knows no client, no clock and no rule
//! of what follows from what: that is `keydesk-core`'s and the controller's.

mod auth_scheme;
pub mod condition;
mod crds;
pub mod foreign;
mod kind;
mod limits;
pub mod manifests;
pub mod meta;
mod moment;
pub mod rbac;
mod structural;
mod tolerant;
pub mod v1alpha1;

pub use auth_scheme::{ApiKeyAuthentication, AuthScheme, Authentication, Credentials, Method};
pub use crds::all as crds;
pub use limits::{Limits, Rate};
pub use moment::rfc3339;
pub use v1alpha1::{APIKey, APIKeyApproval, APIKeyRequest, APIProduct};
