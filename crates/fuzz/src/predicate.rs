//! The predicate of a plan: CEL that an owner writes and that every call is asked.

use std::sync::LazyLock;

use keydesk_cel::{Identity, Predicate, RequestFacts, RequestLine};
use serde_json::json;

static CALLERS: LazyLock<[Identity; 2]> = LazyLock::new(|| {
    let secret = json!({
        "metadata": {
            "name": "key", "namespace": "kuadrant-system", "uid": "7",
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "labels": {"app": "toystore"},
            "annotations": {"secret.kuadrant.io/plan-id": "gold"},
        },
        "type": "Opaque",
    });
    [Identity::new(&secret), Identity::new(&json!(null))]
});

static REQUEST: LazyLock<RequestFacts> = LazyLock::new(|| {
    let line = RequestLine {
        method: "POST",
        scheme: "https",
        host: "api.example.com:8443",
        path: "/v1/cars?color=red&n=%201",
    };
    RequestFacts::new(&line, [("x-tier", "gold"), ("accept", "a/b"), ("accept", "c/d")])
});

pub(crate) fn ask(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(predicate) = Predicate::compile(text) else {
        return;
    };
    let bracketed = Predicate::compile(&format!("({text})"));
    for caller in CALLERS.iter() {
        let answer = predicate.holds(caller, Some(&REQUEST));
        assert_eq!(
            predicate.holds(caller, Some(&REQUEST)),
            answer,
            "it may not change its mind"
        );
        if !predicate.reads_request() {
            assert_eq!(
                predicate.holds(caller, None),
                answer,
                "it says that it reads no request"
            );
        }
        // Brackets may go beyond a bound.
        if let Ok(bracketed) = &bracketed {
            let said = bracketed.holds(caller, Some(&REQUEST));
            assert_eq!(said.ok(), answer.ok(), "brackets change nothing");
        }
    }
}
