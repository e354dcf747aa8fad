//! What the cluster is asked once more before a write that cannot be taken back: watches may be late.

use std::collections::BTreeSet;
use std::time::Duration;

use keydesk_api::{APIKey, APIKeyApproval, APIKeyRequest};
use keydesk_catalog::KeyEdges;
use keydesk_core::NamespacedName;
use kube::ResourceExt;
use tokio::time::Instant;

use super::seen::Live;
use crate::context::Context;
use crate::write::{self, WriteError};

/// A plan that waited longer than this for others is made anew: what it writes bears the time at which it was made.
const SOON: Duration = Duration::from_secs(20);

/// Whether a request is none of the key's in the cluster, as it was seen to be. Asked before it goes: a key that was deleted
/// and made again, or moved and came back, has it still, and what was approved on it since then must not go with it.
pub(super) async fn stands_for_nothing(
    context: &Context,
    key: &NamespacedName,
    request: &APIKeyRequest,
) -> Result<bool, WriteError> {
    let there = context.cluster.read::<APIKey>(key).await?;
    let there = there.filter(|key| key.metadata.deletion_timestamp.is_none());
    Ok(there.is_none_or(|key| KeyEdges::of(&key).request != write::id(request)))
}

/// Whether the approvals of the key's request in the cluster are those that were seen. Asked before the terms that the
/// request shows change, or it goes, so that none is left to be bound to terms that its reviewer did not see.
pub(super) async fn all_approvals_seen(context: &Context, live: &Live) -> Result<bool, WriteError> {
    let asked_at = Instant::now();
    let there = context
        .live_approvals
        .of(&context.cluster, &live.edges.request)
        .await?;
    if asked_at.elapsed() > SOON {
        return Ok(false);
    }
    let version = |approval: &APIKeyApproval| (approval.uid(), approval.metadata.generation);
    let seen: BTreeSet<_> = live
        .approvals
        .iter()
        .map(|approval| version(&approval.object))
        .collect();
    Ok(there == seen)
}

/// Whether the key's request in the cluster is the one that was seen.
pub(super) async fn request_is_as_seen(context: &Context, live: &Live) -> Result<bool, WriteError> {
    let there = context.cluster.read::<APIKeyRequest>(&live.edges.request).await?;
    let seen = live.request.as_ref();
    Ok(there.and_then(|request| request.resource_version())
        == seen.and_then(|request| request.resource_version()))
}
