//! What the gate counts about itself. Labels are few and fixed: no key, no host, no path.

use std::fmt::{self, Write as _};
use std::sync::atomic::AtomicU64;

use keydesk_process::Registry;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::index::Troubles;

/// How a call came to be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Envoy's `ext_authz` over gRPC.
    Grpc,
    /// Envoy's `ext_authz` over HTTP.
    ExtAuthz,
    /// The forward-auth of Traefik and Caddy.
    ForwardAuth,
    /// nginx's `auth_request`.
    Nginx,
    /// `POST /v1/verify`.
    Verify,
    /// The front door.
    FrontDoor,
}

impl EncodeLabelValue for Way {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        encoder.write_str(match self {
            Self::Grpc => "ext_authz_grpc",
            Self::ExtAuthz => "ext_authz_http",
            Self::ForwardAuth => "forward_auth",
            Self::Nginx => "nginx",
            Self::Verify => "verify",
            Self::FrontDoor => "front_door",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    way: Way,
    code: &'static str,
}

/// The metrics.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    decisions: Family<Decided, Counter>,
    age: Gauge<f64, AtomicU64>,
    holders: Gauge,
    unsupported: Gauge,
    mistaken: Gauge,
    unsaved: Gauge<f64, AtomicU64>,
}

impl Metrics {
    pub(crate) fn decided(&self, way: Way, code: &'static str) {
        self.decisions.get_or_create(&Decided { way, code }).inc();
    }

    /// For how long the gate may not have heard of changes, in seconds.
    pub(crate) fn age(&self, seconds: f64) {
        self.age.set(seconds);
    }

    /// How many keys may open something, and what nobody can satisfy.
    pub(crate) fn known(&self, holders: usize, troubles: Troubles) {
        let Troubles {
            unsupported_routes,
            mistaken_tiers,
        } = troubles;
        let count = |number| i64::try_from(number).unwrap_or(i64::MAX);
        self.holders.set(count(holders));
        self.unsupported.set(count(unsupported_routes));
        self.mistaken.set(count(mistaken_tiers));
    }

    /// For how long counters could not be saved, in seconds.
    pub(crate) fn unsaved(&self, seconds: f64) {
        self.unsaved.set(seconds);
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let Self {
            decisions,
            age,
            holders,
            unsupported,
            mistaken,
            unsaved,
        } = self.clone();
        let registry = registry.sub_registry_with_prefix("keydesk_gate");
        registry.register("decisions", "Calls decided, by way in and code", decisions);
        registry.register(
            "snapshot_age_seconds",
            "For how long changes in the cluster may have gone unheard",
            age,
        );
        registry.register("keys", "Keys that open something", holders);
        registry.register(
            "routes_policy_not_supported",
            "Routes on which every call is refused because a policy asks for what is not evaluated",
            unsupported,
        );
        registry.register(
            "tiers_unresolvable",
            "Plan tiers whose predicate or limits cannot be understood",
            mistaken,
        );
        registry.register(
            "counters_unsaved_seconds",
            "For how long counters could not be written to disk",
            unsaved,
        );
    }
}
