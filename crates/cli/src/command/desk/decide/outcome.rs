//! Whether a decision holds, as the controller says it on the approval and on the request.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::condition::{self, ApprovalAspect, KeyAspect, KeyReason};
use keydesk_api::{APIKeyApproval, APIKeyRequest};
use keydesk_catalog::explain::{Aim, changes};
use keydesk_catalog::shown;
use keydesk_core::{NamespacedName, Terms};
use tokio::time::{Instant, sleep};

use crate::command::desk::{Desk, Look, Refusal, objects};
use crate::exit::Failure;

/// How long a decision may take to show.
const PATIENCE: Duration = Duration::from_secs(10);

/// Time between two looks.
const BETWEEN: Duration = Duration::from_millis(150);

/// What became of a decision.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is not known yet.
    Open,
    /// It holds, and this is what the consumer is told.
    Holds(String),
    /// It does not hold, and why.
    Fails(String),
}

/// The decision is recorded, and that is all that is known.
#[derive(Debug, thiserror::Error)]
enum OutcomeError {
    #[error(
        "the decision is recorded as APIKeyApproval {0}, but the controller has not taken it up within 10 s"
    )]
    See(NamespacedName),
    #[error("the decision is recorded as APIKeyApproval {approval}, but whether it holds could not be seen")]
    Look {
        approval: NamespacedName,
        #[source]
        source: Refusal,
    },
    #[error("the decision is recorded as APIKeyApproval {approval}, but does not hold: {why}")]
    Hold { approval: NamespacedName, why: String },
}

impl OutcomeError {
    fn hint(&self, request: &APIKeyRequest, aim: &Aim) -> String {
        let key = &request.spec.api_key_ref;
        let explain = aim.keydesk(format_args!(
            "explain key {}/{} -n {}",
            key.namespace,
            key.name,
            objects::id(request).namespace
        ));
        match self {
            Self::See(_) => {
                "see that the controller runs; the gate does not wait for it: a denial holds there already"
                    .to_owned()
            }
            Self::Look { .. } => {
                format!("there is no need to decide again; to see what came of it: {explain}")
            }
            Self::Hold { .. } => format!("look at what is decided, and decide again: {explain}"),
        }
    }
}

/// Waits until the decision shows, and says what it came to. That it is recorded is said whatever goes wrong here.
pub(super) async fn wait(
    desk: &Desk,
    written: &APIKeyApproval,
    request: &APIKeyRequest,
    terms: &Terms,
) -> Result<String, Failure> {
    let id = objects::id(written);
    let fail = |error: OutcomeError| Failure::fixable(&error, error.hint(request, &desk.aim));
    let generation = written.metadata.generation;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let looked = look(desk, &id, &objects::id(request)).await;
        let is_last = Instant::now() >= deadline;
        match looked {
            Ok((approval, seen)) => match outcome(&approval, &seen, generation, terms) {
                Outcome::Holds(words) => return Ok(words),
                Outcome::Fails(why) => return Err(fail(OutcomeError::Hold { approval: id, why })),
                Outcome::Open if is_last => return Err(fail(OutcomeError::See(id))),
                Outcome::Open => {}
            },
            Err(source) if is_last || !source.may_pass() => {
                return Err(fail(OutcomeError::Look { approval: id, source }));
            }
            Err(_) => {}
        }
        sleep(BETWEEN).await;
    }
}

async fn look(
    desk: &Desk,
    approval: &NamespacedName,
    request: &NamespacedName,
) -> Result<(Look<APIKeyApproval>, Look<APIKeyRequest>), Refusal> {
    Ok((desk.look_soon(approval).await?, desk.look_soon(request).await?))
}

