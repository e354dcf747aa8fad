//! Taking in what concerns one key: from the catalog, and of a Secret that changed, from the cluster.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use keydesk_api::condition::{self, KeyAspect};
use keydesk_catalog::{Catalog, KeyEdges, SecretMeta, Target};
use keydesk_core::{NamespacedName, SecretFacts};
use kube::ResourceExt;

use super::seen::{Copy, Live, Seen};
use crate::claims::Bid;
use crate::desk::Desk;
use crate::managed::is_managed;
use crate::product::route_of;
use crate::values::Content;
use crate::write::WriteError;

/// What the catalog says about a key; Secrets are known by their metadata only.
struct Known {
    requests: Vec<Arc<keydesk_api::APIKeyRequest>>,
    copies: Vec<Arc<SecretMeta>>,
    live: Option<Live>,
    secret: Option<Arc<SecretMeta>>,
}

/// Learns what every key claims. Before that nobody may be granted anything: of two keys with one value, the one that is
/// looked at first would get what the other has.
pub(crate) async fn learn_claims(desk: &Desk) {
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

pub(super) async fn gather(desk: &Desk, id: &NamespacedName) -> Result<Seen, WriteError> {
    let Known {
        requests,
        copies: metas,
        mut live,
        secret,
    } = known(&desk.catalog.read(), id);
    let mut copies = Vec::with_capacity(metas.len());
    for meta in metas {
        let value = if live.is_some() {
            desk.values.content(&desk.cluster, &meta).await?.sole_value()
        } else {
            // They go, whatever is in them.
            desk.values.forget(&meta.id);
            None
        };
        copies.push(Copy { meta, value });
    }
    if let Some(live) = &mut live {
        live.rejection = desk.rejections.lock().get(id).cloned();
        if let Some(wanted) = live.edges.secret.clone() {
            let content = match secret {
                Some(secret) => desk.values.content(&desk.cluster, &secret).await?,
                None => Content::Missing,
            };
            if content == Content::Missing {
                desk.values.forget(&wanted);
            }
            live.value = content.value();
            live.secret = facts(content);
        }
    }
    let bid = live.as_ref().and_then(|live| bid(live, &copies));
    let verdict = desk.claims.lock().claim(id, bid);
    for concerned in verdict.concerned {
        desk.queue.enqueue(Target::Key(concerned));
    }
    let seating = desk.places.lock().seat(&desk.catalog.read(), id, live.as_ref());
    for concerned in seating.concerned {
        desk.queue.enqueue(Target::Key(concerned));
    }
    if let Some(live) = &mut live {
        live.crowded_out = seating.crowded_out;
    }
    match &mut live {
        Some(live) if verdict.is_duplicate => live.secret = SecretFacts::Duplicate,
        Some(_) => {}
        None => {
            desk.rejections.lock().remove(id);
        }
    }
    Ok(Seen {
        id: id.clone(),
        live,
        requests,
        copies,
    })
}

fn facts(content: Content) -> SecretFacts {
    match content {
        Content::Missing => SecretFacts::Missing,
        Content::WithoutEntry => SecretFacts::WithoutEntry,
        Content::Empty => SecretFacts::Empty,
        Content::Value(_) | Content::Crowded(_) => SecretFacts::Usable,
    }
}

fn known(catalog: &Catalog, id: &NamespacedName) -> Known {
    let namespace = catalog.enforcement_namespace();
    let key = catalog
        .key(id)
        .filter(|key| key.metadata.deletion_timestamp.is_none());
    let edges = key.as_deref().map(KeyEdges::of);
    let name = keydesk_api::meta::enforcement_secret_name(&id.namespace, &id.name);
    let copies = catalog
        .enforcement_secrets(&name)
        .filter(|secret| is_managed(secret, namespace))
        .collect();
    let secret = edges
        .as_ref()
        .and_then(|edges| catalog.secret(edges.secret.as_ref()?));
    let live = key.zip(edges).map(|(key, edges)| {
        let product = catalog.product(&edges.product);
        let route = product
            .as_deref()
            .and_then(|product| catalog.route(&route_of(product)));
        let in_place =
            namespace.and_then(|namespace| catalog.secret(&NamespacedName::new(namespace, name.as_str())));
        let stays =
            |approval: &Arc<keydesk_catalog::Approval>| approval.object.metadata.deletion_timestamp.is_none();
        Live {
            hostname: route
                .and_then(|route| route.spec.hostnames.first().cloned())
                .filter(|host| !host.is_empty()),
            request: catalog.request(&edges.request),
            approvals: catalog.approvals_of(&edges.request).filter(stays).collect(),
            enforcement_namespace: namespace.map(str::to_owned),
            name_taken: in_place.is_some_and(|secret| !secret.enforces()),
            secret: SecretFacts::Unnamed,
            value: None,
            rejection: None,
            crowded_out: None,
            key,
            product,
            edges,
        }
    });
    Known {
        requests: catalog.requests_for(id).collect(),
        copies,
        live,
        secret,
    }
}

/// What the key claims, if it has a value.
fn bid(live: &Live, copies: &[Copy]) -> Option<Bid> {
    let value = live.value?;
    // Only where consumers cannot put one themselves.
    let is_enforcing = |copy: &Copy| {
        live.enforcement_namespace.as_ref() == Some(&copy.meta.id.namespace) && copy.value == Some(value)
    };
    let conditions = live
        .key
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.conditions);
    Some(Bid {
        claim: (live.edges.product.clone(), value),
        enforced: copies.iter().any(is_enforcing),
        revoked: [KeyAspect::Denied, KeyAspect::Expired, KeyAspect::Pending]
            .into_iter()
            .any(|aspect| condition::is_true(conditions, aspect)),
        created_at: live.key.creation_timestamp().map(|time| time.0),
    })
}
