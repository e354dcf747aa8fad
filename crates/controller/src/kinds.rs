//! The kinds that the controller watches, and those that a cluster does not have: told once each, and counted.

use keydesk_catalog::Kind;
use keydesk_feed::{Readiness, State};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

/// The kinds that the controller watches: those that upstream's role lets it see.
pub const KINDS: [Kind; 9] = [
    Kind::Product,
    Kind::Key,
    Kind::Request,
    Kind::Approval,
    Kind::Route,
    Kind::AuthPolicy,
    Kind::PlanPolicy,
    Kind::Kuadrant,
    Kind::Secret,
];

/// By kind: 1 where the cluster has it, 0 where its definition is not installed; no value before that is known.
pub(crate) type Installed = Family<OfKind, Gauge>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfKind {
    kind: &'static str,
}

/// The kinds that this cluster has no definition of, as manifests write them. They count as known, and as empty, until
/// they are installed; those of ours are not among them, as nothing can be done without.
#[must_use]
pub fn absent(readiness: &Readiness) -> Vec<&'static str> {
    let states = readiness.states().into_iter();
    states
        .filter(|(_, state)| *state == State::Absent)
        .map(|(kind, _)| kind.as_str())
        .collect()
}

/// Tells, and counts, which kinds the cluster has, for as long as it is polled.
pub(crate) async fn watch(readiness: &Readiness, installed: &Installed) {
    let mut before = readiness.states();
    loop {
        let states = readiness.other_than(&before).await;
        for (kind, state) in &states {
            if before.get(kind) != Some(state) {
                tell(*kind, before.get(kind), state, installed);
            }
        }
        before = states;
    }
}

fn tell(kind: Kind, before: Option<&State>, state: &State, installed: &Installed) {
    let name = kind.as_str();
    let gauge = installed.get_or_create_owned(&OfKind { kind: name });
    match state {
        State::Absent => {
            gauge.set(0);
            tracing::info!(
                kind = name,
                "this cluster has no {name}: there are none until its definition is installed"
            );
        }
        State::Missing => {
            gauge.set(0);
            tracing::error!(
                kind = name,
                "this cluster has no {name}: nothing can be done until its definition is installed"
            );
        }
        State::Listed => {
            gauge.set(1);
            if matches!(before, Some(State::Absent | State::Missing)) {
                tracing::info!(kind = name, "this cluster has {name} now");
            }
        }
        State::Listing | State::Failing(_) => {}
    }
}
