//! Group `devportal.kuadrant.io`, version `v1alpha1`: one file per kind, nothing in it but spec, status and columns.
//!
//! `spec` is optional in all four CRDs. An object without one decodes to the empty spec, which refers to nothing and
//! is therefore refused by every check that looks a reference up.

mod api_key;
mod api_key_approval;
mod api_key_request;
mod api_product;
mod reference;
pub(crate) mod schema;

pub use api_key::{APIKey, APIKeySpec, APIKeyStatus, KeyAuthScheme};
pub use api_key_approval::{APIKeyApproval, APIKeyApprovalSpec, APIKeyApprovalStatus};
pub use api_key_request::{APIKeyRequest, APIKeyRequestSpec, APIKeyRequestStatus};
pub use api_product::{
    APIProduct, APIProductSpec, APIProductStatus, ApprovalMode, Contact, DiscoveredPlan, Documentation,
    OidcDiscovery, OpenApi, PublishStatus,
};
pub use reference::{
    ApiKeyRef, ApiKeyRequestRef, ApiProductRef, LocalApiProductRef, RequestedBy, SecretRef, TargetRef,
};
