//! Taking in what concerns one key: from the catalog, and of a Secret that changed, from the cluster.

use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::meta::{auto_approval_name, is_previous_secret, previous_secret_name};
use keydesk_catalog::{Catalog, KeyEdges, SecretMeta, Target, route_of_product};
use keydesk_core::{NamespacedName, SecretFacts};

use super::bids::{bids, bids_for_enforced};
use super::plan::is_over;
use super::rotation::{Refusal, Rotation};
use super::seen::{EnforcementCopy, Live, Seen};
use crate::context::Context;
use crate::managed::is_managed;
use crate::values::Content;
use crate::write::{self, WriteError};

/// What the catalog says about a key; Secrets are known by their metadata only.
pub(super) struct Known {
    pub(super) seen: Seen,
    secret: Option<Arc<SecretMeta>>,
    /// A Secret that is none of ours has the name of the previous value's enforcement secret.
    previous_taken: Option<NamespacedName>,
}

/// A key of which a Secret could not be read.
#[derive(Debug)]
pub(super) struct Unread {
    /// What is known all the same.
    seen: Seen,
    /// Why it could not.
    pub(super) error: WriteError,
}

impl Unread {
    /// What is known, if that is enough to say that the key does not work.
    pub(super) fn enough(mut self, now: Timestamp) -> Result<(Seen, WriteError), WriteError> {
        match &mut self.seen.live {
            Some(live) if is_over(live, now) => {
                // No failure of a Secret is to be told that nobody has seen.
                live.secret = SecretFacts::Usable;
                Ok((self.seen, self.error))
            }
            Some(_) | None => Err(self.error),
        }
    }
}

impl Known {
    /// Takes in what the Secrets hold, and what the key claims with that.
    ///
    /// # Errors
    /// The cluster did not show a Secret.
    pub(super) async fn read(mut self, context: &Context) -> Result<Seen, Box<Unread>> {
        if let Err(error) = read(context, &mut self).await {
            let seen = self.seen;
            return Err(Box::new(Unread { seen, error }));
        }
        let mut seen = self.seen;
        claim(context, &mut seen);
        seat(context, &mut seen);
        if seen.live.is_none() {
            context.rejections.lock().remove(&seen.id);
            context.retired.lock().remove(&seen.id);
            seen.retired.clear();
        }
        Ok(seen)
    }

    /// Claims what gateways have of the key, as far as that was read before.
    pub(super) fn claim_enforced(mut self, context: &Context) {
        for copy in &mut self.seen.copies {
            copy.value = context.values.known(&copy.meta).and_then(Content::sole_value);
        }
        if let Some(live) = &self.seen.live {
            keep_claims(context, live, &self.seen.copies);
        }
    }
}

async fn read(context: &Context, known: &mut Known) -> Result<(), WriteError> {
    let Seen { live, copies, .. } = &mut known.seen;
    let home = live.as_ref().and_then(|live| live.enforcement_namespace.clone());
    for copy in copies.iter_mut() {
        if home.as_ref() == Some(&copy.meta.id.namespace) {
            let held = context.values.content(&context.cluster, &copy.meta).await?;
            copy.value = held.sole_value();
        } else {
            // They go, whatever is in them.
            context.values.forget(&copy.meta.id);
        }
    }
    let Some(live) = live else {
        return Ok(());
    };
    let Some(wanted) = &live.edges.secret else {
        return Ok(());
    };
    let found = match &known.secret {
        Some(secret) => context
            .values
            .content(&context.cluster, secret)
            .await
            .inspect_err(|_| keep_claims(context, live, copies))?,
        None => Content::Missing,
    };
    if found == Content::Missing {
        context.values.forget(wanted);
    }
    live.value = found.value();
    live.secret = facts(found);
    live.rotation = rotation(context, found, known.previous_taken.take());
    Ok(())
}

/// Claims the values, and says which of them are another key's.
fn claim(context: &Context, seen: &mut Seen) {
    let Seen { id, live, copies, .. } = seen;
    let now = context.settings.clock.now();
    let bids = live
        .as_ref()
        .map(|live| bids(live, copies, now))
        .unwrap_or_default();
    let verdict = context.claims.lock().claim(id, &bids);
    for concerned in verdict.concerned {
        context.queue.enqueue(Target::Key(concerned));
    }
    {
        let catalog = context.catalog.read();
        context.values.sweep(|secret| catalog.has_use_for_secret(secret));
    }
    let Some(live) = live else { return };
    let has_lost = |value| verdict.lost.contains(&(live.edges.product.clone(), value));
    if live.value.is_some_and(has_lost) {
        live.secret = SecretFacts::Duplicate;
    }
    if matches!(live.rotation, Rotation::Until { value, .. } if has_lost(value)) {
        live.rotation = Rotation::Refused(Refusal::Duplicate);
    }
}

/// Takes a place among the keys that an automatic product approves.
fn seat(context: &Context, seen: &mut Seen) {
    let seating = context
        .places
        .lock()
        .seat(&context.catalog.read(), &seen.id, seen.live.as_ref());
    for concerned in seating.concerned {
        context.queue.enqueue(Target::Key(concerned));
    }
    if let Some(live) = &mut seen.live {
        live.crowded_out = seating.crowded_out;
    }
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

/// Takes in what the catalog says about a key.
pub(super) fn known(context: &Context, id: &NamespacedName) -> Known {
    let catalog = &context.catalog.read();
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
        let request = catalog.request(&edges.request);
        let shown_before = match &request {
            Some(request) => {
                context.departed.seen(request);
                None
            }
            None => context.departed.shown(&edges.request),
        };
        Live {
            hostname: route
                .and_then(|route| route.spec.hostnames.first().cloned())
                .filter(|host| !host.is_empty()),
            request,
            shown_before,
            approvals: catalog.approvals_of(&edges.request).filter(stays).collect(),
            auto_name_taken: auto_name_taken(catalog, &edges.request),
            enforcement_namespace: namespace.map(str::to_owned),
            name_taken,
            secret: SecretFacts::Unnamed,
            value: None,
            rotation: Rotation::Settled,
            rejection: context.rejections.lock().get(id).cloned(),
            crowded_out: None,
            key,
            product,
            edges,
        }
    });
    let now = tokio::time::Instant::now();
    let is_immutable = copies
        .iter()
        .any(|copy| context.rights.is_immutable(&copy.uid, now));
    let unread = |meta| EnforcementCopy { meta, value: None };
    let seen = Seen {
        id: id.clone(),
        live,
        requests: catalog.requests_for(id).collect(),
        copies: copies.into_iter().map(unread).collect(),
        retired: context.retired.lock().get(id).cloned().unwrap_or_default(),
        may_update: !is_immutable && context.rights.may_update(now),
    };
    Known {
        seen,
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

/// Of a key whose Secret was never read, what gateways have is claimed: another key with that value, reconciled before, is not
/// to take it away.
fn keep_claims(context: &Context, live: &Live, copies: &[EnforcementCopy]) {
    let id = &write::id(live.key.as_ref());
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
