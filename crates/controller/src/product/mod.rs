//! Everything about one product: its plans, its authentication scheme, its OpenID provider, its document.

mod apply;
mod discovery;
mod gather;
mod plan;
#[cfg(test)]
mod tests;

use keydesk_core::NamespacedName;

use crate::desk::Desk;
use crate::look::Looked;
use crate::write::WriteError;

/// Looks at one product and writes what was found out about it.
pub(crate) async fn look(desk: &Desk, id: &NamespacedName) -> Result<Looked, WriteError> {
    let now = desk.settings.clock.now();
    if let Some(seen) = gather::gather(desk, id, now) {
        desk.telemetry.cap(id, Some(&seen.product));
        return apply::apply(desk, id, plan::plan(&seen, now)).await;
    }
    gather::forget(desk, id);
    desk.telemetry.cap(id, None);
    Ok(Looked::Settled)
}
