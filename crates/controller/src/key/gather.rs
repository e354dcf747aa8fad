//! Taking in what concerns one key: from the catalog, and of a Secret that changed, from the cluster.

use std::sync::Arc;

use keydesk_api::meta::{auto_approval_name, is_previous_secret, previous_secret_name};
use keydesk_catalog::{Catalog, KeyEdges, SecretMeta, Target, route_of_product};
use keydesk_core::{NamespacedName, SecretFacts};

use super::bids::{bids, bids_for_enforced};
use super::rotation::{Refusal, Rotation};
use super::seen::{EnforcementCopy, Live, Seen};
use crate::context::Context;
use crate::managed::is_managed;
use crate::values::Content;
use crate::write::WriteError;

/// What the catalog says about a key; Secrets are known by their metadata only.
struct Known {
    requests: Vec<Arc<keydesk_api::APIKeyRequest>>,
    copies: Vec<Arc<SecretMeta>>,
    live: Option<Live>,
    secret: Option<Arc<SecretMeta>>,
    /// A Secret that is none of ours has the name of the previous value's enforcement secret.
    previous_taken: Option<NamespacedName>,
}

/// Takes in what concerns a key, and what it claims with that.
///
/// # Errors
/// The cluster did not show a Secret.
pub(super) async fn gather(context: &Context, id: &NamespacedName) -> Result<Seen, WriteError> {
    let Known {
        requests,
        copies: metas,
        mut live,
        secret,
        previous_taken,
    } = known(&context.catalog.read(), id);
    let mut copies = Vec::with_capacity(metas.len());
    for meta in metas {
        let namespace = live.as_ref().map(|live| live.enforcement_namespace.as_deref());
        let value = if namespace == Some(Some(meta.id.namespace.as_str())) {
            context
                .values
                .content(&context.cluster, &meta)
                .await?
                .sole_value()
        } else {
            // They go, whatever is in them.
            context.values.forget(&meta.id);
            None
        };
        copies.push(EnforcementCopy { meta, value });
    }
    if let Some(live) = &mut live {
        live.rejection = context.rejections.lock().get(id).cloned();
        match &live.request {
            Some(request) => context.departed.seen(request),
            None => live.shown_before = context.departed.shown(&live.edges.request),
        }
        if let Some(wanted) = live.edges.secret.clone() {
            let found = match secret {
                Some(secret) => context
                    .values
                    .content(&context.cluster, &secret)
                    .await
                    .inspect_err(|_| keep_claims(context, id, live, &copies))?,
                None => Content::Missing,
            };
            if found == Content::Missing {
                context.values.forget(&wanted);
            }
            live.value = found.value();
            live.secret = facts(found);
            live.rotation = rotation(context, found, previous_taken);
        }
    }
    let now = context.settings.clock.now();
    let bids = live
        .as_ref()
        .map(|live| bids(live, &copies, now))
        .unwrap_or_default();
    let verdict = context.claims.lock().claim(id, &bids);
    for concerned in verdict.concerned {
        context.queue.enqueue(Target::Key(concerned));
    }
    {
        let catalog = context.catalog.read();
        context.values.sweep(|secret| catalog.has_use_for_secret(secret));
    }
    let seating = context
        .places
        .lock()
        .seat(&context.catalog.read(), id, live.as_ref());
    for concerned in seating.concerned {
        context.queue.enqueue(Target::Key(concerned));
    }
    if let Some(live) = &mut live {
        live.crowded_out = seating.crowded_out;
        let has_lost = |value| verdict.lost.contains(&(live.edges.product.clone(), value));
        if live.value.is_some_and(has_lost) {
            live.secret = SecretFacts::Duplicate;
        }
        if matches!(live.rotation, Rotation::Until { value, .. } if has_lost(value)) {
            live.rotation = Rotation::Refused(Refusal::Duplicate);
        }
    } else {
        context.rejections.lock().remove(id);
        context.retired.lock().remove(id);
    }
    let is_immutable = copies
        .iter()
        .any(|copy| context.rights.is_immutable(&copy.meta.uid));
    Ok(Seen {
        id: id.clone(),
        live,
        requests,
        copies,
        retired: context.retired.lock().get(id).cloned().unwrap_or_default(),
        may_update: !is_immutable && context.rights.may_update(tokio::time::Instant::now()),
    })
}

