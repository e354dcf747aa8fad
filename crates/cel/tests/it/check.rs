//! The one place that calls the crate.

use keydesk_cel::{EvalError, Identity, Predicate, RequestFacts, RequestLine};
use serde_json::{Value, json};

/// The enforcement secret of a key on the plan gold, with more in it than expressions may see.
pub(crate) fn secret() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "devportal-consumer-app-mine-0a1b2c3d",
            "namespace": "kuadrant-system",
            "uid": "7f0c1f6e-6a3b-4f0e-9f9a-0d9a0c1d2e3f",
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "labels": {"devportal.kuadrant.io/enforcement": "true", "app": "toystore"},
            "annotations": {"secret.kuadrant.io/plan-id": "gold", "secret.kuadrant.io/user-id": "consumer"},
            "managedFields": [{"manager": "kubectl"}],
        },
        "type": "Opaque",
        "data": {"api_key": "c2VjcmV0"},
    })
}

/// `POST https://api.example.com:8443/v1/cars?color=red`, with headers.
pub(crate) fn request() -> RequestFacts {
    let line = RequestLine {
        method: "POST",
        scheme: "https",
        host: "api.example.com:8443",
        path: "/v1/cars?color=red&n=%201",
    };
    let headers = [
        ("X-Tier", "gold"),
        ("accept", "a/b"),
        ("Accept", "c/d"),
        ("authorization", "APIKEY hidden-value"),
    ];
    RequestFacts::new(&line, headers)
}

#[track_caller]
pub(crate) fn compiled(text: &str) -> Predicate {
    Predicate::compile(text).unwrap_or_else(|error| panic!("{text} is refused: {error}"))
}

/// What a predicate says of [`secret`] and [`request`].
#[track_caller]
pub(crate) fn outcome(text: &str) -> Result<bool, EvalError> {
    compiled(text).holds(&Identity::new(&secret()), Some(&request()))
}

#[track_caller]
pub(crate) fn holds(text: &str) {
    assert_eq!(outcome(text), Ok(true), "{text}");
}

#[track_caller]
pub(crate) fn fails(text: &str, message: &str) {
    match outcome(text) {
        Ok(answer) => panic!("{text} gives {answer}"),
        Err(error) => assert_eq!(
            error.to_string(),
            format!("failed to evaluate the predicate: {message}"),
            "{text}"
        ),
    }
}

/// Why a text is no predicate.
#[track_caller]
pub(crate) fn refused(text: &str, message: &str) {
    match Predicate::compile(text) {
        Ok(_) => panic!("{text} is accepted"),
        Err(error) => assert!(error.to_string().contains(message), "{text}: {error}"),
    }
}
