use serde_json::{Value, json};

use super::*;
use crate::command::imperative::script::{Answer, Script};

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

fn approval(approved: bool, observed: i64, holding: &[&str]) -> Lookup<APIKeyApproval> {
    Lookup::Found(
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

/// What was written, where this is what is found.
fn ours(found: &Lookup<APIKeyApproval>) -> APIKeyApproval {
    found.clone().found().unwrap()
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
fn check(approval: &Lookup<APIKeyApproval>, tier: &str, holding: &[&str], expected: &Outcome) {
    let terms = shown(&request("gold", &[]));
    let request = Lookup::Found(request(tier, holding));
    assert_eq!(outcome(approval, &request, &ours(approval), &terms), *expected);
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
    let crowding = approval(true, 2, &["Valid"]);
    let mut crowded = request("gold", &["Failed"]);
    let check = |request: &APIKeyRequest, expected: &Outcome| {
        let request = Lookup::Found(request.clone());
        let terms = shown(&super::tests::request("gold", &[]));
        assert_eq!(outcome(&crowding, &request, &ours(&crowding), &terms), *expected);
    };
    check(
        &crowded,
        &Outcome::Holds("recorded; the key does not work anyway: Failed, said".into()),
    );
    crowded.status.as_mut().unwrap().conditions[0].reason = "TooManyKeys".to_owned();
    assert!(
        crate::command::imperative::waits(&crowded),
        "its owner can approve it"
    );
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
        &Outcome::Overruled("Superseded, said".into()),
    );
    assert_eq!(
        outcome(
            &Lookup::Missing,
            &Lookup::Forbidden,
            &ours(&approval(true, 2, &[])),
            &shown(&request("gold", &[]))
        ),
        Outcome::Fails("the request or the approval is gone".into())
    );
}

#[test]
fn a_decision_that_another_one_has_replaced_is_not_told_as_its_own() {
    let replaced = |mine: bool, theirs: bool, holding: &str| {
        let mut ours = ours(&approval(mine, 1, &[]));
        ours.metadata.generation = Some(1);
        ours.spec.reviewed_by = "platform".to_owned();
        let request = request("gold", &[holding]);
        let terms = shown(&request);
        outcome(
            &approval(theirs, 2, &["Valid"]),
            &Lookup::Found(request),
            &ours,
            &terms,
        )
    };
    let approved = "meanwhile it was approved by owner at 2026-01-01T00:00:00Z";
    let denied = "meanwhile it was denied by owner at 2026-01-01T00:00:00Z";
    for (mine, theirs, holding, why) in [
        (false, true, "Approved", approved),
        (true, false, "Denied", denied),
        // What was wanted holds, but by somebody else's word, and with theirs.
        (true, true, "Approved", approved),
    ] {
        assert_eq!(replaced(mine, theirs, holding), Outcome::Fails(why.to_owned()));
    }
}

#[test]
fn an_approval_for_a_product_that_the_key_no_longer_asks_for_does_not_hold() {
    let mut moved = request("gold", &["Pending"]);
    let terms = shown(&moved);
    moved.spec.api_product_ref.name = "parked".to_owned();
    let yes = approval(true, 2, &["Valid"]);
    let why = "meanwhile the key asks for another product, gamestore/parked";
    assert_eq!(
        outcome(&yes, &Lookup::Found(moved), &ours(&yes), &terms),
        Outcome::Fails(why.to_owned())
    );
}

/// Waits for an approval against a script, and says what came of it and how long that took.
async fn waited(steps: Vec<(&'static str, Answer)>) -> (Result<String, String>, Duration) {
    waited_for(true, steps).await
}

/// The same, for an approval or a denial.
async fn waited_for(
    approved: bool,
    steps: Vec<(&'static str, Answer)>,
) -> (Result<String, String>, Duration) {
    let script = Script::new(steps);
    let (written, request) = (approval(approved, 2, &[]).found().unwrap(), request("gold", &[]));
    let start = Instant::now();
    let said = wait(&script.client("gamestore"), &written, &request, &shown(&request)).await;
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

#[tokio::test(start_paused = true)]
async fn that_the_gate_does_not_wait_is_said_of_a_denial_alone() {
    let gate = "; the gate does not wait for it: a denial holds there already";
    for (approved, gate) in [(true, ""), (false, gate)] {
        let looks = (0..68).flat_map(|_| {
            [
                (
                    APPROVAL,
                    Answer::Json(200, json!(approval(approved, 1, &[]).found())),
                ),
                (REQUEST, Answer::Json(200, json!(request("gold", &["Pending"])))),
            ]
        });
        let told = waited_for(approved, looks.collect()).await.0.unwrap_err();
        assert_eq!(
            told,
            format!(
                "error: the decision is recorded as APIKeyApproval gamestore/r-approval, but the controller has not taken it \
                 up within 10 s\nhint: see that the controller runs{gate}"
            )
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_somebody_deletes_is_not_told_to_hold() {
    let mut going = json!(approval(false, 2, &["Valid"]).found());
    going["metadata"]["deletionTimestamp"] = json!("2026-01-02T00:00:00Z");
    let steps = vec![
        (APPROVAL, Answer::Json(200, going)),
        (REQUEST, Answer::Json(200, json!(request("gold", &["Denied"])))),
    ];
    let told = waited_for(false, steps).await.0.unwrap_err();
    assert!(
        told.contains("but does not hold: meanwhile somebody deletes that, and it counts no more\n"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_is_overruled_is_told_who_decided_what() {
    const APPROVALS: &str = "GET /apis/devportal.kuadrant.io/v1alpha1/namespaces/gamestore/apikeyapprovals";
    let overruled = || json!(approval(true, 2, &["Valid", "Superseded"]).found());
    let looks = || {
        vec![
            (APPROVAL, Answer::Json(200, overruled())),
            (REQUEST, Answer::Json(200, json!(request("gold", &["Denied"])))),
        ]
    };
    let mut theirs = overruled();
    theirs["metadata"] = json!({
        "name": "theirs", "namespace": "gamestore", "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z",
    });
    theirs["spec"]["approved"] = json!(false);
    theirs["spec"]["reviewedBy"] = json!("olga");
    theirs["spec"]["message"] = json!("misused");
    let list = json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApprovalList", "metadata": {},
        "items": [theirs],
    });
    let mut steps = looks();
    steps.push((APPROVALS, Answer::Json(200, list)));
    let told = waited(steps).await.0.unwrap_err();
    assert!(
        told.contains(
            "but does not hold: it was denied by olga at 2026-01-01T00:00:00Z: misused, as APIKeyApproval theirs\n"
        ),
        "{told}"
    );
    let mut steps = looks();
    steps.push((APPROVALS, Answer::refusal(403)));
    let told = waited(steps).await.0.unwrap_err();
    assert!(told.contains("but does not hold: Superseded, said\n"), "{told}");
}
