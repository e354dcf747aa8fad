//! Writing the status of a product.

use keydesk_api::APIProduct;
use keydesk_api::v1alpha1::{APIProductStatus, OpenApi};
use keydesk_core::NamespacedName;

use super::plan::{Plan, Text, changes};
use crate::context::Context;
use crate::reconcile::Reconciled;
use crate::write::WriteError;

pub(super) async fn apply(
    context: &Context,
    id: &NamespacedName,
    plan: Plan,
) -> Result<Reconciled, WriteError> {
    let Plan {
        product,
        mut status,
        text,
    } = plan;
    let desired = status.discovered_auth_scheme.clone();
    // The CRD of upstream prunes and defaults a scheme: what it made of the one that we wrote is as good as that.
    if let (Some(desired), Some((written, stored))) = (&desired, context.stored_schemes.lock().get(id))
        && desired == written
    {
        status.discovered_auth_scheme = Some(stored.clone());
    }
    if product.status.as_ref() == Some(&status) {
        return Ok(Reconciled::Settled);
    }
    if text != Text::New && status.openapi.is_some() {
        // The catalog does not hold its text.
        let live = context.cluster.read::<APIProduct>(id).await?;
        let Some(live) =
            live.filter(|live| live.metadata.resource_version == product.metadata.resource_version)
        else {
            return Ok(Reconciled::Stale);
        };
        let live = live.status.and_then(|status| status.openapi);
        let same = |live: &OpenApi| status.openapi.as_ref().is_some_and(|new| new.raw == live.raw);
        if text == Text::Kept {
            status.openapi = live;
        } else if live.as_ref().is_some_and(same) {
            context.documents.hold_openapi(id);
            status.openapi = product.status.as_ref().and_then(|status| status.openapi.clone());
            if product.status.as_ref() == Some(&status) {
                return Ok(Reconciled::Settled);
            }
            status.openapi = live;
        }
    }
    status.discovered_auth_scheme.clone_from(&desired);
    let before = product.status.as_ref().map(|status| status.conditions.as_slice());
    let news = changes(before.unwrap_or_default(), &status.conditions);
    let after = APIProduct {
        status: Some(status),
        ..product.as_ref().clone()
    };
    let written = match context.cluster.put_status(&after).await {
        Err(error) if text != Text::Kept && error.is_too_large() => {
            context.documents.refuse_openapi(id);
            return Ok(Reconciled::Stale);
        }
        written => written?,
    };
    if let Some(status) = &after.status {
        context.telemetry.product(&product, status);
    }
    if !news.is_empty() {
        tracing::info!(product = %id, "APIProduct {id}: {news}");
    }
    if let (Some(desired), Some(stored)) = (desired, written.status.and_then(scheme)) {
        context
            .stored_schemes
            .lock()
            .insert(id.clone(), (desired, stored));
    }
    Ok(Reconciled::Settled)
}

fn scheme(status: APIProductStatus) -> Option<keydesk_api::AuthScheme> {
    status.discovered_auth_scheme
}
