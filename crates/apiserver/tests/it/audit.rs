//! The audit: one line for each write, whatever becomes of who asked for it.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use futures::FutureExt as _;
use http::Request;
use keydesk_apiserver::User;
use tower::Service as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::cluster::{server, soon};

/// Keeps the messages of the audit.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn has(&self, line: &str) -> bool {
        self.0.lock().unwrap().iter().any(|known| known == line)
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "audit"
    }

    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().unwrap().push(message.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn who_goes_away_without_waiting_for_the_answer_is_audited_all_the_same() {
    let lines = Lines::default();
    // For the whole binary: what is set for one thread only may miss what another thread came by first.
    tracing::subscriber::set_global_default(lines.clone()).unwrap();
    let server = server().await;
    let body = r#"{"metadata": {"name": "hung-up"}}"#;
    let request = Request::post("/api/v1/namespaces/default/configmaps").body(Body::from(body));
    let mut answer = server.as_user(User::admin()).call(request.unwrap());
    assert!((&mut answer).now_or_never().is_none(), "not answered yet");
    drop(answer);
    soon("the write is in the audit", async || {
        lines
            .has("kubernetes-admin create configmaps/default/hung-up: 201")
            .then_some(())
    })
    .await;
}
