//! Keeping a gate in step with a cluster.
//!
//! ```text
//! watches ──▶ catalog ──Affected──▶ ┐
//!                                   ├─▶ Index ──Snapshot──▶ Gate
//! enforcement secrets ──────────────┘        (after each batch)
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::meta::label;
use keydesk_catalog::{Affected, Catalog, Kind};
use keydesk_feed::{Following, Pulse, Readiness, SecretEvent, follow_key_secrets};
use kube::Client;
use parking_lot::RwLock;
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::gate::{Gate, State};
use crate::index::{Index, Scope};

/// The kinds that a gate looks at, beside enforcement secrets.
pub const KINDS: [Kind; 10] = [
    Kind::Product,
    Kind::Key,
    Kind::Request,
    Kind::Approval,
    Kind::Route,
    Kind::Gateway,
    Kind::AuthPolicy,
    Kind::PlanPolicy,
    Kind::RateLimitPolicy,
    Kind::Kuadrant,
];

/// Changes that are taken in before the next snapshot is published.
const BATCH: usize = 4096;

/// How often it is looked whether the cluster was heard.
const LOOK: Duration = Duration::from_millis(500);

/// How a gate follows its cluster.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which objects count.
    pub scope: Scope,
    /// After how long without news calls are refused; zero is never.
    pub max_stale: Duration,
}

/// Why a gate ended although nobody asked for it.
#[derive(Debug, Error)]
pub enum RunError {
    /// All watches ended.
    #[error("failed to follow the cluster: every watch has ended")]
    WatchesEnded,
}

/// A gate's view of a cluster, to be followed with [`Follower::run`].
#[derive(Clone)]
pub struct Follower {
    gate: Arc<Gate>,
    client: Client,
    settings: Settings,
    /// What the cluster holds, as far as it is known.
    pub catalog: Arc<RwLock<Catalog>>,
    readiness: Readiness,
    pulse: Pulse,
    secrets_listed: Arc<AtomicBool>,
}

enum News {
    Objects(Affected),
    /// From now on other Secrets are followed, and none of those is known.
    OtherSecrets,
    Secrets(SecretEvent),
}

impl Follower {
    /// Prepares to follow.
    #[must_use]
    pub fn new(gate: Arc<Gate>, client: Client, settings: Settings) -> Self {
        Self {
            gate,
            client,
            settings,
            catalog: Arc::new(RwLock::new(Catalog::brief())),
            readiness: Readiness::of(&KINDS),
            pulse: Pulse::default(),
            secrets_listed: Arc::default(),
        }
    }

    /// Keeps all objects whole, with what the controller wrote into their statuses. The gate does not go by it; who
    /// explains repeats it.
    #[must_use]
    pub fn with_objects(self) -> Self {
        Self {
            catalog: Arc::default(),
            ..self
        }
    }

    /// Hears the cluster by this.
    #[must_use]
    pub fn with_pulse(self, pulse: Pulse) -> Self {
        Self { pulse, ..self }
    }

