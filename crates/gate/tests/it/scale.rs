//! Checks 16 and 27, as far as they are not for a benchmark, and invariant 7: many keys, floods of them, and none that
//! anything happens to.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use jiff::Timestamp;
use keydesk_catalog::{Kind, Object, Ref};
use keydesk_core::NamespacedName;
use keydesk_testkit::fixtures::{self, but, named};
use keydesk_testkit::{Address, wait};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tower::service_fn;

use crate::ask::{Call, Way};
use crate::key::Key;
use crate::line::{Line, State};
use crate::objects::{accepted, gateway, gold, plans};
use crate::running::{Running, Setup};
use crate::stage::Stage;

/// How many keys there are.
const MANY: usize = 20_000;

/// A cluster that says what it is told to say: an API server with that many keys would take minutes to fill.
struct Town {
    keys: Vec<Key>,
    news: broadcast::Sender<(String, Bytes)>,
}

impl Town {
    /// The game store with this many keys, and a client that speaks to it.
    fn of(count: usize) -> (Self, Client) {
        let keys: Vec<_> = (0..count)
            .map(|number| Key::new(&format!("key-{number}")))
            .collect();
        let mut objects = vec![
            fixtures::kuadrant(),
            gateway(),
            but(
                fixtures::route(),
                &json!({ "status": accepted(&fixtures::route(), true) }),
            ),
            but(
                fixtures::auth_policy(),
                &json!({ "status": fixtures::policy_status(true, true) }),
            ),
            but(
                plans(&gold(&json!({ "daily": 5 }))),
                &json!({ "status": fixtures::policy_status(true, true) }),
            ),
            fixtures::product(),
        ];
        for key in &keys {
            objects.extend([key.object(), key.decision(true), key.enforcement()]);
        }
        let mut lists = BTreeMap::<String, Vec<Value>>::new();
        for object in objects {
            let plural = Address::of(&object).kind.plural.to_owned();
            lists.entry(plural).or_default().push(settled(object));
        }
        let lists: BTreeMap<String, Bytes> = lists
            .into_iter()
            .map(|(plural, items)| (plural, list(&items)))
            .collect();
        let lists = Arc::new(lists);
        let news = broadcast::Sender::new(1024);
        let told = news.clone();
        let service = service_fn(move |request| {
            let answer = answer(&lists, &told, &request);
            async move { Ok::<_, Infallible>(answer) }
        });
        (Self { keys, news }, Client::new(service, "default"))
    }

    /// Says that something happened to an object.
    fn tell(&self, event: &str, object: Value) {
        let plural = Address::of(&object).kind.plural.to_owned();
        let line = json!({ "type": event, "object": settled(object) });
        self.news
            .send((plural, format!("{line}\n").into()))
            .expect("somebody watches");
    }
}

/// As an API server would have filled it in.
fn settled(object: Value) -> Value {
    let name = object["metadata"]["name"].clone();
    let metadata = json!({ "uid": format!("uid-of-{name}"), "resourceVersion": "7", "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z" });
    but(object, &json!({ "metadata": metadata }))
}

fn list(items: &[Value]) -> Bytes {
    let list = json!({ "metadata": { "resourceVersion": "7" }, "items": items });
    list.to_string().into()
}