/// What becomes of the previous value in the consumer's Secret.
fn rotation(context: &Context, found: Content, taken: Option<NamespacedName>) -> Rotation {
    let Some(previous) = found.previous() else {
        return Rotation::Settled;
    };
    let rotation = Rotation::of(
        previous,
        context.settings.rotation_overlap,
        context.settings.clock.now(),
    );
    match (rotation, taken) {
        (Rotation::Until { .. }, Some(taken)) => Rotation::Refused(Refusal::NameTaken(taken)),
        (rotation, _) => rotation,
    }
}

fn facts(found: Content) -> SecretFacts {
    match found {
        Content::Missing => SecretFacts::Missing,
        Content::WithoutEntry => SecretFacts::WithoutEntry,
        Content::Empty => SecretFacts::Empty,
        Content::Value(_) => SecretFacts::Usable,
    }
}

fn known(catalog: &Catalog, id: &NamespacedName) -> Known {
    let namespace = catalog.enforcement_namespace();
    let key = catalog
        .key(id)
        .filter(|key| key.metadata.deletion_timestamp.is_none());
    let edges = key.as_deref().map(KeyEdges::of);
    let name = keydesk_api::meta::enforcement_secret_name(&id.namespace, &id.name);
    let copies: Vec<_> = catalog
        .enforcement_secrets(&name)
        .filter(|secret| is_managed(secret, namespace))
        .collect();
    // Whose name is taken, unless another of ours, under another name, stands for it.
    let taken = |name: &str| {
        let id = NamespacedName::new(namespace?, name);
        let is_ours = |copy: &Arc<SecretMeta>| {
            copy.id.namespace == id.namespace && is_previous_secret(&copy.id.name) == is_previous_secret(name)
        };
        let foreign = catalog.secret(&id).is_some_and(|secret| !secret.enforces());
        (foreign && !copies.iter().any(is_ours)).then_some(id)
    };
    let previous_taken = taken(&previous_secret_name(&name));
    let name_taken = taken(&name).is_some();
    let secret = edges
        .as_ref()
        .and_then(|edges| catalog.secret(edges.secret.as_ref()?));
    let live = key.zip(edges).map(|(key, edges)| {
        let product = catalog.product(&edges.product);
        let route = product
            .as_deref()
            .and_then(|product| catalog.route(&route_of_product(product)));
        let stays =
            |approval: &Arc<keydesk_catalog::Approval>| approval.object.metadata.deletion_timestamp.is_none();
        Live {
            hostname: route
                .and_then(|route| route.spec.hostnames.first().cloned())
                .filter(|host| !host.is_empty()),
            request: catalog.request(&edges.request),
            shown_before: None,
            approvals: catalog.approvals_of(&edges.request).filter(stays).collect(),
            auto_name_taken: auto_name_taken(catalog, &edges.request),
            enforcement_namespace: namespace.map(str::to_owned),
            name_taken,
            secret: SecretFacts::Unnamed,
            value: None,
            rotation: Rotation::Settled,
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
        previous_taken,
    }
}

/// Whether something has the name that the automatic approval of a request gets.
fn auto_name_taken(catalog: &Catalog, request: &NamespacedName) -> bool {
    let id = NamespacedName::new(request.namespace.as_str(), auto_approval_name(&request.name));
    catalog.approval(&id).is_some_and(|approval| {
        let object = &approval.object;
        object.spec.api_key_request_ref.name != request.name || object.metadata.deletion_timestamp.is_some()
    })
}

/// Of a key whose Secret cannot be read and never was, what gateways have is claimed: another key with that value, reconciled
/// before, is not to take it away.
fn keep_claims(context: &Context, id: &NamespacedName, live: &Live, copies: &[EnforcementCopy]) {
    let mut claims = context.claims.lock();
    if claims.has(id) {
        return;
    }
    let bids = bids_for_enforced(live, copies, context.settings.clock.now());
    let verdict = claims.claim(id, &bids);
    for concerned in verdict.concerned {
        context.queue.enqueue(Target::Key(concerned));
    }
}
