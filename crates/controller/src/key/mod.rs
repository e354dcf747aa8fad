//! Everything about one key in one look: its status, its request, the approvals of that, its enforcement secret.

mod apply;
mod approvals;
mod automatic;
mod enforcement;
mod gather;
mod plan;
mod request;
mod seen;
mod status;
#[cfg(test)]
mod tests;

use keydesk_core::NamespacedName;

use apply::Applied;
pub(crate) use approvals::{Weight, status as approval_status};
pub(crate) use gather::learn_claims;
use plan::plan;

use crate::desk::Desk;
use crate::look::Looked;
use crate::write::WriteError;

/// Looks at one key and brings the cluster to where it should be.
pub(crate) async fn look(desk: &Desk, id: &NamespacedName) -> Result<Looked, WriteError> {
    let seen = gather::gather(desk, id).await?;
    let plan = plan(
        &seen,
        desk.settings.product_failure_grace,
        desk.settings.clock.now(),
    );
    let applied = apply::apply(desk, &seen, &plan).await?;
    if let Some(status) = &plan.status {
        report(id, status);
    }
    match applied {
        Applied::Done => Ok(plan.wake_at.map_or(Looked::Settled, Looked::Until)),
        Applied::Stale => Ok(Looked::Stale),
    }
}

fn report(id: &NamespacedName, status: &keydesk_api::v1alpha1::APIKeyStatus) {
    for condition in status
        .conditions
        .iter()
        .filter(|condition| condition.status == "True")
    {
        tracing::info!(key = %id, reason = condition.reason, "APIKey {id} is {}: {:?}", condition.type_, condition.message);
    }
}