    /// Whether the gate knows its cluster, and heard from it of late.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn check(&self) -> Result<(), String> {
        self.readiness.check()?;
        if !self.secrets_listed.load(Ordering::Acquire) {
            return Err("enforcement secrets not listed yet".to_owned());
        }
        let age = self.pulse.age();
        let unheard = format!("nothing heard from the API server for {} s", age.as_secs());
        match self.gate.state() {
            State::TooOld if age.is_zero() => Err(
                "the API server is heard again, calls are refused until what was missed is known".to_owned(),
            ),
            State::TooOld => Err(format!("{unheard}, calls are refused")),
            State::Learning | State::Current if age.is_zero() => Ok(()),
            State::Learning | State::Current => Err(format!("{unheard}, going on with what was known then")),
        }
    }

    /// Waits until the gate decides.
    pub async fn ready(&self) {
        let mut published = self.gate.published();
        // The sender is the gate's own, so it is still there.
        while self.gate.state() == State::Learning && published.changed().await.is_ok() {}
    }

    /// Follows until `shutdown`.
    ///
    /// # Errors
    /// If it cannot go on.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), RunError> {
        let (tell, told) = mpsc::unbounded_channel();
        let (object_news, mut objects) = mpsc::unbounded_channel();
        keydesk_feed::drive(
            &self.client,
            &self.catalog,
            &object_news,
            &self.readiness,
            &self.pulse,
            &shutdown,
        );
        drop(object_news);
        let object_tell = tell.clone();
        let pass_on = async move {
            while let Some(affected) = objects.recv().await {
                if object_tell.send(News::Objects(affected)).is_err() {
                    break;
                }
            }
        };
        let (follow, followed) = watch::channel(None);
        let secrets = self.clone().follow_secrets(followed, tell);
        let index = self.clone().index(told, follow);
        let ageing = self.clone().age();
        let work = async {
            tokio::select! {
                () = pass_on => {}
                () = secrets => {}
                () = index => {}
                () = ageing => {}
            }
        };
        match shutdown.run_until_cancelled(Box::pin(work)).await {
            None => Ok(()),
            Some(()) if shutdown.is_cancelled() => Ok(()),
            Some(()) => Err(RunError::WatchesEnded),
        }
    }

    /// Follows the Secrets that `following` says, and begins anew when it says others.
    async fn follow_secrets(
        self,
        mut following: watch::Receiver<Option<Following>>,
        tell: mpsc::UnboundedSender<News>,
    ) {
        loop {
            let now = following.borrow_and_update().clone();
            let follow = async {
                match now {
                    Some(now) => {
                        let tell = |event| {
                            // Nobody listens only while the process ends.
                            let _ = tell.send(News::Secrets(event));
                        };
                        follow_key_secrets(&self.client, now, &self.pulse, tell).await;
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = follow => tokio::time::sleep(Duration::from_secs(1)).await,
                changed = following.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let _ = tell.send(News::OtherSecrets);
                }
            }
        }
    }

    /// Which Secrets to follow, as the cluster is known now.
    fn following(&self) -> Option<Following> {
        if self.settings.scope.unmanaged_keys {
            return Some(Following {
                namespace: None,
                labels: format!(
                    "{}={}",
                    label::AUTHORINO_MANAGED_BY,
                    label::AUTHORINO_MANAGED_BY_VALUE
                ),
            });
        }
        let catalog = self.catalog.read();
        let namespace = catalog.enforcement_namespace()?.to_owned();
        Some(Following {
            namespace: Some(namespace),
            labels: format!("{}={}", label::ENFORCEMENT, label::ENFORCEMENT_VALUE),
        })
    }

    async fn index(self, mut told: mpsc::UnboundedReceiver<News>, follow: watch::Sender<Option<Following>>) {
        let mut index = Index::new(self.settings.scope.clone());
        let mut news = Vec::new();
        let mut known = false;
        loop {
            tokio::select! {
                count = told.recv_many(&mut news, BATCH) => if count == 0 { return },
                () = self.readiness.ready(), if !known => {
                    known = true;
                    self.warn_of_missing_gateways();
                }
            }
            let now = Timestamp::now();
            {
                let catalog = self.catalog.read();
                for news in news.drain(..) {
                    match news {
                        News::Objects(affected) => index.look(affected, &catalog, now),
                        News::OtherSecrets => {
                            // Until they are listed, nobody knows whose a value is: callers are told to wait.
                            self.gate.set_state(State::Learning);
                            for nothing in [SecretEvent::ListBegins, SecretEvent::ListEnds] {
                                index.secrets(nothing, &catalog, now);
                            }
                            self.secrets_listed.store(false, Ordering::Release);
                        }
                        News::Secrets(event) => {
                            let listed = matches!(event, SecretEvent::ListEnds);
                            index.secrets(event, &catalog, now);
                            self.secrets_listed.fetch_or(listed, Ordering::AcqRel);
                        }
                    }
                }
            }
            if known {
                let following = self.following();
                if following.is_none() {
                    // Without a Kuadrant there are none.
                    self.secrets_listed.store(true, Ordering::Release);
                }
                follow.send_if_modified(|before| {
                    let changed = *before != following;
                    *before = following;
                    changed
                });
            }
            let snapshot = index.snapshot();
            self.gate.metrics.known(snapshot.holders.len(), index.troubles());
            let is_learning = self.gate.state() == State::Learning;
            let is_whole = known && self.secrets_listed.load(Ordering::Acquire);
            // Nobody goes by what is not whole, and what is published cannot be added to without a copy.
            if is_whole || !is_learning {
                self.gate.publish(snapshot);
            }
            if is_whole && is_learning {
                self.gate.set_state(State::Current);
            }
        }
    }

    /// A gateway by a mistyped name would leave every call without a route.
    fn warn_of_missing_gateways(&self) {
        let catalog = self.catalog.read();
        let gateways = self.settings.scope.gateways.iter();
        for gateway in gateways.filter(|gateway| catalog.gateway(gateway).is_none()) {
            tracing::warn!(%gateway, "there is no Gateway {gateway}: while there is none, no call of it has a route");
        }
    }

    /// Minds how old what is known is.
    async fn age(self) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut was_heard = true;
        loop {
            looks.tick().await;
            let age = self.pulse.age();
            self.gate.metrics.age(age.as_secs_f64());
            let is_heard = age.is_zero();
            let max = self.settings.max_stale;
            match self.gate.state() {
                State::Current if !max.is_zero() && age > max => self.gate.set_state(State::TooOld),
                // Between two looks, what was missed has been taken in.
                State::TooOld if is_heard && was_heard => self.gate.set_state(State::Current),
                State::Learning | State::Current | State::TooOld => {}
            }
            was_heard = is_heard;
        }
    }
}
