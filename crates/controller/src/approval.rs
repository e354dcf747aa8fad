//! Approvals that decide on nobody's request: whether they are valid.

use keydesk_api::APIKeyApproval;
use keydesk_core::NamespacedName;

use crate::desk::Desk;
use crate::key::{Weight, approval_status};
use crate::look::Looked;
use crate::write::WriteError;

/// Looks at one approval, unless a key looks after it.
pub(crate) async fn look(desk: &Desk, id: &NamespacedName) -> Result<Looked, WriteError> {
    let (approval, request) = {
        let catalog = desk.catalog.read();
        let Some(approval) = catalog.approval(id) else {
            return Ok(Looked::Settled);
        };
        let request = approval.object.spec.api_key_request_ref.name.as_str();
        let request = NamespacedName::new(id.namespace.as_str(), request);
        if catalog.derives_request(&request) || approval.object.metadata.deletion_timestamp.is_some() {
            return Ok(Looked::Settled);
        }
        let request = catalog.request(&request);
        (approval, request)
    };
    let status = approval_status(
        &approval,
        request.as_deref(),
        Weight::Full,
        desk.settings.clock.now(),
    );
    if approval.object.status.as_ref() != Some(&status) {
        desk.telemetry.decision(&approval, &status);
        desk.cluster
            .put_status(&APIKeyApproval {
                status: Some(status.clone()),
                ..approval.object.clone()
            })
            .await?;
        desk.telemetry.approval(&approval, &status);
    }
    Ok(Looked::Settled)
}
