//! Events are news: after an hour nobody needs them.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::act::Actor;
use crate::admit::text;
use crate::api::{Api, EVENTS};
use crate::store::Object;
use crate::verb::DeleteOptions;

const KEPT: SignedDuration = SignedDuration::from_hours(1);
const LOOK_EVERY: Duration = Duration::from_mins(1);

pub(super) async fn run(api: Arc<Api>) {
    loop {
        tokio::select! {
            () = api.stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        expire(&api, api.now()).await;
    }
}

async fn expire(api: &Api, now: Timestamp) {
    let actor = Actor::new(api, "event-expiry");
    let registry = api.registry();
    let Some(resource) = registry.find_kind("v1", "Event") else {
        return;
    };
    for event in api.store.all(EVENTS) {
        if is_expired(&event, now) {
            // A failure is logged; the next look tries again.
            let _ = actor.delete(resource, &event, DeleteOptions::default()).await;
        }
    }
}

/// Whether it last happened longer ago than events are kept.
fn is_expired(event: &Object, now: Timestamp) -> bool {
    let value = event.value();
    let times = [
        "/metadata/creationTimestamp",
        "/lastTimestamp",
        "/eventTime",
        "/series/lastObservedTime",
    ];
    let last = times
        .iter()
        .filter_map(|pointer| text(&value, pointer).parse::<Timestamp>().ok())
        .max();
    last.is_some_and(|last| now.duration_since(last) > KEPT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_expires_an_hour_after_it_last_happened() {
        let event = Object::at_revision(
            json!({
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"},
                "lastTimestamp": "2026-01-01T01:00:00Z",
            }),
            7,
        )
        .unwrap();
        let at = |time: &str| is_expired(&event, time.parse().unwrap());
        assert!(!at("2026-01-01T02:00:00Z"));
        assert!(at("2026-01-01T02:00:01Z"));
    }
}
