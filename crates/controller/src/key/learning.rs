//! What is learned at a start, before anything is granted: what every key claims, and what gateways were given.

use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Secret;
use keydesk_api::meta::label;

use super::gather::gather;
use crate::desk::Desk;
use crate::opened::Opened;
use crate::write::WriteError;

/// Learns what every key claims. Before that nobody may be granted anything: of two keys with one value, the one that is
/// looked at first would get what the other has.
pub(crate) async fn learn_claims(desk: &Desk) {
    if let Err(error) = learn_enforced(desk).await {
        let chain = keydesk_process::chain(&error);
        tracing::debug!("enforcement secrets are read one by one: {chain}");
    }
    let keys = desk.catalog.read().key_names();
    stream::iter(keys)
        .for_each_concurrent(desk.settings.workers, |id| async move {
            // A key that cannot be read now says so when it is looked at.
            if let Err(error) = gather(desk, &id).await {
                tracing::debug!(key = %id, "failed to learn what APIKey {id} claims: {}", keydesk_process::chain(&error));
            }
        })
        .await;
}

/// Reads what gateways were given, in a few requests: key by key it would be half of all that a start asks for.
async fn learn_enforced(desk: &Desk) -> Result<(), WriteError> {
    let namespace = desk.catalog.read().enforcement_namespace().map(str::to_owned);
    let Some(namespace) = namespace else {
        return Ok(());
    };
    let labels = format!("{}={}", label::ENFORCEMENT, label::ENFORCEMENT_VALUE);
    let learn = |secret: Secret| {
        desk.values.learn(&Opened::new(secret));
    };
    desk.cluster
        .list::<Secret, Secret>(&namespace, Some(&labels), learn)
        .await
}
