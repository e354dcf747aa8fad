//! What the controller counts about itself, under the names of controller-runtime, so that dashboards and alerts made for
//! upstream's go on working. Labels are few and fixed: no object is named.

use keydesk_catalog::Target;
use keydesk_process::Registry;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::fmt::{self, Write as _};
use std::time::Instant;

use crate::kinds::Installed;
use crate::queue::QueueMetrics;
use crate::telemetry::DomainMetrics;

/// The name of the one queue.
const QUEUE: &str = "keydesk-controller";

/// Seconds; upstream's range with fewer steps.
const STEPS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0,
];

/// Which of upstream's controllers has the part of a reconcile; one of ours does the work of several of its.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Product,
    Key,
    Approval,
    EnforcementSecret,
}

impl Part {
    const ALL: [Self; 4] = [Self::Product, Self::Key, Self::Approval, Self::EnforcementSecret];

    /// The part that reconciles `target`, if any does.
    fn of(target: &Target) -> Option<Self> {
        match target {
            Target::Product(_) => Some(Self::Product),
            Target::Key(_) => Some(Self::Key),
            Target::Approval(_) => Some(Self::Approval),
            Target::EnforcementSecret(_) => Some(Self::EnforcementSecret),
            Target::Route(_) | Target::Kuadrant => None,
        }
    }
}

impl EncodeLabelValue for Part {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        encoder.write_str(match self {
            Self::Product => "apiproduct",
            Self::Key => "apikey-status",
            Self::Approval => "apikeyapproval-status",
            Self::EnforcementSecret => "apikey-secret",
        })
    }
}

/// How a reconcile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ended {
    /// Nothing more to do until something happens.
    Settled,
    /// Until a moment that is known.
    Until,
    /// The cluster moved on meanwhile: it is reconciled again.
    Stale,
    /// It failed, or panicked, or was cut off.
    Failed,
}

impl Ended {
    const ALL: [Self; 4] = [Self::Settled, Self::Until, Self::Stale, Self::Failed];
}

impl EncodeLabelValue for Ended {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        encoder.write_str(match self {
            Self::Settled => "success",
            Self::Until => "requeue_after",
            Self::Stale => "requeue",
            Self::Failed => "error",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByPart {
    controller: Part,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByEnd {
    controller: Part,
    result: Ended,
}

/// The metrics of one controller, shared by cloning.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    reconciles: Family<ByEnd, Counter>,
    errors: Family<ByPart, Counter>,
    time: Family<ByPart, Histogram, fn() -> Histogram>,
    active: Family<ByPart, Gauge>,
    pub(crate) queue: QueueMetrics,
    pub(crate) installed: Installed,
    pub(crate) domain: DomainMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            reconciles: Family::default(),
            errors: Family::default(),
            time: Family::new_with_constructor(|| Histogram::new(STEPS)),
            active: Family::default(),
            queue: QueueMetrics::default(),
            installed: Installed::default(),
            domain: DomainMetrics::default(),
        };
        // Zero is said, too: an alert on a rate needs a beginning.
        for controller in Part::ALL {
            let part = ByPart { controller };
            let _ = (
                metrics.errors.get_or_create_owned(&part),
                metrics.time.get_or_create_owned(&part),
                metrics.active.get_or_create_owned(&part),
            );
            for result in Ended::ALL {
                let _ = metrics
                    .reconciles
                    .get_or_create_owned(&ByEnd { controller, result });
            }
        }
        metrics
    }
}

impl Metrics {
    /// Makes them part of what is scraped.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Self {
            reconciles,
            errors,
            time,
            active,
            queue,
            installed,
            domain,
        } = self;
        domain.register(registry);
        // The endings `_total` and `_bucket` come by themselves.
        registry.register(
            "controller_runtime_reconcile",
            "Reconciliations, by how they ended",
            reconciles.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_errors",
            "Reconciliations that failed",
            errors.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_time_seconds",
            "How long it takes to reconcile an object",
            time.clone(),
        );
        registry.register(
            "controller_runtime_active_workers",
            "Reconciliations under way",
            active.clone(),
        );
        registry.register(
            "keydesk_kind_installed",
            "Whether the cluster has a kind that the controller watches",
            installed.clone(),
        );
        let registry = registry.sub_registry_with_label(("name".into(), QUEUE.into()));
        queue.register(registry);
    }

    /// A reconcile begins.
    pub(crate) fn begin(&self, target: &Target) -> Reconciling<'_> {
        let part = Part::of(target);
        if let Some(controller) = part {
            self.active.get_or_create(&ByPart { controller }).inc();
        }
        Reconciling {
            metrics: self,
            part,
            began: Instant::now(),
            ended: Ended::Failed,
        }
    }
}

