//! A key that a caller shows is in no log, metric or answer, whatever becomes of the call.

use std::io;
use std::sync::Arc;

use http_body_util::Full;
use keydesk_testkit::hidden::assert_hidden;
use parking_lot::Mutex;
use serde_json::json;

use crate::ask::{Call, WAYS};
use crate::key::Key;
use crate::running::Running;
use crate::stage::Stage;

/// A log that is kept. Everything of ours down to the last trace, and of others what an operator would ever look at.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Keeps what this thread logs from here on, which in these tests is all there is.
    fn keep(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let filter = "debug,keydesk_gate=trace,keydesk_feed=trace,keydesk_quota=trace,keydesk_process=trace";
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Shows a value everywhere where one can be shown, well and badly, and gives back all that was answered.
async fn show(gate: &Running, value: &str) -> String {
    let mut answers = Vec::new();
    let games = || Call::get("/api/games");
    for way in WAYS {
        for call in [
            games().presenting(value),
            games().presenting(value).host("nobody.example.com"),
            games().header("authorization", value),
            games().header("cookie", &format!("key={value}")),
            Call::get(&format!("/api/games?key={value}")),
            Call::get(&format!("/api/../{value}/%zz")),
        ] {
            answers.push(gate.asking.ask(way, &call).await.body);
        }
    }
    for (path, body) in [
        (format!("/v1/self?key={value}"), String::new()),
        (format!("/nowhere/{value}"), String::new()),
        ("/v1/verify".to_owned(), json!({ "key": value }).to_string()),
        (
            "/v1/verify".to_owned(),
            json!({ "namespace": "gamestore", "product": "gamestore-api", "key": value }).to_string(),
        ),
    ] {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let request = gate.asking.to(&path).method(method).header("x-api-key", value);
        let request = request.header("authorization", format!("Bearer {value}"));
        let said = gate
            .asking
            .send(request.body(Full::new(body.into())).unwrap())
            .await;
        answers.push(format!("{said:?}"));
    }
    answers.join("\n")
}

#[tokio::test]
async fn c24_no_key_is_in_a_log_a_metric_or_an_answer() {
    let log = Log::default();
    let kept = log.keep();
    let stage = Stage::open().await;
    let (key, ended) = (Key::new("ada"), Key::new("bea").until("2026-01-01T00:00:00Z"));
    let pending = Key::new("cyd");
    stage.grant(&key).await;
    stage.grant(&ended).await;
    stage.ask(&pending).await;
    stage.create(&pending.enforcement()).await;
    let gate = stage.gate().await;
    let unknown = "nobody-has-this-value-0123456789";
    let values = [&*key.value, &ended.value, &pending.value, unknown];
    let mut answers = String::new();
    for value in values {
        answers.push_str(&show(&gate, value).await);
    }
    tracing::debug!("the end of the story");
    drop(kept);
    let log = log.text();
    assert!(log.contains("the end of the story"), "the log was kept");
    for (place, text) in [
        ("a log", &log),
        ("a metric", &gate.metrics()),
        ("an answer", &answers),
    ] {
        assert_hidden(place, text, &values);
    }
}