fn answer(
    lists: &BTreeMap<String, Bytes>,
    news: &broadcast::Sender<(String, Bytes)>,
    request: &Request<Body>,
) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    let plural = request.uri().path().rsplit('/').next().unwrap().to_owned();
    let body = if request.uri().query().unwrap_or_default().contains("watch=true") {
        let lines = stream::unfold(news.subscribe(), |mut news| async {
            let told = news.recv().await.ok()?;
            Some((told, news))
        });
        let lines = lines
            .filter_map(move |(of, line)| std::future::ready((of == plural).then(|| Ok(Frame::data(line)))));
        StreamBody::new(lines).boxed_unsync()
    } else {
        let list = lists.get(&plural).cloned();
        Full::new(list.unwrap_or_else(|| self::list(&[]))).boxed_unsync()
    };
    Response::new(body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c16_c27_among_many_keys_a_denial_is_as_quick_and_no_count_is_lost() {
    let (town, client) = Town::of(MANY);
    let start = Instant::now();
    let gate = Running::start(&client, Setup::default()).await;
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
    assert_eq!(gate.gate.snapshot().holders.len(), MANY);
    let [denied, deleted, kept] = [7, 11, 13].map(|number| &town.keys[number]);
    for key in [denied, deleted, kept] {
        assert_eq!(gate.asking.ask(Way::Grpc, &Call::with(key)).await.status, 200);
    }
    wait::soon(fast(), "it is watched", async || gate.follower.check()).await;

    let told = Instant::now();
    let denial = named(denied.decision(false), fixtures::OWNER_NAMESPACE, "denial");
    town.tell("ADDED", denial.clone());
    town.tell("DELETED", deleted.object());
    for key in [denied, deleted] {
        gate.soon_answers(&Call::with(key), 401).await;
    }
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    assert_eq!(gate.status(&Call::with(kept)).await, 200);
    assert_eq!(gate.gate.snapshot().holders.len(), MANY - 2);
    flood(&town, &gate).await;

    // Who must be looked at again after each of these: one key, whatever there is beside it.
    let mut catalog = gate.follower.catalog.read().clone();
    let reference = |kind, object: &Value| {
        let address = Address::of(object);
        Ref {
            kind,
            namespace: address.namespace,
            name: address.name,
        }
    };
    let key: keydesk_api::APIKey = serde_json::from_value(settled(kept.object())).unwrap();
    let denial = serde_json::from_value(settled(denial)).unwrap();
    let looked_at = [
        catalog.apply(Object::Approval(denial)),
        catalog.apply(Object::Key(Box::new(key))),
        catalog.delete(&reference(Kind::Approval, &kept.decision(true))),
        catalog.delete(&reference(Kind::Key, &kept.object())),
    ];
    for affected in looked_at {
        assert!(affected.iter().count() <= 2, "{affected:?}");
    }
}

/// Everybody but the first few calls once, and a window that was open before is still what it was.
async fn flood(town: &Town, gate: &Running) {
    let (first, others) = town.keys[MANY / 2..].split_first().unwrap();
    let first = Call::with(first);
    assert_eq!(gate.statuses(&first, 3).await, [200; 3]);
    let product = NamespacedName::new(fixtures::OWNER_NAMESPACE, "gamestore-api");
    let before = town.keys[..MANY / 2].iter().skip(20);
    for key in before.chain(others) {
        let verdict = gate
            .gate
            .verify(&product, key.value.as_bytes(), 1, Timestamp::now())
            .await;
        assert_eq!(verdict.code(), "admitted", "{}", key.name);
    }
    assert_eq!(gate.statuses(&first, 3).await, [200, 200, 429]);
    for key in others.iter().step_by(others.len() / 20) {
        let about = gate.about(key).await;
        assert_eq!(about.problem()["limits"][0]["remaining"], 4, "{}", key.name);
    }
}

#[tokio::test]
async fn a_gate_that_knows_everything_asks_nothing() {
    let stage = Stage::with_plans(&gold(&json!({ "daily": 100_000 }))).await;
    let key = Key::new("one");
    stage.grant(&key).await;
    let (line, client) = Line::to(&stage.admin.client(), State::Whole);
    let gate = Running::start(&client, Setup::default()).await;
    wait::soon(fast(), "everything is watched", async || gate.follower.check()).await;
    let asked = line.requests();
    assert_eq!(asked.len(), 2 * (keydesk_gate::KINDS.len() + 1), "{asked:#?}");
    assert!(
        asked.iter().all(|request| request.starts_with("GET ")),
        "{asked:#?}"
    );
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        assert_eq!(gate.status(&Call::with(&key)).await, 200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // News are not asked for either.
    stage.delete(&key.object()).await;
    gate.soon_answers(&Call::with(&key), 401).await;
    assert_eq!(line.requests(), Vec::<String>::new());
}

fn fast() -> wait::Patience {
    wait::Patience {
        every: Duration::from_millis(5),
        ..wait::Patience::EMBEDDED
    }
}
