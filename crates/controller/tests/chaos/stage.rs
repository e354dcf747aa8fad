//! Where plays are given: one world after the other, in a runtime whose time goes on by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use keydesk_controller::{Clock, Settings};
use keydesk_feed::Readiness;
use keydesk_testkit::fixtures::CONSUMER_NAMESPACE;
use keydesk_testkit::{Address, Kind, Odds, Person, Weather, World, clock, kinds};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::check;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::places::{KEYS, KUADRANTS, OWNERS, PRODUCTS, WRITTEN, route};
use crate::play::{Action, Auth, Ends, Holds, Step, Then};

/// After this, in fair weather, everything has been noticed: a watch that says nothing is given up after 150 s, a broken
/// one is begun anew within 30 s, a product's failure is forgiven for 60 s, what failed is tried again within 60 s.
const REST: Duration = Duration::from_mins(5);

/// For so long nothing is written then.
const QUIET: Duration = Duration::from_mins(6);

/// What happened, and how often: where keys stood when all was at rest, and what went wrong on the way.
pub(crate) type Tally = BTreeMap<&'static str, usize>;

/// A runtime and the world in it, for one play after the other.
pub(crate) struct Theatre {
    inner: Option<(Runtime, World, Journal, Ledger)>,
}

impl Theatre {
    pub(crate) fn new() -> Self {
        Self { inner: None }
    }

    /// Gives a play. A world in which one failed is left behind.
    pub(crate) fn give(
        &mut self,
        seed: u64,
        odds: Odds,
        play: &[Step],
        afterwards: impl AsyncFnOnce(&mut Stage) -> Result<(), String>,
    ) -> Result<Tally, String> {
        let (runtime, world, journal, ledger) = self.inner.take().unwrap_or_else(|| {
            let runtime = runtime(seed);
            let (world, journal) = runtime.block_on(open());
            (runtime, world, journal, Ledger::empty())
        });
        let (tally, ledger) = runtime.block_on(async {
            let mut stage = Stage::set(&world, &journal, ledger.afresh(), seed, odds).await;
            stage.give(play).await?;
            afterwards(&mut stage).await?;
            stage.crash().await;
            stage.tally.extend(stage.weather.happened());
            Ok::<_, String>((stage.tally, stage.ledger))
        })?;
        self.inner = Some((runtime, world, journal, ledger));
        Ok(tally)
    }
}

/// In which time passes where there is nothing else to do, and, of one seed, all happens in the same order each time.
fn runtime(seed: u64) -> Runtime {
    // The jitter of waiting, in this thread.
    fastrand::seed(seed);
    let mut runtime = Builder::new_current_thread();
    // Which of several tasks is woken first.
    #[cfg(tokio_unstable)]
    runtime.rng_seed(tokio::runtime::RngSeed::from_bytes(&seed.to_le_bytes()));
    runtime.enable_all().start_paused(true).build().unwrap()
}

fn namespaces() -> impl Iterator<Item = &'static str> {
    KUADRANTS.into_iter().chain(OWNERS).chain([CONSUMER_NAMESPACE])
}

async fn open() -> (World, Journal) {
    clock::begin();
    let world = World::embedded().await;
    for namespace in namespaces() {
        world.namespace(namespace).await;
    }
    let admin = world.admin();
    for owner in 0..OWNERS.len() {
        let (route, status) = route(owner);
        admin.create(&route).await.unwrap();
        admin.patch_status(&Address::of(&route), &status).await.unwrap();
    }
    let journal = Journal::default();
    journal.keep(&admin);
    (world, journal)
}

/// One play's world.
pub(crate) struct Stage {
    pub(crate) admin: Person,
    pub(crate) weather: Weather,
    pub(crate) journal: Journal,
    pub(crate) ledger: Ledger,
    pub(crate) tally: Tally,
    odds: Odds,
    identity: Person,
    controller: Option<(JoinHandle<()>, CancellationToken)>,
}

impl Stage {
    /// Nothing but two owners with all they need, a consumer with a value for each key, and a controller.
    async fn set(world: &World, journal: &Journal, ledger: Ledger, seed: u64, odds: Odds) -> Self {
        let mut stage = Self {
            admin: world.admin(),
            weather: Weather::fair(seed),
            journal: journal.clone(),
            ledger,
            tally: Tally::new(),
            odds,
            identity: world.controller(),
            controller: None,
        };
        stage.clear(seed).await;
        stage.act(Action::Kuadrant(Some(0))).await;
        for owner in 0..OWNERS.len() {
            stage.act(Action::Auth(owner, Auth::Enforced)).await;
            stage.act(Action::Plans(owner, 3)).await;
        }
        for product in 0..PRODUCTS.len() {
            stage.act(Action::CreateProduct(product)).await;
        }
        stage.act(Action::Automatic(2, true)).await;
        for key in 0..KEYS.len() {
            stage.act(Action::PutSecret(key, Holds::Own(0))).await;
        }
        for (key, product) in [(0, 0), (1, 2)] {
            let asks = Action::Ask {
                key,
                product,
                tier: 0,
                ends: Ends::Never,
            };
            stage.act(asks).await;
        }
        stage.weather.turn(odds);
        stage.start();
        stage
    }

