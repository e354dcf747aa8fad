//! Trying a predicate: some have an answer for nobody, or none for a plain call, and only running them tells.
//!
//! The gate refuses whoever comes to such a predicate (`spec/gate.md` §7, check 28); here its owner reads of it.

use keydesk_api::meta::annotation;
use keydesk_cel::{EvalError, Identity, Predicate, RequestFacts, RequestLine};
use serde_json::json;

/// What came of a trial.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trial {
    /// A yes or a no for everybody who was tried.
    Answers,
    /// No answer for anybody, whatever the call: the predicate does not look at it.
    NeverAnswers(EvalError),
    /// No answer for a call with nothing special about it.
    FailsOnPlainCalls(EvalError),
}

/// Tries a predicate on a caller of the tier and on one of another, each with a plain call.
pub(super) fn trial(predicate: &Predicate, tier: &str) -> Trial {
    let line = RequestLine {
        method: "GET",
        scheme: "https",
        host: "api.example.com",
        path: "/",
    };
    let call = RequestFacts::new(&line, [("host", "api.example.com")]);
    let tried = [tier, "another-tier"].map(|tier| predicate.holds(&caller(tier), Some(&call)));
    let all_failed = tried.iter().all(Result::is_err);
    match tried.into_iter().find_map(Result::err) {
        None => Trial::Answers,
        Some(error) if all_failed && !predicate.reads_request() => Trial::NeverAnswers(error),
        Some(error) => Trial::FailsOnPlainCalls(error),
    }
}

/// An enforcement secret, as far as predicates see one.
fn caller(tier: &str) -> Identity {
    Identity::new(&json!({
        "type": "Opaque",
        "metadata": {
            "name": "devportal-consumer-key-00000000",
            "namespace": "kuadrant-system",
            "uid": "00000000-0000-0000-0000-000000000000",
            "labels": {},
            "annotations": { annotation::PLAN_ID: tier, annotation::USER_ID: "somebody" },
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn tried(predicate: &str) -> Trial {
        trial(&Predicate::compile(predicate).unwrap(), "gold")
    }

    #[test]
    fn a_predicate_that_answers_everybody_is_fine() {
        let by_plan = r#"auth.identity.metadata.annotations["secret.kuadrant.io/plan-id"] == "gold""#;
        let guarded = r#""x-plan" in request.headers && request.headers["x-plan"] == "gold""#;
        for predicate in [by_plan, guarded, "true"] {
            assert_eq!(tried(predicate), Trial::Answers, "{predicate}");
        }
    }

    #[test]
    fn one_that_answers_nobody_is_told_apart_from_one_that_misses_a_header() {
        for predicate in ["1", "1/0 == 1", r#"auth.identity.nobody == "x""#] {
            assert!(matches!(tried(predicate), Trial::NeverAnswers(_)), "{predicate}");
        }
        let unguarded = r#"request.headers["x-plan"] == "gold""#;
        let missing = EvalError::FindKey(Some("x-plan".to_owned()));
        assert_eq!(tried(unguarded), Trial::FailsOnPlainCalls(missing));
    }
}
