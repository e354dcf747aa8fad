//! Enforcement secrets of no known key: they open doors for nobody and go.

use k8s_openapi::api::core::v1::Secret;
use keydesk_core::NamespacedName;
use kube::api::Preconditions;

use crate::desk::Desk;
use crate::look::Looked;
use crate::managed::is_managed;
use crate::write::WriteError;

/// Looks at one Secret, unless a key looks after it.
pub(crate) async fn look(desk: &Desk, id: &NamespacedName) -> Result<Looked, WriteError> {
    let (orphan, is_of_a_key) = {
        let catalog = desk.catalog.read();
        let secret = catalog.secret(id);
        let is_derived = catalog.derives_enforcement_secret(&id.name);
        let is_of_a_key = secret.is_some() && is_derived;
        let namespace = catalog.enforcement_namespace();
        let orphan = secret.filter(|secret| !secret.deleting && !is_derived && is_managed(secret, namespace));
        (orphan, is_of_a_key)
    };
    if let Some(secret) = orphan {
        // Exactly the version that was judged: its labels may have changed.
        let preconditions = Preconditions {
            uid: Some(secret.uid.clone()),
            resource_version: Some(secret.resource_version.clone()),
        };
        desk.cluster.delete::<Secret>(id, preconditions).await?;
    }
    // A Secret may have been heard of before its key: what is known of it stays.
    if !is_of_a_key {
        desk.values.forget(id);
    }
    Ok(Looked::Settled)
}
