//! The gateway controller that `keydesk up` plays, for a machine that has none: it sets the statuses by which products
//! learn that their route is accepted and their policies apply.
//!
//! It answers only for Gateways of a GatewayClass whose controller is `keydesk.dev/gateway`, the routes attached to
//! them and the policies on those; on a real cluster it is not started. It never touches what somebody else wrote into a
//! status, and it does not pretend: a policy is enforced only as far as Keydesk's gate evaluates it. It knows no kind of
//! ours.
//!
//! ```text
//! watch ──▶ World ──▶ plan (pure) ──▶ the statuses that must change ──▶ PUT /status
//! ```
//!
//! The whole world is looked at again after a change. On a laptop that is a handful of objects.

mod attach;
mod conditions;
mod plan;
mod policy;
mod role;
mod world;

use std::{collections::BTreeSet, time::Duration};

use futures::{StreamExt as _, stream::select_all};
use jiff::Timestamp;
use keydesk_process::chain;
use kube::{
    Api, Client,
    api::{DynamicObject, PostParams},
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event, watcher},
    },
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use role::objects as role_objects;
use world::{Kind, World};

use crate::write::in_time;

/// How long to collect changes before looking: what arrives together is looked at once.
const COLLECT: Duration = Duration::from_millis(10);

/// When to look again after a status could not be written.
const RETRY: Duration = Duration::from_secs(1);

/// Plays the gateway controller until `shutdown`. `client` needs the rights of [`role_objects`] and no others.
pub async fn run(client: Client, shutdown: CancellationToken) {
    let watches = Kind::ALL.map(|kind| {
        let api = Api::<DynamicObject>::all_with(client.clone(), &kind.resource());
        watcher(api, watcher::Config::default())
            .default_backoff()
            .map(move |event| (kind, event))
            .boxed()
    });
    let mut events = select_all(watches);
    let mut world = World::default();
    let mut unlisted = BTreeSet::from(Kind::ALL);
    let mut look = None;
    loop {
        let due = async {
            match look {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            Some((kind, event)) = events.next() => {
                match event {
                    Ok(Event::Init) => {
                        world.forget(kind);
                        unlisted.insert(kind);
                    }
                    Ok(Event::InitApply(object) | Event::Apply(object)) => world.put(kind, object),
                    Ok(Event::Delete(object)) => world.delete(kind, &object),
                    Ok(Event::InitDone) => {
                        unlisted.remove(&kind);
                    }
                    Err(error) => {
                        tracing::warn!(?kind, error = %chain(&error), "watch of {kind:?} was interrupted");
                    }
                }
                // Nothing is judged before everything was seen.
                look = if unlisted.is_empty() {
                    Some(look.unwrap_or_else(|| Instant::now() + COLLECT))
                } else {
                    None
                };
            }
            () = due => {
                let mut all_written = true;
                for (kind, object) in plan::plan(&world, Timestamp::now()) {
                    let Some(written) = shutdown.run_until_cancelled(write(&client, kind, object)).await else {
                        return;
                    };
                    all_written &= written;
                }
                look = (!all_written).then(|| Instant::now() + RETRY);
            }
        }
    }
}

/// Writes a status, and says whether that is over and done with.
async fn write(client: &Client, kind: Kind, object: DynamicObject) -> bool {
    let name = object.metadata.name.clone().unwrap_or_default();
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let resource = kind.resource();
    let api: Api<DynamicObject> = if namespace.is_empty() {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::namespaced_with(client.clone(), namespace, &resource)
    };
    let place = if namespace.is_empty() {
        name.clone()
    } else {
        format!("{namespace}/{name}")
    };
    match in_time(api.replace_status(&name, &PostParams::default(), &object)).await {
        Ok(_) => {
            tracing::info!("set the status of {kind:?} {place}");
            true
        }
        // Somebody was faster: the watch brings the newer object, and it is looked at again.
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => true,
        Err(error) => {
            tracing::warn!(error = %chain(&error), "failed to set the status of {kind:?} {place}");
            false
        }
    }
}

#[cfg(test)]
mod tests;
