//! Check 22: a gate that has lost its API server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keydesk_feed::Pulse;
use keydesk_testkit::fixtures::now_plus;
use keydesk_testkit::wait::{self, Patience};
use serde_json::json;

use crate::ask::Call;
use crate::key::Key;
use crate::line::{Line, State};
use crate::objects::gold;
use crate::running::{Running, Setup};
use crate::stage::Stage;

/// Watches are begun anew after pauses that grow.
const PATIENCE: Patience = Patience {
    soon: Duration::from_secs(15),
    stays: Duration::from_millis(300),
    every: Duration::from_millis(5),
};

/// A gate with two keys, and the line to its API server.
struct Story {
    stage: Stage,
    gate: Running,
    line: Arc<Line>,
    keeps: Key,
    loses: Key,
}

impl Story {
    async fn with(max_stale: Duration) -> Self {
        Self::told(max_stale, Pulse::default(), None).await
    }

    async fn told(max_stale: Duration, pulse: Pulse, beat: Option<Duration>) -> Self {
        let stage = Stage::with_plans(&gold(&json!({ "daily": 100_000 }))).await;
        let (keeps, loses) = (Key::new("keeps"), Key::new("loses"));
        for key in [&keeps, &loses] {
            stage.grant(key).await;
        }
        let (line, client) = Line::with_beat(&stage.admin.client(), State::Whole, beat);
        let setup = Setup {
            max_stale,
            pulse,
            ..Setup::default()
        };
        let gate = Running::start(&client, setup).await;
        let story = Self {
            stage,
            gate,
            line,
            keeps,
            loses,
        };
        story.is_heard().await;
        story
    }

    async fn passes(&self, key: &Key) {
        assert_eq!(self.gate.verdict(&Call::with(key)).await, (200, String::new()));
    }

    async fn refuses(&self, key: &Key, status: u16, code: &str) {
        assert_eq!(
            self.gate.verdict(&Call::with(key)).await,
            (status, code.to_owned())
        );
    }

    /// Waits until readiness says this.
    async fn says(&self, what: &str) {
        wait::soon(PATIENCE, what, async || match self.gate.follower.check() {
            Err(said) if said.contains(what) => Ok(()),
            said => Err(format!("it says {said:?}")),
        })
        .await;
    }

    /// Waits until readiness has nothing to say.
    async fn is_heard(&self) {
        wait::soon(PATIENCE, "the API server is heard", async || {
            self.gate.follower.check()
        })
        .await;
    }

    /// Waits until every call is refused.
    async fn is_too_old(&self) {
        self.gate.soon_answers(&Call::with(&self.keeps), 503).await;
        self.refuses(&self.keeps, 503, "unavailable").await;
        self.refuses(&self.loses, 503, "unavailable").await;
        self.refuses(&Key::new("unknown"), 503, "unavailable").await;
        self.says("calls are refused").await;
    }

    /// Waits until calls are decided again, and sees that nothing old was decided by in between.
    async fn converges(&self) {
        wait::soon(PATIENCE, "calls are decided again", async || {
            let lost = self.gate.verdict(&Call::with(&self.loses)).await;
            assert_ne!(lost.0, 200, "a key that was revoked passes");
            match self.gate.status(&Call::with(&self.keeps)).await {
                200 => Ok(()),
                other => Err(format!("it is {other}")),
            }
        })
        .await;
        self.refuses(&self.loses, 401, "invalid_key").await;
        self.is_heard().await;
    }

