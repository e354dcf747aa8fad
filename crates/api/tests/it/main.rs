//! What other programs see of this crate: the CRDs, what their objects decode to, roles and example manifests.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod auth_scheme;
mod conditions;
mod crds;
mod foreign;
mod manifests;
mod objects;
mod rbac;
mod roundtrip;
mod samples;
mod yaml;
