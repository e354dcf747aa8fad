//! Approvals that decide on nobody's request: whether they are valid.

use keydesk_api::APIKeyApproval;
use keydesk_catalog::Target;
use keydesk_core::NamespacedName;

use crate::context::Context;
use crate::key::{Weight, approval_status};
use crate::reconcile::Reconciled;
use crate::write::WriteError;

/// Reconciles one approval, unless a key sees to it.
pub(crate) async fn reconcile(context: &Context, id: &NamespacedName) -> Result<Reconciled, WriteError> {
    let (approval, request) = {
        let catalog = context.catalog.read();
        // What was recorded of one that goes, or is a key's by now, will not be recorded again.
        let leave = || {
            context.telemetry.forget(&Target::Approval(id.clone()));
            Ok(Reconciled::Settled)
        };
        let Some(approval) = catalog.approval(id) else {
            return leave();
        };
        let request = approval.object.spec.api_key_request_ref.name.as_str();
        let request = NamespacedName::new(id.namespace.as_str(), request);
        if catalog.derives_request(&request) || approval.object.metadata.deletion_timestamp.is_some() {
            return leave();
        }
        let request = catalog.request(&request);
        (approval, request)
    };
    let status = approval_status(
        &approval,
        request.as_deref(),
        Weight::Full,
        context.settings.clock.now(),
    );
    context.telemetry.decision(&approval, &status);
    if approval.object.status.as_ref() != Some(&status) {
        context
            .cluster
            .put_status(&APIKeyApproval {
                status: Some(status.clone()),
                ..approval.object.clone()
            })
            .await?;
        context.telemetry.approval(&approval, &status);
    }
    Ok(Reconciled::Settled)
}
