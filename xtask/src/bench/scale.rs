//! What a controller must bear among thousands of keys: a start, Secrets of others, many ends within a minute.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, WatchEvent, WatchParams};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::counting_proxy::Calls;
use super::load::{CONCURRENCY, CONSUMER, Load, OWNER, PATIENCE, key_name, resource};

/// Where Secrets live that are no key's.
const ELSEWHERE: &str = "somebody-else";

/// How long after the last of the ends is waited for.
const LATE: Duration = Duration::from_mins(1);

/// Keys are told their end so long before the first of them ends, in seconds.
const AHEAD: i64 = 90;

/// What was measured.
#[derive(Debug)]
pub(super) struct Scale {
    /// From the start of the process until an approval that was made before it is enforced.
    pub(super) start: Duration,
    /// The controller's, until then.
    pub(super) processor_time_of_start: Duration,
    pub(super) calls_of_start: Calls,
    /// In bytes, after that.
    pub(super) memory: u64,
    /// In bytes, at any time of this process and of the one before.
    pub(super) most_memory: u64,
    pub(super) unrelated: usize,
    /// Requests of the controller while each of the unrelated Secrets changed once.
    pub(super) calls_for_unrelated: usize,
    pub(super) processor_time_for_unrelated: Duration,
    /// From a denial until it takes effect, while all keys of its product are looked at because their plans changed, and from
    /// that change until every one shows it.
    pub(super) denial_amid_change: Duration,
    pub(super) change: Duration,
    pub(super) calls_for_change: Calls,
    /// From the first key that is told its end until all that follows from that is written, for all that are told.
    pub(super) ends_told: Duration,
    pub(super) calls_for_ends: Calls,
    pub(super) processor_time_for_ends: Duration,
    /// How late keys were said to be expired.
    pub(super) lateness: Vec<Duration>,
}

impl Load {
    /// Creates Secrets that nobody refers to.
    pub(super) async fn create_unrelated(&self, number: usize) -> Result<()> {
        self.create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ELSEWHERE}}))
            .await?;
        let created = stream::iter(0..number).map(|number| async move {
            self.create(&json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": format!("unrelated-{number}"), "namespace": ELSEWHERE},
                "stringData": {"password": "nobody's business", "release": "x".repeat(2_000)},
            }))
            .await
        });
        created.buffer_unordered(CONCURRENCY).try_collect().await
    }

    /// Changes each of so many of them once.
    pub(super) async fn change_unrelated(&self, number: usize) -> Result<()> {
        let secrets: Api<DynamicObject> =
            Api::namespaced_with(self.client(), ELSEWHERE, &resource("", "v1", "Secret"));
        let change = Patch::Merge(json!({"metadata": {"labels": {"changed": "true"}}}));
        let changed = stream::iter(0..number).map(|number| {
            let (secrets, change) = (&secrets, &change);
            async move {
                let name = format!("unrelated-{number}");
                secrets
                    .patch_metadata(&name, &PatchParams::default(), change)
                    .await
            }
        });
        changed
            .buffer_unordered(CONCURRENCY)
            .try_for_each(async |_| Ok(()))
            .await?;
        Ok(())
    }

    /// Changes the limits that every key shows, denies one of the keys meanwhile, and returns how long it takes until gateways
    /// are without its value.
    pub(super) async fn deny_amid_change(&self, key: usize) -> Result<Duration> {
        let plans = json!([{"tier": "gold", "predicate": "true", "limits": {"daily": 200}}]);
        self.patch(
            &resource("extensions.kuadrant.io", "v1alpha1", "PlanPolicy"),
            "gamestore",
            &json!({"spec": {"plans": plans}}),
        )
        .await?;
        // The first keys show it, and the others wait for their turn.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut events = self.enforcement_of(key).await?.boxed();
        let began = Instant::now();
        self.patch(
            &resource("devportal.kuadrant.io", "v1alpha1", "APIKeyApproval"),
            &key_name(key),
            &json!({"spec": {"approved": false, "reviewedAt": Timestamp::now()}}),
        )
        .await?;
        loop {
            let event = timeout(PATIENCE, events.try_next())
                .await
                .context("a denial did not take effect in time")??;
            if let WatchEvent::Deleted(_) = event.context("the watch ended")? {
                return Ok(began.elapsed());
            }
        }
    }

    /// Merges into an object of the owner's.
    async fn patch(&self, kind: &ApiResource, name: &str, patch: &Value) -> Result<()> {
        let objects: Api<DynamicObject> = Api::namespaced_with(self.client(), OWNER, kind);
        objects
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await?;
        Ok(())
    }

    /// Tells so many approved keys that they end, evenly within one minute that begins a while from now.
    pub(super) async fn tell_ends(&self, number: usize) -> Result<Ends> {
        let keys = self.keys();
        let list = keys
            .list_metadata(&kube::api::ListParams::default().limit(1))
            .await?;
        let version = list
            .metadata
            .resource_version
            .context("a list has no resourceVersion")?;
        let beginning = Timestamp::now().as_second() + AHEAD;
        let mut ends = BTreeMap::new();
        for key in 0..number {
            let second = i64::try_from(key * 60 / number)?;
            ends.insert(key_name(key), Timestamp::from_second(beginning + second)?);
        }
        let patched = stream::iter(&ends).map(|(name, end)| {
            let patch = Patch::Merge(json!({"spec": {"expiresAt": end}}));
            let keys = &keys;
            async move { keys.patch(name, &PatchParams::default(), &patch).await }
        });
        patched
            .buffer_unordered(CONCURRENCY)
            .try_for_each(async |_| Ok(()))
            .await?;
        Ok(Ends { ends, version })
    }

    /// Waits until all have ended, and returns how much later than its end each was said to.
    pub(super) async fn see_ends(
        &self,
        Ends {
            mut ends,
            mut version,
        }: Ends,
    ) -> Result<Vec<Duration>> {
        let keys = self.keys();
        let mut lateness = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(AHEAD.unsigned_abs() + 60) + LATE;
        while !ends.is_empty() && Instant::now() < deadline {
            let mut events = keys.watch(&WatchParams::default(), &version).await?.boxed();
            while let Ok(Some(event)) = timeout(LATE, events.try_next()).await.unwrap_or(Ok(None)) {
                let (WatchEvent::Modified(object) | WatchEvent::Added(object)) = event else {
                    continue;
                };
                version = object.metadata.resource_version.clone().unwrap_or(version);
                if is_expired(&object.data)
                    && let Some(end) = ends.remove(object.metadata.name.as_deref().unwrap_or_default())
                {
                    let late = Timestamp::now().duration_since(end);
                    lateness.push(Duration::try_from(late).unwrap_or_default());
                }
                if ends.is_empty() {
                    break;
                }
            }
        }
        anyhow::ensure!(ends.is_empty(), "{} keys have not expired", ends.len());
        Ok(lateness)
    }

    fn keys(&self) -> Api<DynamicObject> {
        let keys = resource("devportal.kuadrant.io", "v1alpha1", "APIKey");
        Api::namespaced_with(self.client(), CONSUMER, &keys)
    }
}

/// Keys that were told when they end, and the version of their kind before that.
pub(super) struct Ends {
    ends: BTreeMap<String, Timestamp>,
    version: String,
}

fn is_expired(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions.is_some_and(|conditions| conditions.iter().any(|condition| condition["type"] == "Expired"))
}
