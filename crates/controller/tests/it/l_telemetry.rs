//! L. Metrics, the log, the audit of decisions; and that none of them, nor any Event, knows a value.

use std::io;
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

use keydesk_process::Registry;
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, KUADRANT_NAMESPACE, OWNER_NAMESPACE, approval, but, key, key_secret, now_plus,
    secret,
};
use keydesk_testkit::hidden::base64;
use keydesk_testkit::{Address, kinds, wait};
use prometheus_client::encoding::text::encode;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::j_rotation::{holds, rotation};
use crate::l_events::{events, told};
use crate::stage::{Stage, approval_at, enforcement_at, key_at, product_at, secret_at, settings};

fn exposition(registry: &Registry) -> String {
    let mut text = String::new();
    encode(&mut text, registry).unwrap();
    text
}

async fn shows(registry: &Registry, line: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    while !exposition(registry).lines().any(|shown| shown == line) {
        assert!(Instant::now() < end, "no {line} in\n{}", exposition(registry));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everything that is logged in this process, from the first call on.
struct Log;

static LOGGED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

impl Log {
    fn listen() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let filter = "debug,kube_client=off,kube_runtime=off";
            let subscriber = tracing_subscriber::fmt().json().flatten_event(true);
            subscriber
                .with_env_filter(filter)
                .with_writer(Log)
                .try_init()
                .unwrap();
        });
    }

    fn text() -> String {
        String::from_utf8_lossy(&LOGGED.lock().unwrap()).into_owned()
    }

    /// What the audit says of one APIKey.
    fn audit(key_uid: &str) -> Vec<Value> {
        let lines = Self::text();
        let records = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        records
            .filter(|record| record["target"] == "audit" && record["api_key_uid"] == key_uid)
            .collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

#[tokio::test]
async fn s138_keys_are_counted_by_where_they_stand() {
    let mut stage = Stage::quiet().await;
    let registry = stage.start(settings());
    stage.create(&fixtures::kuadrant()).await;
    stage.own(&fixtures::product()).await;
    stage.create(&key_secret()).await;
    let ends = now_plus(3600);
    stage
        .create(&but(key(), &json!({ "spec": { "expiresAt": ends } })))
        .await;
    shows(&registry, r#"devportal_apikeys{state="pending"} 1"#).await;
    shows(&registry, "devportal_apikeyrequests_pending 1").await;
    shows(&registry, r#"devportal_apikeys{state="approved"} 0"#).await;
    stage.create(&approval()).await;
    shows(&registry, r#"devportal_apikeys{state="approved"} 1"#).await;
    shows(&registry, "devportal_apikeyrequests_pending 0").await;
    let second = ends.parse::<k8s_openapi::jiff::Timestamp>().unwrap().as_second();
    let next = format!("devportal_apikey_next_expiry_timestamp_seconds {second}");
    shows(&registry, &next).await;
    shows(&registry, r#"devportal_decisions_total{event="honoured"} 1"#).await;

    stage.delete(&key_at()).await;
    shows(&registry, r#"devportal_apikeys{state="approved"} 0"#).await;
    shows(&registry, "devportal_apikey_next_expiry_timestamp_seconds 0").await;
    let text = exposition(&registry);
    assert!(
        text.contains(r#"devportal_writes_total{verb="put_status"}"#),
        "{text}"
    );
    assert!(
        text.contains(r#"devportal_writes_avoided_total{reason="unchanged"}"#),
        "{text}"
    );
    assert!(!text.contains("gamestore"), "{text}");
}

#[tokio::test]
async fn s138_no_log_line_event_or_metric_contains_a_value() {
    Log::listen();
    let (first, second) = ("kd_Zq7first9uGi3vPz0QmTn8sK\n", "kd_Zq7second2yLr6cB1hFeJdA9");
    let mut stage = Stage::quiet().await;
    let registry = stage.start(settings());
    stage.create(&fixtures::kuadrant()).await;
    stage.own(&fixtures::product()).await;
    let name = "gamestore-apikey-secret";
    stage.create(&secret(CONSUMER_NAMESPACE, name, first)).await;
    let uid = stage.create(&key()).await["metadata"]["uid"].clone();
    stage.create(&approval()).await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    stage
        .patch(&secret_at(), &json!({ "stringData": { "api_key": second } }))
        .await;
    told(&stage, &key_at(), "Rotated").await;
    // A second key with the same value, and one that the API server does not take.
    stage.create(&secret(CONSUMER_NAMESPACE, "copy", second)).await;
    let copy = crate::stage::another_key(CONSUMER_NAMESPACE, "copy");
    stage.create(&copy).await;
    told(&stage, &Address::of(&copy), "Failed").await;
    stage.stop().await;
    stage.start(settings());
    stage
        .patch(&approval_at(), &json!({ "spec": { "approved": false } }))
        .await;
    told(&stage, &key_at(), "Denied").await;

    let mut all = Log::text();
    assert!(
        all.contains("APIKey consumer-app/gamestore-apikey is Approved"),
        "the log is heard"
    );
    for namespace in [CONSUMER_NAMESPACE, OWNER_NAMESPACE, KUADRANT_NAMESPACE] {
        let events = stage.admin.list(kinds::EVENT, namespace).await.unwrap();
        all.push_str(&json!(events).to_string());
    }
    all.push_str(&exposition(&registry));
    for telltale in ["Zq7first", "Zq7second", "WnE3Zmlyc3", "WnE3c2Vjb25k"] {
        assert!(!all.contains(telltale), "{telltale}");
    }

    // The audit has each decision once, over the restart too.
    let uid = uid.as_str().unwrap();
    let audit = Log::audit(uid);
    let events: Vec<_> = audit
        .iter()
        .map(|record| record["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["honoured", "rotated", "honoured"], "{audit:#?}");
    let decided = &audit[0];
    assert_eq!(decided["api_key"], "consumer-app/gamestore-apikey");
    assert_eq!(decided["product"], "gamestore/gamestore-api");
    assert_eq!(decided["approved"], true);
    assert_eq!(decided["tier"], key()["spec"]["planTier"]);
    assert_eq!(decided["reviewed_by"], approval()["spec"]["reviewedBy"]);
    assert_eq!(audit[2]["approved"], false);
    assert_eq!(audit[2]["before"], "Approved");
}

#[tokio::test]
async fn a_rotation_that_is_taken_back_is_a_rotation() {
    Log::listen();
    let stage = Stage::approved().await;
    let uid = stage.get(&key_at()).await["metadata"]["uid"].clone();
    stage.patch(&secret_at(), &rotation(&json!(now_plus(600)))).await;
    stage
        .soon(&enforcement_at(), "has the new value", holds("new456"))
        .await;
    let back = json!({ "data": { "api_key": base64(b"abc123"), "api_key.previous": base64(b"new456") } });
    stage.patch(&secret_at(), &back).await;
    stage
        .soon(&enforcement_at(), "has the old value", holds("abc123"))
        .await;
    let uid = uid.as_str().unwrap();
    wait::soon(stage.admin.patience(), "both are on record", async || {
        let audit = Log::audit(uid);
        let events: Vec<_> = audit
            .iter()
            .map(|record| record["event"].as_str().unwrap())
            .collect();
        let all_there = events == ["honoured", "rotated", "rotated"];
        all_there.then_some(()).ok_or_else(|| format!("{events:?}"))
    })
    .await;
}

#[tokio::test]
async fn s138_a_restart_tells_nothing_again() {
    let mut stage = Stage::approved().await;
    told(&stage, &key_at(), "Approved").await;
    told(&stage, &key_at(), "SecretAPIKeyWeak").await;
    stage.stop().await;
    let about = [key_at(), approval_at(), product_at()];
    let mut before = Vec::new();
    for address in &about {
        before.push(events(&stage, address).await.len());
    }
    let registry = stage.start(settings());
    shows(&registry, r#"devportal_apikeys{state="approved"} 1"#).await;
    stage.is_at_rest(&key_at()).await;
    for (address, before) in about.iter().zip(before) {
        assert_eq!(events(&stage, address).await.len(), before, "{address}");
    }
    assert!(!exposition(&registry).contains("devportal_decisions_total{"));
}

#[tokio::test]
async fn with_upstreams_role_all_goes_on_and_no_event_is_posted() {
    let mut stage = Stage::quiet().await;
    let role = Address::new(kinds::CLUSTER_ROLE, "", "manager-role");
    let rules = stage.get(&role).await["rules"].as_array().unwrap().clone();
    let rules: Vec<_> = rules
        .into_iter()
        .filter(|rule| rule["apiGroups"] != json!(["events.k8s.io"]))
        .collect();
    stage.patch(&role, &json!({ "rules": rules })).await;
    let registry = stage.start(settings());
    stage.create(&fixtures::kuadrant()).await;
    stage.own(&fixtures::product()).await;
    stage.create(&key_secret()).await;
    stage.create(&key()).await;
    stage.create(&approval()).await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    assert_eq!(events(&stage, &key_at()).await, [Value::Null; 0]);
    let end = Instant::now() + Duration::from_secs(10);
    while !exposition(&registry).contains(r#"devportal_events_total{outcome="refused"}"#) {
        assert!(Instant::now() < end, "{}", exposition(&registry));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!exposition(&registry).contains(r#"outcome="posted""#));
}
