//! What is learned at a start, before anything is granted: what every key claims, and what gateways were given.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Secret;
use keydesk_api::meta::label;
use keydesk_core::NamespacedName;
use parking_lot::Mutex;
use tokio::time::sleep;

use super::gather::gather;
use crate::context::Context;
use crate::opened::Opened;
use crate::write::WriteError;

/// Before what could not be read is tried again. Then it is left to the reconciles, each at its own pace: one that nobody lets us
/// read must not hold up the others.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// Learns what every key claims. Before that nobody may be granted anything: of two keys with one value, the one that is
/// reconciled first would get what the other has.
pub(crate) async fn learn_claims(context: &Context) {
    if let Err(error) = learn_enforced(context).await {
        let chain = keydesk_process::chain(&error);
        tracing::debug!("enforcement secrets are read one by one: {chain}");
    }
    let mut unknown = context.catalog.read().key_names();
    let mut pauses = PAUSES.into_iter();
    loop {
        unknown = learn_each(context, unknown).await;
        let Some(pause) = pauses.next().filter(|_| !unknown.is_empty()) else {
            break;
        };
        sleep(pause).await;
    }
    if !unknown.is_empty() {
        tracing::warn!(
            keys = unknown.len(),
            "the Secrets of {} APIKeys cannot be read: what they claim is not known yet, beyond what gateways have",
            unknown.len()
        );
    }
}

/// Learns what these keys claim, and returns those of which it could not be read.
async fn learn_each(context: &Context, keys: Vec<NamespacedName>) -> Vec<NamespacedName> {
    let unknown = Mutex::new(Vec::new());
    stream::iter(keys)
        .for_each_concurrent(context.settings.workers, |id| {
            let unknown = &unknown;
            async move {
                if let Err(unread) = gather(context, &id).await {
                    let chain = keydesk_process::chain(&unread.error);
                    tracing::debug!(key = %id, "failed to learn what APIKey {id} claims: {chain}");
                    unknown.lock().push(id);
                }
            }
        })
        .await;
    unknown.into_inner()
}

/// Reads what gateways were given, in a few requests: key by key it would be half of all that a start asks for.
async fn learn_enforced(context: &Context) -> Result<(), WriteError> {
    let namespace = context.catalog.read().enforcement_namespace().map(str::to_owned);
    let Some(namespace) = namespace else {
        return Ok(());
    };
    let labels = format!("{}={}", label::ENFORCEMENT, label::ENFORCEMENT_VALUE);
    let learn = |secret: Secret| {
        context.values.learn(&Opened::new(secret));
    };
    context
        .cluster
        .list::<Secret, Secret>(&namespace, Some(&labels), learn)
        .await
}
