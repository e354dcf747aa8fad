//! The rounds: decide, be killed, start again, look.

use std::time::Duration;

use keydesk_testkit::conditions::{has, is};
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, enforcement_of, product, secret,
};
use keydesk_testkit::up::Up;
use keydesk_testkit::{Address, Person, kinds, wait};
use serde_json::{Value, json};

use crate::decisions::{Decisions, key_named};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keydesk");
const KEYS: usize = 200;
const KILLS: usize = 10;

/// A small deterministic generator: the same seed kills at the same points of the story.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_kills_during_two_hundred_decisions_lose_nothing() {
    let seed = std::env::var("KEYDESK_CRASH_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_261_122);
    println!("seed: repeat with KEYDESK_CRASH_SEED={seed}");
    let mut dice = Dice(seed);
    let directory = tempfile::tempdir().unwrap();

    let mut up = Up::start(PROGRAM, directory.path(), &[]).await;
    prepare(&up.person("admin").await).await;
    let mut decisions = Decisions::default();
    for kill in 0..KILLS {
        let admin = up.person("admin").await;
        let keys = kill * KEYS / KILLS..(kill + 1) * KEYS / KILLS;
        let deadline = Duration::from_millis(1 + dice.below(400));
        // Wherever the decisions are when time is up, the process dies, with a write in the air.
        let strike = async {
            tokio::time::sleep(deadline).await;
            up.kill();
        };
        tokio::select! {
            () = decisions.make(&admin, keys.clone()) => up.kill(),
            () = strike => {}
        }
        up.dead().await;
        up = Up::start(PROGRAM, directory.path(), &[]).await;
        let admin = up.person("admin").await;
        decisions.are_kept(&admin).await;
        // What was not acknowledged is asked for again, as a person would.
        decisions.make(&admin, keys).await;
    }
    let admin = up.person("admin").await;
    decisions.are_kept(&admin).await;
    converges(&admin, &decisions).await;

    let (status, _) = up.interrupt().await;
    assert!(status.success(), "Ctrl-C ends it in order: {status}");
}

/// A product behind a gateway that `up` plays the controller of, and all the keys, pending.
async fn prepare(admin: &Person) {
    for namespace in [OWNER_NAMESPACE, CONSUMER_NAMESPACE] {
        admin.create(&fixtures::namespace(namespace)).await.unwrap();
    }
    let gateway = json!({
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": { "name": "gamestore", "namespace": OWNER_NAMESPACE },
        "spec": {
            "gatewayClassName": "keydesk",
            "listeners": [{ "name": "http", "protocol": "HTTP", "port": 80 }],
        },
    });
    for object in [
        gateway,
        fixtures::route(),
        fixtures::auth_policy(),
        fixtures::plan_policy(),
        product(),
    ] {
        admin.create(&object).await.unwrap();
    }
    admin
        .soon(&Address::of(&product()), "is discovered", |seen| {
            has(seen, "AuthPolicyDiscovered", "True", "Found")
        })
        .await;
    futures::future::join_all((0..KEYS).map(async |index| {
        let key = key_named(index);
        let name = key["metadata"]["name"].as_str().unwrap();
        admin
            .create(&secret(CONSUMER_NAMESPACE, name, &format!("value-{name}")))
            .await
            .unwrap();
        admin.create(&key).await.unwrap();
    }))
    .await;
    wait::soon(admin.patience(), "all keys are pending", async || {
        let keys = admin
            .list(kinds::KEY, CONSUMER_NAMESPACE)
            .await
            .map_err(|refused| refused.to_string())?;
        let pending = keys.iter().filter(|key| is(key, "Pending")).count();
        if pending == KEYS {
            Ok(())
        } else {
            Err(format!("{pending} of {KEYS} are"))
        }
    })
    .await;
}

/// Every key is as decided, and enforced exactly if approved.
async fn converges(admin: &Person, decisions: &Decisions) {
    wait::soon(
        admin.patience(),
        "keys and enforcement secrets are as decided",
        async || {
            let keys = admin
                .list(kinds::KEY, CONSUMER_NAMESPACE)
                .await
                .map_err(|refused| refused.to_string())?;
            for key in &keys {
                let decided = if decisions.approves(key) {
                    "Approved"
                } else {
                    "Denied"
                };
                if !is(key, decided) {
                    return Err(format!("this one is not {decided}:\n{}", wait::shown(key)));
                }
            }
            let label = "devportal.kuadrant.io/enforcement=true";
            let secrets = admin.select(kinds::SECRET, KUADRANT_NAMESPACE, label).await;
            let mut enforced: Vec<String> = secrets
                .map_err(|refused| refused.to_string())?
                .iter()
                .map(name)
                .collect();
            let mut wanted: Vec<String> = keys
                .iter()
                .filter(|key| decisions.approves(key))
                .map(|key| enforcement_of(key).name)
                .collect();
            enforced.sort();
            wanted.sort();
            if enforced == wanted {
                Ok(())
            } else {
                Err(format!("{} of {} secrets", enforced.len(), wanted.len()))
            }
        },
    )
    .await;
}

fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap().to_owned()
}
