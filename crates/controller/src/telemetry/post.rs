//! Posting Events: behind a bounded channel, at a bounded pace, so that no reconcile ever waits for one.
//!
//! A cluster whose role for the controller is upstream's does not let it write Events. That is said once, and tried again
//! from time to time.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, sleep};

use super::metrics::Fate;
use super::{DomainMetrics, Notice};
use crate::Clock;
use crate::write::in_time;

/// Events that wait to be posted. Beyond, they are dropped.
const WAITING: usize = 4096;

/// Between two Events: a cluster that is seen for the first time has other things to do.
const GAP: Duration = Duration::from_millis(10);

/// So many Events about one object at once; then one in [`REFILL`].
const BURST: f64 = 50.0;
const REFILL: Duration = Duration::from_secs(5);

/// So many objects are remembered before those are forgotten that were not talked of for a while.
const SWEEP_AT: usize = 1024;

/// After a refusal, until it is tried again.
const RETRY_AFTER_FORBIDDEN: Duration = Duration::from_mins(5);

/// Longest note, in bytes, and longest name of an object, that the API takes.
const NOTE_MAX: usize = 1024;
const NAME_MAX: usize = 253;

/// Who reports.
const CONTROLLER: &str = "keydesk.dev/controller";

/// Takes Events and posts them in the background.
#[derive(Debug)]
pub(crate) struct EventPoster {
    queued: Sender<(ObjectReference, Notice)>,
    metrics: DomainMetrics,
}

impl EventPoster {
    /// Must be called within a tokio runtime. Its task ends with the poster.
    pub(crate) fn new(client: Client, metrics: DomainMetrics, clock: Clock) -> Self {
        let (queued, waiting) = mpsc::channel(WAITING);
        tokio::spawn(deliver(client, waiting, metrics.clone(), clock));
        Self { queued, metrics }
    }

    /// Takes an Event, or drops it if too many wait.
    pub(crate) fn post(&self, about: ObjectReference, notice: Notice) {
        if self.queued.try_send((about, notice)).is_err() {
            self.metrics.posted(Fate::Dropped);
        }
    }
}

async fn deliver(
    client: Client,
    mut waiting: Receiver<(ObjectReference, Notice)>,
    metrics: DomainMetrics,
    clock: Clock,
) {
    let instance = keydesk_process::host();
    let mut pace = Pace::default();
    let mut refused_until: Option<Instant> = None;
    let mut serial = 0_u32;
    while let Some((about, notice)) = waiting.recv().await {
        let now = Instant::now();
        if !pace.allows(&about, now) {
            metrics.posted(Fate::Dropped);
            continue;
        }
        if refused_until.is_some_and(|until| now < until) {
            metrics.posted(Fate::Refused);
            continue;
        }
        serial = serial.wrapping_add(1);
        let event = event(&about, notice, &instance, clock.now(), serial);
        let namespace = about.namespace.as_deref().unwrap_or("default");
        let api: Api<Event> = Api::namespaced(client.clone(), namespace);
        let fate = match in_time(api.create(&PostParams::default(), &event)).await {
            Ok(_) => {
                refused_until = None;
                Fate::Posted
            }
            Err(error) => {
                if is_forbidden(&error) {
                    if refused_until.is_none() {
                        tracing::warn!(
                            "no Events can be posted, the role of the controller does not allow it: {}",
                            keydesk_process::chain(&error)
                        );
                    }
                    refused_until = Some(Instant::now() + RETRY_AFTER_FORBIDDEN);
                } else {
                    tracing::debug!("failed to post an Event: {}", keydesk_process::chain(&error));
                }
                Fate::Refused
            }
        };
        metrics.posted(fate);
        sleep(GAP).await;
    }
}

/// Whether it is the role that does not allow it, not a namespace that is on its way out.
fn is_forbidden(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else {
        return false;
    };
    let causes = status.details.iter().flat_map(|details| &details.causes);
    status.code == 403
        && !causes
            .into_iter()
            .any(|cause| cause.reason == "NamespaceTerminating")
}

fn event(about: &ObjectReference, notice: Notice, instance: &str, now: Timestamp, serial: u32) -> Event {
    let Notice {
        is_warning,
        reason,
        action,
        note,
    } = notice;
    let suffix = format!(".{:x}.{serial:x}", now.as_microsecond());
    let stem = about.name.as_deref().unwrap_or_default();
    let stem = cut(stem, NAME_MAX - suffix.len()).trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{stem}{suffix}")),
            namespace: about.namespace.clone(),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(now)),
        regarding: Some(about.clone()),
        type_: Some(if is_warning { "Warning" } else { "Normal" }.to_owned()),
        reason: Some(reason),
        action: Some(action.to_owned()),
        note: Some(cut(&note, NOTE_MAX).to_owned()),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(cut(instance, 128).to_owned()),
        ..Event::default()
    }
}

fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// How often each object may be talked of.
#[derive(Debug, Default)]
struct Pace(HashMap<String, (f64, Instant)>);

impl Pace {
    fn allows(&mut self, about: &ObjectReference, now: Instant) -> bool {
        let refilled = |(left, at): (f64, Instant)| {
            let since = now.saturating_duration_since(at).as_secs_f64();
            (left + since / REFILL.as_secs_f64()).min(BURST)
        };
        if self.0.len() >= SWEEP_AT {
            self.0.retain(|_, bucket| refilled(*bucket) < BURST);
        }
        let uid = about.uid.clone().unwrap_or_default();
        let left = self.0.get(&uid).copied().map_or(BURST, refilled);
        let is_allowed = left >= 1.0;
        let left = if is_allowed { left - 1.0 } else { left };
        self.0.insert(uid, (left, now));
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(name: &str) -> ObjectReference {
        ObjectReference {
            kind: Some("APIKey".into()),
            name: Some(name.into()),
            namespace: Some("consumer-app".into()),
            uid: Some(name.into()),
            ..ObjectReference::default()
        }
    }

    fn notice(note: String) -> Notice {
        Notice {
            is_warning: true,
            reason: "Failed".into(),
            action: "Decide",
            note,
        }
    }

    #[test]
    fn one_object_cannot_storm_and_others_are_still_heard() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let passed = (0..100)
            .filter(|_| pace.allows(&about("flapping"), start))
            .count();
        assert_eq!(passed, 50);
        assert!(pace.allows(&about("quiet"), start));
        assert!(!pace.allows(&about("flapping"), start + REFILL / 2));
        assert!(pace.allows(&about("flapping"), start + REFILL * 2));
    }

    #[test]
    fn what_is_remembered_of_objects_is_bounded() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for number in 0..SWEEP_AT {
            pace.allows(&about(&number.to_string()), start);
        }
        pace.allows(&about("later"), start + REFILL * 2);
        assert_eq!(pace.0.len(), 1);
    }

    #[test]
    fn an_event_keeps_to_what_the_api_takes() {
        let name = format!("{}.x", "k".repeat(251));
        let event = event(
            &about(&name),
            notice("ß".repeat(1000)),
            "here",
            Timestamp::UNIX_EPOCH,
            7,
        );
        let made = event.metadata.name.unwrap();
        assert!(made.len() <= 253 && made.ends_with(".0.7"), "{made}");
        assert_eq!(event.note.unwrap().len(), 1024);
        assert_eq!(event.type_.as_deref(), Some("Warning"));
    }
}
