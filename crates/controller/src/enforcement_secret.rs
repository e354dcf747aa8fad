//! Enforcement secrets of no known key: they open doors for nobody and go.

use k8s_openapi::api::core::v1::Secret;
use keydesk_core::NamespacedName;
use kube::api::Preconditions;

use crate::context::Context;
use crate::managed::is_managed;
use crate::reconcile::Reconciled;
use crate::write::WriteError;

/// Reconciles one Secret, unless a key sees to it.
pub(crate) async fn reconcile(context: &Context, id: &NamespacedName) -> Result<Reconciled, WriteError> {
    let (orphan, is_of_a_key) = {
        let catalog = context.catalog.read();
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
        context.cluster.delete::<Secret>(id, preconditions).await?;
    }
    // A Secret may have been heard of before its key: what is known of it stays.
    if !is_of_a_key {
        context.values.forget(id);
    }
    Ok(Reconciled::Settled)
}
