//! Checks 19 and 20: what is taken away is refused on the next call, on connections that are open already. No controller
//! runs, so the enforcement secret of a revoked key stays where it is.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use keydesk_api::meta::annotation;
use keydesk_core::NamespacedName;
use keydesk_testkit::fixtures::{self, KUADRANT_NAMESPACE, but, named, now_plus};
use keydesk_testkit::wait::next_second;
use keydesk_testkit::{Address, kinds};
use serde_json::json;
use tokio::net::TcpStream;

use crate::ask::{Call, Way};
use crate::key::Key;
use crate::objects::{gold, plan};
use crate::running::{Running, Setup};
use crate::stage::Stage;

/// How often each kind of revocation is tried.
const TRIES: usize = 100;

/// What is promised: from the API server's word to the first refusal.
const PROMISE: Duration = Duration::from_secs(1);

/// One HTTP connection to the gate that stays open.
struct Connection(SendRequest<Empty<Bytes>>);

impl Connection {
    async fn open(gate: &Running) -> Self {
        let stream = TcpStream::connect(gate.http).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    /// The status of a call with a key, asked as Traefik asks.
    async fn status(&mut self, key: &Key) -> u16 {
        let call = Call::with(key);
        let request = http::Request::get("/v1/forward-auth")
            .header("host", "gate")
            .header("x-forwarded-method", call.method)
            .header("x-forwarded-host", call.host)
            .header("x-forwarded-uri", call.target);
        let headers = call.headers.into_iter();
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        // A connection that was closed in between is no answer.
        self.0.ready().await.unwrap();
        let answer = self.0.send_request(request.body(Empty::new()).unwrap()).await;
        let (head, body) = answer.unwrap().into_parts();
        body.collect().await.unwrap();
        head.status.as_u16()
    }

    /// How long it takes until a key is refused.
    async fn refuses(&mut self, key: &Key) -> Duration {
        let start = Instant::now();
        while self.status(key).await != 401 {
            assert!(start.elapsed() < 10 * PROMISE, "{} still passes", key.name);
            tokio::task::yield_now().await;
        }
        start.elapsed()
    }
}

async fn over_grpc(gate: &Running, key: &Key) -> u16 {
    gate.asking.ask(Way::Grpc, &Call::with(key)).await.status
}

async fn with_room() -> Stage {
    Stage::with_plans(&gold(&json!({ "daily": 100_000 }))).await
}

/// Takes the right to call from many keys, one after the other, and sees how long each goes on.
async fn try_often(cause: &str, revoke: impl AsyncFn(&Stage, &Key)) {
    let stage = with_room().await;
    let keys: Vec<_> = (0..TRIES)
        .map(|number| Key::new(&format!("key-{number}")))
        .collect();
    for key in &keys {
        stage.grant(key).await;
    }
    let gate = stage.gate().await;
    let mut connection = Connection::open(&gate).await;
    let mut delays = Vec::new();
    for key in &keys {
        assert_eq!(connection.status(key).await, 200);
        assert_eq!(over_grpc(&gate, key).await, 200);
        revoke(&stage, key).await;
        delays.push(connection.refuses(key).await);
        assert_eq!(over_grpc(&gate, key).await, 401);
        assert!(stage.admin.find(&Address::of(&key.enforcement())).await.is_some());
    }
    judge(cause, delays);
}

#[expect(
    clippy::print_stderr,
    reason = "the figures are what whoever runs this wants to see"
)]
fn judge(cause: &str, mut delays: Vec<Duration>) {
    delays.sort();
    let (median, slow, slowest) = (
        delays[delays.len() / 2],
        delays[delays.len() * 99 / 100 - 1],
        delays[delays.len() - 1],
    );
    eprintln!("{cause}: refused after {median:?} (p50), {slow:?} (p99), {slowest:?} (slowest)");
    assert!(slow < PROMISE, "{cause}: {slow:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c19_a_denial_beside_the_approval_is_effective_at_once() {
    try_often("a denial", async |stage, key| {
        let denial = key.decision(false);
        let name = format!("denial-{}", key.name);
        stage
            .create(&but(denial, &json!({ "metadata": { "name": name } })))
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c19_an_approval_that_is_turned_into_a_denial_is_effective_at_once() {
    try_often("an edited approval", async |stage, key| {
        let denied = json!({ "spec": { "approved": false, "reason": "Denied" } });
        stage.patch(&key.decision(true), &denied).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c19_a_key_that_is_deleted_is_refused_at_once() {
    try_often("deletion of the APIKey", async |stage, key| {
        stage.delete(&key.object()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c19_a_key_whose_approval_is_deleted_is_refused_at_once() {
    try_often("deletion of the approval", async |stage, key| {
        stage.delete(&key.decision(true)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c20_a_key_ends_to_the_second_though_nothing_is_written() {
    let stage = with_room().await;
    let end = now_plus(5);
    let keys: Vec<_> = (0..TRIES)
        .map(|number| Key::new(&format!("key-{number}")).until(&end))
        .collect();
    for key in &keys {
        stage.grant(key).await;
    }
    let gate = stage.gate().await;
    let mut connection = Connection::open(&gate).await;
    for key in &keys {
        assert_eq!(connection.status(key).await, 200);
    }
    let end: Timestamp = end.parse().unwrap();
    let left = Duration::try_from(end.duration_since(Timestamp::now())).expect("the keys were made in time");
    tokio::time::sleep(left.saturating_sub(Duration::from_millis(100))).await;
    let (mut delays, mut alive) = (Vec::new(), keys.clone());
    while !alive.is_empty() {
        let mut passing = Vec::new();
        for key in alive {
            let asked_at = Timestamp::now();
            match connection.status(&key).await {
                200 => {
                    assert!(asked_at < end, "asked {asked_at}, passed after the end");
                    passing.push(key);
                }
                401 => {
                    let refused_at = Timestamp::now();
                    assert!(refused_at >= end, "refused {refused_at}, before the end");
                    delays.push(refused_at.duration_since(end.max(asked_at)).unsigned_abs());
                }
                other => panic!("answered {other}"),
            }
        }
        alive = passing;
    }
    judge("expiry", delays);
    assert_eq!(
        gate.verdict(&Call::with(&keys[0])).await,
        (401, "key_expired".to_owned())
    );
}

/// Deletes one thing that two keys depend on, and gives back the gate on which they are refused then.
async fn deleted(
    victim: impl FnOnce(&Key) -> serde_json::Value,
    refused: &[bool; 2],
) -> (Stage, Running, [Key; 2]) {
    let stage = with_room().await;
    let keys = [Key::new("one"), Key::new("other")];
    for key in &keys {
        stage.grant(key).await;
    }
    let gate = stage.gate().await;
    let mut connection = Connection::open(&gate).await;
    for key in &keys {
        assert_eq!(connection.status(key).await, 200);
    }
    stage.delete(&victim(&keys[0])).await;
    for (key, refused) in keys.iter().zip(refused) {
        if *refused {
            let delay = connection.refuses(key).await;
            assert!(delay < PROMISE, "{delay:?}");
        }
        let status = if *refused { 401 } else { 200 };
        assert_eq!(connection.status(key).await, status, "{}", key.name);
        assert_eq!(over_grpc(&gate, key).await, status, "{}", key.name);
    }
    (stage, gate, keys)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_without_its_enforcement_secret_opens_nothing() {
    deleted(Key::enforcement, &[true, false]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_a_product_that_is_deleted_are_refused() {
    deleted(|_| fixtures::product(), &[true, true]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_a_product_that_names_an_entry_which_is_not_there_are_refused_until_it_is_mended() {
    let stage = with_room().await;
    let key = Key::new("one");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let mut connection = Connection::open(&gate).await;
    assert_eq!(connection.status(&key).await, 200);
    let naming = |entry| json!({ "metadata": { "annotations": { annotation::AUTH_ENTRY: entry } } });
    stage.patch(&fixtures::product(), &naming(json!("nope"))).await;
    let delay = connection.refuses(&key).await;
    assert!(delay < PROMISE, "{delay:?}");
    assert_eq!(over_grpc(&gate, &key).await, 401);
    let product = NamespacedName::new(fixtures::OWNER_NAMESPACE, "gamestore-api");
    let value = key.value.as_bytes();
    let verdict = gate.gate.verify(&product, value, 0, Timestamp::now()).await;
    assert_eq!(verdict.code(), "invalid_key");
    stage
        .patch(&fixtures::product(), &naming(json!("vip-users")))
        .await;
    gate.soon_answers(&Call::with(&key), 200).await;
    // The entry goes from the policy, and the product still names it.
    let other = json!({ "spec": { "rules": { "authentication": {
        "vip-users": null, "others": fixtures::vip_users(),
    } } } });
    stage.patch(&fixtures::auth_policy(), &other).await;
    let delay = connection.refuses(&key).await;
    assert!(delay < PROMISE, "{delay:?}");
    stage
        .patch(&fixtures::product(), &naming(serde_json::Value::Null))
        .await;
    gate.soon_answers(&Call::with(&key), 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_policy_keys_are_refused_at_once_and_whatever_its_status_says_it_is_evaluated() {
    let stage = with_room().await;
    let key = Key::new("one");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let policy = fixtures::auth_policy();
    let status = fixtures::policy_status(true, false);
    let address = Address::of(&policy);
    stage.admin.patch_status(&address, &status).await.unwrap();
    let marker = json!({ "metadata": { "annotations": { "keydesk.dev/gate-ignore": "when" } } });
    stage.patch(&policy, &marker).await;
    assert_eq!(gate.statuses(&Call::with(&key), 20).await, [200; 20]);
    stage.delete(&policy).await;
    gate.soon_answers(&Call::with(&key), 403).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_kuadrant_nobody_passes_and_with_another_only_who_is_enforced_there() {
    let (stage, gate, [one, other]) = deleted(|_| fixtures::kuadrant(), &[true, true]).await;
    gate.follower.check().expect("there is nothing that it waits for");
    stage.world.namespace("elsewhere").await;
    let moved = |object, name: &str| named(object, "elsewhere", name);
    let name = |key: &Key| Address::of(&key.enforcement()).name;
    stage.create(&moved(one.enforcement(), &name(&one))).await;
    stage.create(&moved(fixtures::kuadrant(), "kuadrant")).await;
    gate.soon_answers(&Call::with(&one), 200).await;
    assert_eq!(gate.status(&Call::with(&other)).await, 401);
    gate.follower.check().expect("the Secrets there are listed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_kuadrant_nobody_passes_where_all_namespaces_are_looked_at() {
    let mut policy = fixtures::auth_policy();
    policy["spec"]["rules"]["authentication"]["vip-users"]["apiKey"]["allNamespaces"] = json!(true);
    let stage = Stage::with_policy(&policy).await;
    let key = Key::new("one");
    stage.grant(&key).await;
    let setup = Setup {
        unmanaged_keys: true,
        ..Setup::default()
    };
    let gate = stage.gate_with(setup).await;
    let mut connection = Connection::open(&gate).await;
    assert_eq!(connection.status(&key).await, 200);
    let kuadrant = Address::new(kinds::KUADRANT, KUADRANT_NAMESPACE, "kuadrant");
    stage.admin.delete(&kuadrant).await.unwrap();
    let delay = connection.refuses(&key).await;
    assert!(delay < PROMISE, "{delay:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c20_an_approval_for_another_tier_changes_the_limits_at_once() {
    let plans = json!([
        plan("gold", &json!({ "daily": 5 })),
        plan("free", &json!({ "daily": 2 })),
    ]);
    let stage = Stage::with_plans(&plans).await;
    let key = Key::new("one");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(gate.statuses(&Call::with(&key), 3).await, [200; 3]);
    next_second().await;
    let later = json!({ "metadata": { "name": "later" }, "spec": { "reviewedAt": now_plus(0) } });
    stage.create(&but(key.approval_for("free"), &later)).await;
    let start = Instant::now();
    gate.soon(&key, "it is on the free plan", |said| {
        said.body.contains("\"free\"") && !said.body.contains("\"gold\"")
    })
    .await;
    assert!(start.elapsed() < PROMISE, "{:?}", start.elapsed());
    // What was used of one day is used of the other: both limits are of one window.
    assert_eq!(
        gate.verdict(&Call::with(&key)).await,
        (429, "limit_reached".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c20_another_plan_policy_changes_the_limits_at_once() {
    let stage = Stage::open().await;
    let key = Key::new("one");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(gate.status(&Call::with(&key)).await, 200);
    stage.replan(&gold(&json!({ "daily": 2 }))).await;
    let start = Instant::now();
    gate.soon(&key, "it may call twice", |said| {
        said.body.contains("\"limit\":2")
    })
    .await;
    assert!(start.elapsed() < PROMISE, "{:?}", start.elapsed());
    assert_eq!(gate.statuses(&Call::with(&key), 2).await, [200, 429]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_that_begins_refuses_nobody_for_what_it_does_not_know_yet() {
    let stage = with_room().await;
    let key = Key::new("one");
    stage.grant(&key).await;
    let late = crate::line::State::Slow(Duration::from_millis(60));
    let (_line, client) = crate::line::Line::to(&stage.admin.client(), late);
    let gate = Running::begin(&client, Setup::default()).await;
    let product = NamespacedName::new(fixtures::OWNER_NAMESPACE, "gamestore-api");
    let start = Instant::now();
    loop {
        let verdict = gate
            .gate
            .verify(&product, key.value.as_bytes(), 0, Timestamp::now())
            .await;
        match verdict.code() {
            "unavailable" => assert!(start.elapsed() < 20 * PROMISE, "it never gets to know"),
            code => {
                assert_eq!(code, "admitted");
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
