//! Writing enforcement secrets: values go from the consumer's Secret to the copy, and nowhere else.

use tokio::time::Instant;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use keydesk_api::meta::{API_KEY_ENTRY, annotation, is_previous_secret};
use keydesk_catalog::SecretMeta;
use keydesk_core::NamespacedName;

use super::account::Made;
use super::apply::{Applied, Outcome};
use super::converge::{Copying, Wanted};
use super::seen::Seen;
use crate::context::Context;
use crate::opened::Opened;
use crate::write::{WriteError, with_uid};

/// Makes the writes in their order, up to the first that fails. What the API server refuses for good keeps the other
/// value from nothing, but nothing is deleted any more: what it stands for may not be there.
pub(super) async fn carry_out(
    context: &Context,
    seen: &Seen,
    copying: &[Copying],
    made: &mut Made,
    outcome: &mut Outcome,
) -> Applied {
    let is_seen = |id: &NamespacedName| seen.copies.iter().any(|copy| copy.meta.id == *id);
    let makes_any = copying.iter().any(|step| matches!(step, Copying::Create(_)));
    if makes_any && context.awaited.lacks(&seen.id, is_seen, Instant::now()) {
        return Applied::Stale;
    }
    let mut rejection = None;
    for step in copying {
        if rejection.is_some() && matches!(step, Copying::Retire(_)) {
            continue;
        }
        let error = match make(context, seen, step).await {
            Ok(Applied::Done) => {
                made.copy |= !matches!(step, Copying::Retire(_));
                continue;
            }
            Ok(Applied::Stale) => return Applied::Stale,
            Err(error) => error,
        };
        if let Copying::Replace { seen: place, .. } = step
            && error.is_forbidden()
            && !context.cluster.may_update_secrets(&place.id.namespace).await
        {
            tracing::info!(key = %seen.id, "our role does not let us change Secrets: they are deleted and made anew");
            context.rights.refused(Instant::now());
            return Applied::Stale;
        }
        if let Copying::Replace { seen: place, .. } = step
            && error.is_immutable()
        {
            tracing::info!(key = %seen.id, object = %place.id, "Secret {} is immutable: it is deleted and made anew", place.id);
            context.rights.found_immutable(&place.uid, Instant::now());
            return Applied::Stale;
        }
        let reason = error.rejection();
        outcome.note::<()>(Err(error));
        match reason {
            Some(reason) if !matches!(step, Copying::Retire(_)) => rejection = Some(reason),
            Some(_) | None => return Applied::Done,
        }
    }
    let mut rejections = context.rejections.lock();
    match rejection {
        Some(reason) => rejections.insert(seen.id.clone(), reason),
        None => rejections.remove(&seen.id),
    };
    Applied::Done
}

async fn make(context: &Context, seen: &Seen, step: &Copying) -> Result<Applied, WriteError> {
    match step {
        Copying::Create(wanted) => {
            let applied = copy(context, wanted, None).await?;
            if applied == Applied::Done {
                context.awaited.made(&seen.id, wanted.id.clone(), Instant::now());
                forget_retired(context, &seen.id, &wanted.id.name);
            }
            Ok(applied)
        }
        Copying::Replace { wanted, seen } => copy(context, wanted, Some(seen)).await,
        Copying::Retire(secret) => {
            delete(context, &seen.id, secret).await?;
            if !seen.may_update {
                let mut retired = context.retired.lock();
                retired.entry(seen.id.clone()).or_default().push(secret.clone());
            }
            Ok(Applied::Done)
        }
    }
}

/// What was deleted is made anew.
fn forget_retired(context: &Context, key: &NamespacedName, name: &str) {
    let mut all = context.retired.lock();
    if let Some(retired) = all.get_mut(key) {
        retired.retain(|secret| is_previous_secret(&secret.id.name) != is_previous_secret(name));
        if retired.is_empty() {
            all.remove(key);
        }
    }
}

/// Deletes the very Secret of a key that was seen.
pub(super) async fn delete(
    context: &Context,
    key: &NamespacedName,
    secret: &SecretMeta,
) -> Result<(), WriteError> {
    let uid = with_uid(Some(&secret.uid));
    context.cluster.delete::<Secret>(&secret.id, uid).await?;
    context.values.forget(&secret.id);
    context.awaited.deleted(key, &secret.id);
    Ok(())
}

/// Copies the value from the consumer's Secret, if it still is the one that was planned for.
async fn copy(context: &Context, wanted: &Wanted, place: Option<&SecretMeta>) -> Result<Applied, WriteError> {
    let desired = &*wanted.desired;
    // Where it is another one, the event of that change is on its way.
    let Some(mut source) = Opened::read(&context.cluster, &desired.source).await? else {
        return Ok(Applied::Stale);
    };
    let Some(mut value) = source.take(desired.entry) else {
        return Ok(Applied::Stale);
    };
    if context.values.fingerprint(&value) != desired.value {
        return Ok(Applied::Stale);
    }
    let mut annotations = desired.annotations.clone();
    if let Some(other) = &wanted.replaces {
        annotations.insert(annotation::REPLACES.to_owned(), other.clone());
    }
    let metadata = ObjectMeta {
        name: Some(wanted.id.name.clone()),
        namespace: Some(wanted.id.namespace.clone()),
        uid: place.map(|place| place.uid.clone()),
        resource_version: place.map(|place| place.resource_version.clone()),
        labels: Some(desired.labels.clone()),
        annotations: Some(annotations),
        ..ObjectMeta::default()
    };
    let copy = Opened::new(Secret {
        metadata,
        type_: Some("Opaque".to_owned()),
        data: Some([(API_KEY_ENTRY.to_owned(), ByteString(std::mem::take(&mut *value)))].into()),
        ..Secret::default()
    });
    let written = match place {
        None => context.cluster.create(copy.secret()).await?,
        Some(_) => context.cluster.put(copy.secret()).await?,
    };
    context.values.learn(&Opened::new(written));
    Ok(Applied::Done)
}
