//! Taking in what concerns one key: from the catalog, and of a Secret that changed, from the cluster.

use std::sync::Arc;

use jiff::Timestamp;
use keydesk_catalog::{Catalog, KeyEdges, SecretMeta, Target};
use keydesk_core::{NamespacedName, SecretFacts};
use kube::ResourceExt;

use super::seen::{Copy, Live, Seen};
use crate::claims::Claim;
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

pub(super) async fn gather(desk: &Desk, id: &NamespacedName) -> Result<Seen, WriteError> {
    let Known {
        requests,
        copies: metas,
        mut live,
        secret,
    } = known(&desk.catalog.read(), id);
    let mut copies = Vec::with_capacity(metas.len());
    for meta in metas {
        let value = match live {
            Some(_) => desk.values.content(&desk.cluster, &meta).await?.sole_value(),
            // They go, whatever is in them.
            None => None,
        };
        copies.push(Copy { meta, value });
    }
    let mut claim = None;
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
            claim = live.value.map(|value| (live.edges.product.clone(), value));
        }
    }
    if is_duplicate(desk, id, claim)
        && let Some(live) = &mut live
    {
        live.secret = SecretFacts::Duplicate;
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

/// Whether another key has the better right to the value: the one whose enforcement secret exists, else the older.
fn is_duplicate(desk: &Desk, id: &NamespacedName, claim: Option<Claim>) -> bool {
    let standoff = desk.claims.lock().claim(id, claim);
    for concerned in standoff.concerned {
        desk.queue.enqueue(Target::Key(concerned));
    }
    if standoff.rivals.is_empty() {
        return false;
    }
    let catalog = desk.catalog.read();
    let own = right(&catalog, id);
    standoff
        .rivals
        .iter()
        .filter_map(|rival| right(&catalog, rival))
        .any(|rival| own.as_ref().is_some_and(|own| rival < *own))
}

/// The smaller, the better. A key that is going away has none.
fn right(catalog: &Catalog, id: &NamespacedName) -> Option<(bool, Option<Timestamp>, NamespacedName)> {
    let key = catalog
        .key(id)
        .filter(|key| key.metadata.deletion_timestamp.is_none())?;
    let name = keydesk_api::meta::enforcement_secret_name(&id.namespace, &id.name);
    let namespace = catalog.enforcement_namespace();
    let enforced = catalog
        .enforcement_secrets(&name)
        .any(|secret| is_managed(&secret, namespace));
    Some((!enforced, key.creation_timestamp().map(|time| time.0), id.clone()))
}
