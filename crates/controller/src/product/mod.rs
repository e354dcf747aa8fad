//! Everything about one product: its plans, its authentication scheme, its OpenID provider, its document.

mod apply;
mod discovery;
mod gather;
mod plan;
#[cfg(test)]
mod tests;

use keydesk_core::NamespacedName;

use crate::context::Context;
use crate::reconcile::Reconciled;
use crate::write::WriteError;

/// Looks at one product and writes what was found out about it.
pub(crate) async fn reconcile(context: &Context, id: &NamespacedName) -> Result<Reconciled, WriteError> {
    let now = context.settings.clock.now();
    if let Some(seen) = gather::gather(context, id, now) {
        context.telemetry.cap(id, Some(&seen.product));
        return apply::apply(context, id, plan::plan(&seen, now)).await;
    }
    gather::forget(context, id);
    context.telemetry.cap(id, None);
    Ok(Reconciled::Settled)
}
