//! The gate: what it knows, what it counts, and whether it may speak at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use keydesk_core::{Admission, Denial, Digest, NamespacedName};
use keydesk_process::Registry;
use keydesk_quota::{Scope, Store};
use tokio::sync::watch;

use crate::call::Call;
use crate::decide::{Known, judge, planned, recognise};
use crate::headers::Headers;
use crate::metrics::{Metrics, Way};
use crate::snapshot::{Holder, Plans, Protection, Snapshot};
use crate::verdict::{Admitted, Counted, Refused, Verdict};

/// Says whether calls may pass. Shared by everything that asks.
pub struct Gate {
    snapshot: ArcSwap<Snapshot>,
    state: AtomicU8,
    counters: Store,
    scope: Scope,
    pub(crate) metrics: Metrics,
    published: watch::Sender<()>,
}

/// Whether what the gate knows is good enough to decide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It has not seen the whole cluster yet.
    Learning = 0,
    /// It has, and not too long ago.
    Current = 1,
    /// It has not heard from the cluster for too long.
    TooOld = 2,
}

impl Gate {
    /// A gate that knows nothing yet and refuses everybody.
    #[must_use]
    pub fn new(counters: Store, scope: Scope) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(Snapshot::default()),
            state: AtomicU8::new(State::Learning as u8),
            counters,
            scope,
            metrics: Metrics::default(),
            published: watch::Sender::new(()),
        }
    }

    /// Adds what it counts about itself.
    pub fn register_metrics(&self, registry: &mut Registry) {
        self.metrics.register(registry);
    }

    /// Says for how long counters could not be saved.
    pub fn counters_unsaved_for(&self, time: Duration) {
        self.metrics.unsaved(time.as_secs_f64());
    }

    /// What becomes of a call that costs as much as one call does. It is counted if it passes.
    pub async fn decide<H: Headers + ?Sized>(&self, call: &Call<'_, H>, way: Way, now: Timestamp) -> Verdict {
        let known = self
            .speak()
            .and_then(|()| judge(&self.snapshot.load(), call, now));
        self.conclude(known, 1, way, now).await
    }

    /// Whether a value is a key of a product, counted as `cost` calls; 0 only looks.
    pub async fn verify(&self, product: &NamespacedName, value: &[u8], cost: u64, now: Timestamp) -> Verdict {
        let known = self
            .speak()
            .and_then(|()| recognise(&self.snapshot.load(), product, value, now));
        self.conclude(known, cost, Way::Verify, now).await
    }

    /// What would become of a call, without counting it.
    pub async fn foresee<H: Headers + ?Sized>(&self, call: &Call<'_, H>, now: Timestamp) -> Verdict {
        let known = self
            .speak()
            .and_then(|()| judge(&self.snapshot.load(), call, now));
        match known {
            Ok(known) => self.count(known, 0, now).await,
            Err(refused) => Verdict::Refused(refused),
        }
    }

    /// Everybody who holds a value, for whom it speaks itself. Ended keys too: they are told so.
    pub(crate) fn holders_of(&self, value: &[u8]) -> Result<Vec<Arc<Holder>>, Refused> {
        self.speak()?;
        let snapshot = self.snapshot.load();
        Ok(snapshot.holders.find(&Digest::of(value)).cloned().collect())
    }

    /// What a holder would be counted by on a route, without counting.
    pub(crate) async fn look(
        &self,
        holder: &Arc<Holder>,
        protection: &Arc<Protection>,
        now: Timestamp,
    ) -> Result<Counted, Refused> {
        let known = planned(holder, protection, 0, now, Plans::without_request)?;
        match self.count(known, 0, now).await {
            Verdict::Admitted(Admitted { counted, .. }) => Ok(counted),
            Verdict::Refused(refused) => Err(refused),
        }
    }

    /// What is known now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Goes by this from the next call on.
    pub fn publish(&self, snapshot: Snapshot) {
        self.snapshot.store(Arc::new(snapshot));
        self.published.send_replace(());
    }

    /// Hears of every snapshot that is published, and of every change of the state.
    #[must_use]
    pub fn published(&self) -> watch::Receiver<()> {
        self.published.subscribe()
    }

    /// How good what it knows is.
    #[must_use]
    pub fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            1 => State::Current,
            2 => State::TooOld,
            _ => State::Learning,
        }
    }

    /// Says how good what it knows is.
    pub fn set_state(&self, state: State) {
        let before = self.state.swap(state as u8, Ordering::AcqRel);
        if before != state as u8 {
            self.published.send_replace(());
        }
    }

    /// Fails closed while it cannot know.
    fn speak(&self) -> Result<(), Refused> {
        let because = match self.state() {
            State::Current => return Ok(()),
            State::Learning => "the cluster is not known yet",
            State::TooOld => "what is known of the cluster is too old",
        };
        Err(Refused {
            because: Some(because.into()),
            ..Refused::new(Denial::Unavailable)
        })
    }

    async fn conclude(&self, known: Result<Known, Refused>, cost: u64, way: Way, now: Timestamp) -> Verdict {
        let verdict = match known {
            Ok(known) => self.count(known, cost, now).await,
            Err(refused) => Verdict::Refused(refused),
        };
        self.metrics.decided(way, verdict.code());
        verdict
    }

    async fn count(&self, known: Known, cost: u64, now: Timestamp) -> Verdict {
        let Known {
            holder,
            protection,
            entry,
            tier,
        } = known;
        let limits = tier.as_deref().and_then(|tier| tier.limits.as_ref().ok());
        let counted = match (&tier, limits) {
            (Some(tier), Some(limits)) if !limits.is_unlimited() => {
                let subject = holder.subject(self.scope, &protection.route, &tier.name);
                let admission = self.counters.admit(subject, limits, cost, now).await;
                admission.map(Some)
            }
            _ => Ok(None),
        };
        let refused = |denial, because, counted| {
            Verdict::Refused(Refused {
                denial,
                because,
                holder: Some(Arc::clone(&holder)),
                protection: Some(Arc::clone(&protection)),
                counted,
            })
        };
        match counted {
            Err(error) => refused(Denial::Unavailable, Some(error.to_string().into()), None),
            Ok(admission) if admission.as_ref().is_none_or(Admission::is_admitted) => {
                Verdict::Admitted(Admitted {
                    holder,
                    protection,
                    entry,
                    counted: Counted { tier, admission },
                })
            }
            Ok(admission) => refused(
                Denial::LimitReached,
                None,
                Some(Box::new(Counted { tier, admission })),
            ),
        }
    }
}