    async fn clear(&self, seed: u64) {
        for kind in [kinds::KEY, kinds::APPROVAL, kinds::REQUEST, kinds::SECRET] {
            for object in self.list(kind).await {
                let at = Address::of(&object);
                if kind != kinds::SECRET || at.namespace != CONSUMER_NAMESPACE {
                    // What another one owned may be gone with it.
                    let _ = self.admin.delete(&at).await;
                }
            }
        }
        // For the garbage collector. And a play begins at a moment of a second that its seed says.
        let nanos = clock::now().subsec_nanosecond().unsigned_abs();
        let phase = Duration::from_millis(seed.wrapping_mul(137) % 1_000);
        sleep((Duration::from_secs(2) + phase).saturating_sub(Duration::from_nanos(nanos.into()))).await;
        self.journal.clear();
    }

    async fn give(&mut self, play: &[Step]) -> Result<(), String> {
        for (number, step) in play.iter().enumerate() {
            let Step { action, then } = *step;
            match action {
                Action::Crash => self.crash().await,
                Action::Start => self.start(),
                _ => self.act(action).await,
            }
            self.ledger.remember(clock::now());
            match then {
                Then::Next => {}
                Then::Turns(turns) => {
                    for _ in 0..turns {
                        tokio::task::yield_now().await;
                    }
                }
                Then::Millis(millis) => sleep(Duration::from_millis(millis.into())).await,
                Then::Rest => {
                    check::comes_to_rest(self)
                        .await
                        .map_err(|why| format!("{why}, after {step:?}"))?;
                    self.weather.turn(self.odds);
                }
            }
            if number % 2 == 0 {
                check::always(self)
                    .await
                    .map_err(|why| format!("{why}, after {step:?}"))?;
            }
        }
        Ok(())
    }

    /// Starts the controller, unless it runs.
    pub(crate) fn start(&mut self) {
        if self.controller.is_some() {
            return;
        }
        let settings = Settings {
            clock: Clock::new(clock::now),
            ..Settings::default()
        };
        let client = self.weather.around(&self.identity.client());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn({
            let shutdown = shutdown.clone();
            async move {
                let readiness = Readiness::of(&keydesk_controller::KINDS);
                keydesk_controller::run(client, settings, readiness, shutdown)
                    .await
                    .unwrap();
            }
        });
        self.controller = Some((task, shutdown));
    }

    /// Kills it in the middle of whatever it does; what the API server has been asked for by then, it does.
    pub(crate) async fn crash(&mut self) {
        if let Some((task, shutdown)) = self.controller.take() {
            task.abort();
            shutdown.cancel();
            let _ = task.await;
        }
    }

    /// Fair weather and a running controller, until all is done that is to be done, and no key is about to end.
    pub(crate) async fn rest(&mut self) {
        self.weather.turn(Odds::default());
        self.start();
        sleep(REST).await;
        while let Some(end) = self.next_end() {
            sleep(Duration::try_from(end.duration_since(clock::now())).unwrap() + Duration::from_secs(5))
                .await;
        }
    }

    /// The next end of a key before long.
    fn next_end(&self) -> Option<Timestamp> {
        let (now, long) = (clock::now(), clock::now() + QUIET * 2);
        let asked = self.ledger.keys.values().filter_map(|key| key.ends);
        let approved = self
            .ledger
            .approved
            .iter()
            .filter_map(|decision| match &decision.said {
                crate::ledger::Said::These(terms) => terms.ends,
                _ => None,
            });
        asked
            .chain(approved)
            .filter(|end| *end > now && *end < long)
            .min()
    }

    /// Sees that nothing is written, also not by a controller that starts `anew`.
    pub(crate) async fn is_quiet(&mut self, anew: bool) -> Result<(), String> {
        // Old news is deleted by the API server itself, in its own time.
        for namespace in namespaces() {
            let path = kinds::EVENT.path(namespace);
            self.admin.send(http::Method::DELETE, &path, "", Vec::new()).await;
        }
        let before = self.revision().await;
        let there = self.versions().await;
        sleep(QUIET / 2).await;
        if anew {
            self.crash().await;
            self.start();
            sleep(QUIET / 2).await;
        }
        if self.revision().await == before {
            return Ok(());
        }
        let now = self.versions().await;
        let written: Vec<_> = now.symmetric_difference(&there).collect();
        Err(format!("at rest it goes on writing: {written:#?}"))
    }

    /// What there is, in which version.
    async fn versions(&self) -> BTreeSet<String> {
        let mut versions = BTreeSet::new();
        for kind in WRITTEN.into_iter().chain([kinds::EVENT]) {
            for object in self.list(kind).await {
                versions.insert(format!("{} {}", kind.kind, object));
            }
        }
        versions
    }

    /// How much was ever written.
    async fn revision(&self) -> String {
        let path = kinds::NAMESPACE.path("");
        let (_, body) = self.admin.send(http::Method::GET, &path, "", Vec::new()).await;
        let list: Value = serde_json::from_slice(&body).unwrap();
        list["metadata"]["resourceVersion"].to_string()
    }

    pub(crate) async fn list(&self, kind: Kind) -> Vec<Value> {
        let objects = self.admin.list(kind, "").await.unwrap();
        let ours = |object: &Value| namespaces().any(|name| object["metadata"]["namespace"] == name);
        objects.into_iter().filter(ours).collect()
    }
}