fn outcome(
    approval: &Look<APIKeyApproval>,
    request: &Look<APIKeyRequest>,
    generation: Option<i64>,
    terms: &Terms,
) -> Outcome {
    let (Look::Found(approval), Look::Found(request)) = (approval, request) else {
        return Outcome::Fails("the request or the approval is gone".to_owned());
    };
    let Some(status) = &approval.status else {
        return Outcome::Open;
    };
    if status.observed_generation < generation {
        return Outcome::Open;
    }
    if let Some(valid) = condition::find(&status.conditions, ApprovalAspect::Valid)
        && valid.status != "True"
    {
        return Outcome::Fails(valid.message.clone());
    }
    if condition::is_true(&status.conditions, ApprovalAspect::Superseded) {
        let superseded = condition::find(&status.conditions, ApprovalAspect::Superseded);
        return Outcome::Fails(superseded.map_or_else(String::new, |found| found.message.clone()));
    }
    let conditions = request
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.conditions);
    let now = shown(request);
    let asks_for_more = condition::is_true(conditions, KeyAspect::TermsChanged);
    match (approval.spec.approved, lifecycle(conditions)) {
        // Said of the terms before: the controller is about to say it anew.
        (true, Some((KeyAspect::Approved, _))) if asks_for_more && terms.covers(&now) => Outcome::Open,
        (true, Some((KeyAspect::Approved, approved))) if asks_for_more => Outcome::Holds(format!(
            "{}. Meanwhile the consumer asks for something else ({}), which was not decided on",
            approved.message,
            changes(terms, &now).join(", ")
        )),
        (true, Some((KeyAspect::Approved, found)))
            if condition::is_true(conditions, KeyAspect::EnforcementFailed) =>
        {
            let failed = condition::find(conditions, KeyAspect::EnforcementFailed);
            let why = failed.map_or("", |failed| failed.message.as_str());
            Outcome::Holds(format!(
                "{}. But gateways do not know the key: {why}",
                found.message
            ))
        }
        (true, Some((KeyAspect::Approved, found))) | (false, Some((KeyAspect::Denied, found))) => {
            Outcome::Holds(found.message.clone())
        }
        // That ends with the decision.
        (_, Some((KeyAspect::Failed, found))) if found.reason == KeyReason::TooManyKeys.as_str() => {
            Outcome::Open
        }
        (_, Some((KeyAspect::Failed, found))) => Outcome::Holds(format!(
            "recorded; the key does not work anyway: {}",
            found.message
        )),
        (true, Some((KeyAspect::Expired, found))) => Outcome::Holds(format!("recorded; {}", found.message)),
        _ => Outcome::Open,
    }
}

