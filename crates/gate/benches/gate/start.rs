//! How long it takes from nothing to a gate that decides, in a cluster full of keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use keydesk_gate::{Follower, Gate, Settings};
use keydesk_quota::{Counters, Store};
use keydesk_testkit::{Address, World};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::cluster::{KUADRANT, Key, OWNER, Predicates, TEAMS, product};

/// Requests at a time while the cluster is filled.
const AT_A_TIME: usize = 16;
/// What nobody waits longer for.
const PATIENCE: Duration = Duration::from_mins(2);

/// What was measured.
pub(crate) struct Start {
    pub(crate) keys: usize,
    /// Until the gate decides.
    pub(crate) ready: Duration,
}

/// Fills an embedded API server with so many approved keys, and starts a gate beside it in this process.
pub(crate) async fn run(keys: usize) -> Result<Start> {
    let world = World::start().await;
    let admin = world.admin();
    let teams = (0..TEAMS.min(keys)).map(|team| Key(team).namespace());
    for namespace in teams.chain([OWNER.to_owned(), KUADRANT.to_owned()]) {
        world.namespace(&namespace).await;
    }
    let create = async |manifest: Value| {
        let made = admin.create(&manifest).await;
        made.map_err(|refused| anyhow!("failed to fill the cluster: {refused}"))
    };
    for (manifest, status) in product(Predicates::Identity) {
        let address = Address::of(&manifest);
        create(manifest).await?;
        if status != json!({}) {
            let said = admin.patch_status(&address, &status).await;
            said.map_err(|refused| anyhow!("failed to say a status: {refused}"))?;
        }
    }
    let objects = (0..keys).map(Key).flat_map(|key| {
        let [api_key, request, approval] = key.objects(false);
        [api_key, request, approval, key.manifest()]
    });
    stream::iter(objects)
        .map(create)
        .buffer_unordered(AT_A_TIME)
        .try_for_each(async |_| Ok(()))
        .await?;

    let counters = Store::Memory(Arc::new(Counters::kept()));
    let gate = Arc::new(Gate::new(counters, keydesk_quota::Scope::Key));
    let settings = Settings {
        scope: keydesk_gate::Scope::default(),
        max_stale: Duration::from_hours(1),
    };
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    let began = Instant::now();
    let follower = Follower::new(Arc::clone(&gate), admin.client(), settings);
    tokio::spawn(follower.clone().run(stop));
    timeout(PATIENCE, follower.ready())
        .await
        .context("the gate has not become ready")?;
    let ready = began.elapsed();
    let known = gate.snapshot().holders.len();
    ensure!(known == keys, "ready with {known} keys of {keys}");
    Ok(Start { keys, ready })
}
