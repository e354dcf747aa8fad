//! What is learned at a start, before anything is granted: what every key claims, and what gateways were given.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Secret;
use keydesk_api::meta::label;
use keydesk_core::NamespacedName;
use parking_lot::Mutex;
use tokio::time::{sleep, timeout};

use super::gather::known;
use super::revoke_forfeited;
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
/// reconciled first would get what the other has. What has to go whatever Secrets hold goes first, and what gateways have is
/// claimed next: neither waits for a Secret that is not shown.
pub(crate) async fn learn_claims(context: &Context) {
    let keys = context.catalog.read().key_names();
    stream::iter(&keys)
        .for_each_concurrent(context.settings.workers, async |id| {
            revoke_forfeited(context, &mut known(context, id).seen).await;
        })
        .await;
    if let Err(error) = learn_enforced(context).await {
        let chain = keydesk_process::chain(&error);
        tracing::debug!("enforcement secrets are read one by one: {chain}");
    }
    for id in &keys {
        known(context, id).claim_enforced(context);
    }
    let unread = Mutex::new(BTreeSet::from_iter(keys));
    let within = context.settings.learn_within;
    let _ = timeout(within, read_each(context, &unread)).await;
    let unread = unread.into_inner().len();
    if unread > 0 {
        tracing::warn!(
            keys = unread,
            "the Secrets of {unread} APIKeys could not be read within {} s: what they claim is not known yet, beyond what gateways have",
            within.as_secs()
        );
    }
}

/// Learns what these keys claim, and takes out those of which it was read.
async fn read_each(context: &Context, unread: &Mutex<BTreeSet<NamespacedName>>) {
    let mut pauses = PAUSES.into_iter();
    loop {
        let keys = unread.lock().clone();
        stream::iter(keys)
            .for_each_concurrent(context.settings.workers, async |id| {
                match known(context, &id).read(context).await {
                    Ok(_) => {
                        unread.lock().remove(&id);
                    }
                    Err(unread) => {
                        let chain = keydesk_process::chain(&unread.error);
                        tracing::debug!(key = %id, "failed to learn what APIKey {id} claims: {chain}");
                    }
                }
            })
            .await;
        if unread.lock().is_empty() {
            return;
        }
        let Some(pause) = pauses.next() else { return };
        sleep(pause).await;
    }
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