fn lifecycle(conditions: &[Condition]) -> Option<(KeyAspect, &Condition)> {
    KeyAspect::LIFECYCLE.into_iter().find_map(|aspect| {
        let found = condition::find(conditions, aspect)?;
        (found.status == "True").then_some((aspect, found))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::command::desk::script::{Answer, Script};

    const APPROVAL: &str =
        "GET /apis/devportal.kuadrant.io/v1alpha1/namespaces/gamestore/apikeyapprovals/r-approval";
    const REQUEST: &str = "GET /apis/devportal.kuadrant.io/v1alpha1/namespaces/gamestore/apikeyrequests/r";

    fn conditions(holding: &[&str]) -> Value {
        let conditions = holding.iter().map(|type_| {
            json!({
                "type": type_.trim_start_matches('!'), "reason": "Because", "message": format!("{type_}, said"),
                "status": if type_.starts_with('!') { "False" } else { "True" },
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            })
        });
        conditions.collect()
    }

    fn approval(approved: bool, observed: i64, holding: &[&str]) -> Look<APIKeyApproval> {
        Look::Found(
            serde_json::from_value(json!({
                "metadata": { "name": "r-approval", "namespace": "gamestore", "generation": 2 },
                "spec": {
                    "apiKeyRequestRef": { "name": "r" }, "approved": approved, "reviewedBy": "owner",
                    "reviewedAt": "2026-01-01T00:00:00Z",
                },
                "status": { "observedGeneration": observed, "conditions": conditions(holding) },
            }))
            .unwrap(),
        )
    }

    fn request(tier: &str, holding: &[&str]) -> APIKeyRequest {
        serde_json::from_value(json!({
            "metadata": { "name": "r", "namespace": "gamestore" },
            "spec": {
                "apiProductRef": { "name": "p" }, "planTier": tier, "useCase": "",
                "requestedBy": { "userId": "u", "email": "u@example.com" },
                "apiKeyRef": { "name": "k", "namespace": "app" },
            },
            "status": { "conditions": conditions(holding) },
        }))
        .unwrap()
    }

    #[track_caller]
    fn check(approval: &Look<APIKeyApproval>, tier: &str, holding: &[&str], expected: &Outcome) {
        let terms = shown(&request("gold", &[]));
        let request = Look::Found(request(tier, holding));
        assert_eq!(outcome(approval, &request, Some(2), &terms), *expected);
    }

    #[test]
    fn a_decision_holds_once_both_sides_say_so() {
        let yes = &approval(true, 2, &["Valid"]);
        check(
            &approval(true, 1, &["Valid"]),
            "gold",
            &["Approved"],
            &Outcome::Open,
        );
        check(yes, "gold", &["Pending"], &Outcome::Open);
        check(yes, "gold", &["Denied"], &Outcome::Open);
        check(
            yes,
            "gold",
            &["Approved"],
            &Outcome::Holds("Approved, said".into()),
        );
        check(yes, "gold", &["Approved", "TermsChanged"], &Outcome::Open);
        let unknown = "Approved, said. But gateways do not know the key: EnforcementFailed, said";
        check(
            yes,
            "gold",
            &["Approved", "EnforcementFailed"],
            &Outcome::Holds(unknown.into()),
        );
        let no = &approval(false, 2, &["Valid"]);
        check(no, "gold", &["Approved"], &Outcome::Open);
        check(no, "gold", &["Denied"], &Outcome::Holds("Denied, said".into()));
    }

    #[test]
    fn a_key_that_was_one_too_many_is_waited_for() {
        let mut crowded = request("gold", &["Failed"]);
        let check = |request: &APIKeyRequest, expected: &Outcome| {
            let request = Look::Found(request.clone());
            let terms = shown(&super::tests::request("gold", &[]));
            assert_eq!(
                outcome(&approval(true, 2, &["Valid"]), &request, Some(2), &terms),
                *expected
            );
        };
        check(
            &crowded,
            &Outcome::Holds("recorded; the key does not work anyway: Failed, said".into()),
        );
        crowded.status.as_mut().unwrap().conditions[0].reason = "TooManyKeys".to_owned();
        assert!(crate::command::desk::waits(&crowded), "its owner can approve it");
        check(&crowded, &Outcome::Open);
    }

    #[test]
    fn who_asked_for_something_else_meanwhile_is_told_of() {
        let words = "Approved, said. Meanwhile the consumer asks for something else (plan tier platinum instead of \
                     gold), which was not decided on";
        check(
            &approval(true, 2, &["Valid"]),
            "platinum",
            &["Approved", "TermsChanged"],
            &Outcome::Holds(words.into()),
        );
    }

    #[test]
    fn a_decision_that_does_not_count_says_why() {
        check(
            &approval(true, 2, &["!Valid"]),
            "gold",
            &["Pending"],
            &Outcome::Fails("!Valid, said".into()),
        );
        check(
            &approval(true, 2, &["Valid", "Superseded"]),
            "gold",
            &["Denied"],
            &Outcome::Fails("Superseded, said".into()),
        );
        assert_eq!(
            outcome(&Look::Missing, &Look::Hidden, None, &shown(&request("gold", &[]))),
            Outcome::Fails("the request or the approval is gone".into())
        );
    }

    /// Waits for an approval against a script, and says what came of it and how long that took.
    async fn waited(steps: Vec<(&'static str, Answer)>) -> (Result<String, String>, Duration) {
        let script = Script::new(steps);
        let (written, request) = (approval(true, 2, &[]).found().unwrap(), request("gold", &[]));
        let start = Instant::now();
        let said = wait(&script.desk("gamestore"), &written, &request, &shown(&request)).await;
        script.finished();
        (said.map_err(|failure| failure.to_string()), start.elapsed())
    }

    fn approved() -> Answer {
        Answer::Json(200, json!(approval(true, 2, &["Valid"]).found()))
    }

    #[tokio::test(start_paused = true)]
    async fn an_api_server_that_does_not_answer_for_a_moment_is_asked_again() {
        let (said, _) = waited(vec![
            (APPROVAL, Answer::refusal(503)),
            (APPROVAL, Answer::Silence),
            (APPROVAL, approved()),
            (REQUEST, Answer::refusal(429)),
            (APPROVAL, Answer::Never),
            (APPROVAL, approved()),
            (REQUEST, Answer::Json(200, json!(request("gold", &["Approved"])))),
        ])
        .await;
        assert_eq!(said, Ok("Approved, said".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_cannot_see_what_came_of_a_decision_is_told_that_it_is_recorded() {
        let recorded = "error: the decision is recorded as APIKeyApproval gamestore/r-approval, but whether it holds could \
                        not be seen: failed to get apikey";
        for (steps, why, seconds) in [
            (
                vec![(APPROVAL, Answer::Never), (APPROVAL, Answer::Never)],
                "no answer came within 5 s",
                10,
            ),
            (
                vec![
                    (APPROVAL, approved()),
                    (REQUEST, Answer::Never),
                    (APPROVAL, Answer::Never),
                ],
                "no answer came within 5 s",
                10,
            ),
            (
                vec![(APPROVAL, approved()), (REQUEST, Answer::refusal(401))],
                "does not know who you are (401)",
                0,
            ),
        ] {
            let (said, time) = waited(steps).await;
            let said = said.unwrap_err();
            assert!(said.starts_with(recorded), "{said}");
            assert!(said.contains(why), "{said}");
            assert!(
                said.ends_with(
                    "hint: there is no need to decide again; to see what came of it: keydesk explain key app/k -n gamestore"
                ),
                "{said}"
            );
            assert_eq!(time.as_secs(), seconds, "{said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_keeps_failing_is_told_at_the_deadline() {
        // Looks at 0 s, 0.15 s, … 10.05 s.
        let steps = (0..68).map(|_| (APPROVAL, Answer::refusal(503))).collect();
        let (said, time) = waited(steps).await;
        assert!(
            said.unwrap_err()
                .contains("is recorded as APIKeyApproval gamestore/r-approval")
        );
        assert_eq!(time.as_secs(), 10);
    }
}
