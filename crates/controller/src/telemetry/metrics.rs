//! What the controller counts about keys and its own doings. Labels are few and fixed: no object is named.

use keydesk_api::condition::KeyAspect;
use keydesk_process::Registry;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::Fact;

/// The metrics of the domain. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct DomainMetrics {
    keys: Family<InState, Gauge>,
    requests_pending: Gauge,
    next_end: Gauge,
    fetches: Family<Fetched, Counter>,
    writes: Family<Wrote, Counter>,
    avoided: Family<Avoided, Counter>,
    events: Family<Posted, Counter>,
    decisions: Family<Recorded, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Fetched {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Wrote {
    verb: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Avoided {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Posted {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Recorded {
    event: &'static str,
}

/// What became of an Event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The API server has it.
    Posted,
    /// Too many at once, or about one object.
    Dropped,
    /// The API server did not take it.
    Refused,
}

/// Why a write was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saving {
    /// All is as it should be.
    Unchanged,
    /// We wrote the object a moment ago, and would have written over what is not known yet.
    Overtaken,
}

const fn state(aspect: KeyAspect) -> &'static str {
    match aspect {
        KeyAspect::Pending => "pending",
        KeyAspect::Approved => "approved",
        KeyAspect::Denied => "denied",
        KeyAspect::Expired => "expired",
        KeyAspect::Failed => "failed",
        KeyAspect::TermsChanged => "terms_changed",
        KeyAspect::EnforcementFailed => "enforcement_failed",
        KeyAspect::Rotating => "rotating",
    }
}

impl Default for DomainMetrics {
    /// With all states at zero: a state without keys is worth seeing too.
    fn default() -> Self {
        let metrics = Self {
            keys: Family::default(),
            requests_pending: Gauge::default(),
            next_end: Gauge::default(),
            fetches: Family::default(),
            writes: Family::default(),
            avoided: Family::default(),
            events: Family::default(),
            decisions: Family::default(),
        };
        for aspect in KeyAspect::LIFECYCLE {
            metrics.stands(aspect, 0);
        }
        metrics
    }
}

impl DomainMetrics {
    /// So many keys more stand here.
    pub(crate) fn stands(&self, aspect: KeyAspect, more: i64) {
        let state = state(aspect);
        self.keys.get_or_create(&InState { state }).inc_by(more);
    }

    /// So many owners' decisions more are awaited.
    pub(crate) fn awaits_owner(&self, more: i64) {
        self.requests_pending.inc_by(more);
    }

    /// The second in which the next key ends.
    pub(crate) fn next_end(&self, second: Option<i64>) {
        self.next_end.set(second.unwrap_or_default());
    }

    /// Something was fetched, or not.
    pub(crate) fn fetched(&self, kind: &'static str, outcome: &'static str) {
        self.fetches.get_or_create(&Fetched { kind, outcome }).inc();
    }

    /// Something was written.
    pub(crate) fn wrote(&self, verb: &'static str) {
        self.writes.get_or_create(&Wrote { verb }).inc();
    }

    /// Something was not written.
    pub(crate) fn saved(&self, saving: Saving) {
        let reason = match saving {
            Saving::Unchanged => "unchanged",
            Saving::Overtaken => "overtaken",
        };
        self.avoided.get_or_create(&Avoided { reason }).inc();
    }

    /// An Event was posted, or not.
    pub(crate) fn posted(&self, fate: Fate) {
        let outcome = match fate {
            Fate::Posted => "posted",
            Fate::Dropped => "dropped",
            Fate::Refused => "refused",
        };
        self.events.get_or_create(&Posted { outcome }).inc();
    }

    /// A record was made.
    pub(crate) fn recorded(&self, fact: Fact) {
        let event = fact.as_str();
        self.decisions.get_or_create(&Recorded { event }).inc();
    }

    /// Names the metrics in a registry; theirs begin with `devportal_`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Self {
            keys,
            requests_pending,
            next_end,
            fetches,
            writes,
            avoided,
            events,
            decisions,
        } = self.clone();
        let registry = registry.sub_registry_with_prefix("devportal");
        registry.register("apikeys", "APIKeys, by where they stand", keys);
        registry.register(
            "apikeyrequests_pending",
            "Requests on which an owner has something to decide: new ones, and those whose terms changed",
            requests_pending,
        );
        registry.register(
            "apikey_next_expiry_timestamp_seconds",
            "When the next key in force ends, in seconds since 1970; 0 if none does",
            next_end,
        );
        registry.register(
            "fetches",
            "Documents fetched from outside, by kind and outcome",
            fetches,
        );
        registry.register("writes", "Writes to the cluster, by verb", writes);
        registry.register(
            "writes_avoided",
            "Writes that were not made, because nothing differed or the object had just been written",
            avoided,
        );
        registry.register("events", "Kubernetes Events, by what became of them", events);
        registry.register(
            "decisions",
            "Records of decisions, by what became of them",
            decisions,
        );
    }
}

#[cfg(test)]
impl DomainMetrics {
    pub(super) fn state(&self, state: &'static str) -> i64 {
        self.keys.get_or_create(&InState { state }).get()
    }

    /// Decisions awaited, and the next end.
    pub(super) fn snapshot(&self) -> (i64, i64) {
        (self.requests_pending.get(), self.next_end.get())
    }
}