    /// For how long the gate says that it may not have heard of changes.
    fn age(&self) -> f64 {
        let metrics = self.gate.metrics();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("keydesk_gate_snapshot_age_seconds "));
        line.unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn c22_a_gate_that_is_cut_off_goes_on_with_what_it_knew_until_that_is_too_old() {
    let story = Story::with(Duration::from_secs(4)).await;
    let ends = Key::new("ends").until(&now_plus(2));
    story.stage.grant(&ends).await;
    story.gate.soon_answers(&Call::with(&ends), 200).await;
    story.line.set(State::Refused);
    story.says("going on with what was known").await;
    story.stage.delete(&story.loses.object()).await;
    let late = Key::new("late");
    story.stage.grant(&late).await;
    story.passes(&story.keeps).await;
    story.passes(&story.loses).await;
    story.refuses(&late, 401, "invalid_key").await;
    story.gate.soon_answers(&Call::with(&ends), 401).await;
    story.refuses(&ends, 401, "key_expired").await;
    story.is_too_old().await;
    assert!(story.age() > 4.0, "{}", story.age());

    story.line.set(State::Whole);
    story.converges().await;
    story.passes(&late).await;
}

#[tokio::test]
async fn c22_a_gate_whose_line_is_dead_without_a_word_notices_and_hangs_up() {
    let silence = Pulse::with_silence(Duration::from_secs(1));
    let beat = Some(Duration::from_millis(200));
    let story = Story::told(Duration::from_secs(2), silence, beat).await;
    wait::stays(
        Patience {
            stays: Duration::from_millis(2500),
            ..PATIENCE
        },
        "the API server is heard",
        async || story.gate.follower.check(),
    )
    .await;
    story.line.set(State::Dead);
    let cut = Instant::now();
    story.stage.delete(&story.loses.object()).await;
    story.passes(&story.keeps).await;
    story.says("going on with what was known").await;
    assert!(cut.elapsed() < Duration::from_secs(2), "{:?}", cut.elapsed());
    story.is_too_old().await;
    assert!(cut.elapsed() < Duration::from_secs(4), "{:?}", cut.elapsed());
    // What was open at the cut is never heard of again.
    story.line.set(State::Whole);
    story.converges().await;
}

#[tokio::test]
async fn c22_what_the_api_server_has_forgotten_is_listed_anew() {
    let story = Story::with(Duration::from_hours(1)).await;
    let denied = Key::new("denied");
    story.stage.grant(&denied).await;
    story.gate.soon_answers(&Call::with(&denied), 200).await;
    story.line.set(State::Refused);
    story.says("going on with what was known").await;
    story.stage.delete(&story.loses.object()).await;
    story
        .stage
        .patch(&denied.decision(true), &json!({ "spec": { "approved": false } }))
        .await;
    story.passes(&story.loses).await;
    story.line.forget();
    story.line.requests();
    story.line.set(State::Whole);
    story.gate.soon_answers(&Call::with(&story.loses), 401).await;
    story.gate.soon_answers(&Call::with(&denied), 401).await;
    story.is_heard().await;
    story.passes(&story.keeps).await;
    let requests = story.line.requests();
    let lists = requests.iter().filter(|request| !request.contains("watch=true"));
    assert_eq!(lists.count(), keydesk_gate::KINDS.len() + 1, "{requests:#?}");
}

#[tokio::test]
async fn c22_news_that_come_late_are_effective_when_they_come() {
    let late = Duration::from_millis(200);
    let story = Story::with(Duration::from_secs(5)).await;
    story.line.set(State::Slow(late));
    story.stage.delete(&story.loses.object()).await;
    let deleted = Instant::now();
    story.gate.soon_answers(&Call::with(&story.loses), 401).await;
    assert!(deleted.elapsed() < Duration::from_secs(1) + late);
    story.passes(&story.keeps).await;
    story.gate.follower.check().expect("it is late, not silent");
}

#[tokio::test]
async fn c22_a_gate_that_may_be_as_old_as_it_likes_goes_on_for_ever() {
    let story = Story::with(Duration::ZERO).await;
    story.line.set(State::Refused);
    story.says("going on with what was known").await;
    wait::soon(PATIENCE, "it ages", async || {
        if story.age() > 2.0 {
            Ok(())
        } else {
            Err(story.age().to_string())
        }
    })
    .await;
    story.passes(&story.keeps).await;
    story.refuses(&Key::new("unknown"), 401, "invalid_key").await;
}

#[tokio::test]
async fn c22_a_gate_that_begins_without_an_api_server_refuses_everybody() {
    let stage = Stage::with_plans(&gold(&json!({ "daily": 100_000 }))).await;
    let key = Key::new("one");
    stage.grant(&key).await;
    let (line, client) = Line::to(&stage.admin.client(), State::Refused);
    let gate = Running::begin(&client, Setup::default()).await;
    for key in [&key, &Key::new("unknown")] {
        assert_eq!(
            gate.verdict(&Call::with(key)).await,
            (503, "unavailable".to_owned())
        );
    }
    let missing = gate.follower.check().unwrap_err();
    assert!(missing.contains("APIKey: "), "{missing}");
    line.set(State::Whole);
    gate.knows().await;
    assert_eq!(gate.status(&Call::with(&key)).await, 200);
    gate.follower.check().unwrap();
}