/// A reconcile under way. It counts as failed unless somebody says how it ended.
#[derive(Debug)]
pub(crate) struct Reconciling<'a> {
    metrics: &'a Metrics,
    part: Option<Part>,
    began: Instant,
    ended: Ended,
}

impl Reconciling<'_> {
    pub(crate) fn end(mut self, ended: Ended) {
        self.ended = ended;
    }
}

impl Drop for Reconciling<'_> {
    fn drop(&mut self) {
        let (Some(controller), result) = (self.part, self.ended) else {
            return;
        };
        let part = ByPart { controller };
        self.metrics.active.get_or_create(&part).dec();
        let took = self.began.elapsed().as_secs_f64();
        self.metrics.time.get_or_create(&part).observe(took);
        if result == Ended::Failed {
            self.metrics.errors.get_or_create(&part).inc();
        }
        self.metrics
            .reconciles
            .get_or_create(&ByEnd { controller, result })
            .inc();
    }
}

#[cfg(test)]
mod tests {
    use keydesk_core::NamespacedName;
    use prometheus_client::encoding::text::encode;

    use super::*;

    fn scraped(metrics: &Metrics) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        metrics.register(&mut registry);
        encode(&mut text, &registry).unwrap();
        text
    }

    fn check(text: &str, line: &str) {
        assert!(
            text.lines().any(|each| each == line),
            "{line:?} is not in:\n{text}"
        );
    }

    #[test]
    fn what_never_happened_is_zero_and_not_missing() {
        let text = scraped(&Metrics::default());
        for line in [
            "controller_runtime_reconcile_total{controller=\"apiproduct\",result=\"error\"} 0",
            "controller_runtime_reconcile_errors_total{controller=\"apikey-secret\"} 0",
            "controller_runtime_reconcile_time_seconds_count{controller=\"apikey-status\"} 0",
            "controller_runtime_active_workers{controller=\"apikeyapproval-status\"} 0",
            "workqueue_depth{name=\"keydesk-controller\"} 0",
            "workqueue_adds_total{name=\"keydesk-controller\"} 0",
        ] {
            check(&text, line);
        }
    }

    #[test]
    fn a_reconcile_is_counted_by_its_end_and_one_without_an_end_has_failed() {
        let metrics = Metrics::default();
        let key = Target::Key(NamespacedName::new("app", "key"));
        let (first, second, cut_off) = (metrics.begin(&key), metrics.begin(&key), metrics.begin(&key));
        first.end(Ended::Settled);
        second.end(Ended::Stale);
        check(
            &scraped(&metrics),
            "controller_runtime_active_workers{controller=\"apikey-status\"} 1",
        );
        drop(cut_off);
        metrics.begin(&Target::Kuadrant).end(Ended::Settled);
        let text = scraped(&metrics);
        for (result, number) in [("success", 1), ("requeue", 1), ("requeue_after", 0), ("error", 1)] {
            check(
                &text,
                &format!(
                    "controller_runtime_reconcile_total{{controller=\"apikey-status\",result=\"{result}\"}} {number}"
                ),
            );
        }
        check(
            &text,
            "controller_runtime_active_workers{controller=\"apikey-status\"} 0",
        );
        check(
            &text,
            "controller_runtime_reconcile_errors_total{controller=\"apikey-status\"} 1",
        );
    }
}
