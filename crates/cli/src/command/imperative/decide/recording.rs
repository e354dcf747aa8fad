//! Writes a decision, over nobody else's.

use jiff::Timestamp;
use keydesk_api::{APIKeyApproval, meta::annotation, rfc3339};
use keydesk_catalog::explain::Aim;
use keydesk_core::NamespacedName;
use kube::ResourceExt as _;

use super::approval::Draft;
use super::seen::is_going;
use super::words::written;
use crate::command::imperative::unwritten::Unwritten;
use crate::command::imperative::{ClusterClient, Refusal};
use crate::exit::Failure;

/// How often it is tried while others change what does not matter here.
const TRIES: usize = 5;

/// The decision is not recorded, or nobody knows.
#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error(
        "somebody else decided at the same moment: APIKeyApproval {id} holds their decision, not this one: {theirs}"
    )]
    Overtake { id: NamespacedName, theirs: String },
    #[error(
        "somebody deletes APIKeyApproval {0} at the same moment: the decision is not in force, and goes with it"
    )]
    Keep(NamespacedName),
    #[error("nothing was recorded in APIKeyApproval {id}")]
    Write {
        id: NamespacedName,
        #[source]
        source: Refusal,
    },
    #[error("it is not known whether the decision is recorded in APIKeyApproval {id}")]
    Know {
        id: NamespacedName,
        #[source]
        source: Refusal,
    },
}

impl RecordError {
    fn hint(&self, wanted: &APIKeyApproval, aim: &Aim) -> String {
        match self {
            Self::Overtake { .. } => "look at the request again, and decide then".to_owned(),
            Self::Keep(_) => "decide again: what goes is left alone then".to_owned(),
            Self::Write { .. } => "decide again; if it stays so, ask whoever runs the platform".to_owned(),
            Self::Know { id, .. } => format!(
                "it is recorded if spec.approved is {} there and spec.reviewedAt is {}; if not, decide again. To look: {}",
                wanted.spec.approved,
                rfc3339(wanted.spec.reviewed_at.0),
                aim.kubectl(format_args!(
                    "get apikeyapprovals.devportal.kuadrant.io {} -n {} -o yaml",
                    id.name, id.namespace
                ))
            ),
        }
    }
}

/// Writes the decision. The controller writes on approvals too: where only that came in between, it is tried again.
pub(super) async fn record(
    client: &ClusterClient,
    draft: &Draft<'_>,
    mut existing: Option<APIKeyApproval>,
) -> Result<APIKeyApproval, Failure> {
    let mut tries = 0;
    loop {
        tries += 1;
        let wanted = draft.approval(existing.as_ref(), Timestamp::now());
        let fail = |error: RecordError| Err(Failure::fixable(&error, error.hint(&wanted, &client.aim)));
        let answer = match &existing {
            Some(_) => client.replace(&wanted).await,
            None => client.create(&wanted).await,
        };
        let is_it = |found: &APIKeyApproval| found.spec == wanted.spec && terms(found) == terms(&wanted);
        let id = draft.id.clone();
        let (source, found) = match client.settle(draft.id, answer, is_it).await {
            Ok(written) if is_going(&written) => return fail(RecordError::Keep(id)),
            Ok(written) => return Ok(written),
            Err(Unwritten::Refused(refusal)) => return Err(refusal.into()),
            Err(Unwritten::Unknown(source)) => return fail(RecordError::Know { id, source }),
            Err(Unwritten::Absent { refusal, instead }) => (refusal, instead),
        };
        let is_news = |found: &APIKeyApproval| existing.as_ref().is_none_or(|seen| seen.spec != found.spec);
        match found {
            Some(found) if is_going(&found) => return fail(RecordError::Keep(id)),
            // An earlier try, which arrived only now.
            Some(found) if is_news(&found) && repeats(&found, &wanted) => return Ok(found),
            Some(found) if is_news(&found) => {
                let theirs = written(&found);
                return fail(RecordError::Overtake { id, theirs });
            }
            Some(found) if source.is_conflict() && tries < TRIES => existing = Some(found),
            Some(_) | None => return fail(RecordError::Write { id, source }),
        }
    }
}

/// Whether it is the same decision of the same person on the same terms, from another moment.
pub(super) fn repeats(found: &APIKeyApproval, wanted: &APIKeyApproval) -> bool {
    let mut spec = found.spec.clone();
    spec.reviewed_at = wanted.spec.reviewed_at.clone();
    spec == wanted.spec && terms(found) == terms(wanted)
}

fn terms(approval: &APIKeyApproval) -> Option<&String> {
    approval.annotations().get(annotation::TERMS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use keydesk_core::Terms;
    use keydesk_testkit::{Odds, Weather, World, fixtures};
    use serde_json::{Value, json};

    use super::*;
    use crate::command::imperative::script::{Answer, Script};

    const POST: &str = "POST /apis/devportal.kuadrant.io/v1alpha1/namespaces/store/apikeyapprovals";
    const PUT: &str = "PUT /apis/devportal.kuadrant.io/v1alpha1/namespaces/store/apikeyapprovals/r-approval";
    const GET: &str = "GET /apis/devportal.kuadrant.io/v1alpha1/namespaces/store/apikeyapprovals/r-approval";

    /// An approval as it was before.
    fn approval(version: &str, by: &str) -> Value {
        json!({
            "metadata": { "name": "r-approval", "namespace": "store", "resourceVersion": version },
            "spec": {
                "apiKeyRequestRef": { "name": "r" }, "approved": true, "reviewedBy": by,
                "reviewedAt": "2026-01-01T00:00:00Z",
            },
        })
    }

    fn found(version: &str, by: &str) -> Answer {
        Answer::Json(200, approval(version, by))
    }

    /// What is to be recorded, at a moment that no clock says.
    fn draft<'a>(id: &'a NamespacedName, terms: &'a Terms) -> Draft<'a> {
        Draft {
            id,
            request: "r",
            terms,
            approved: false,
            by: "olga",
            message: None,
            latest: Some("2099-01-01T00:00:00Z".parse().unwrap()),
        }
    }

    fn terms() -> Terms {
        Terms {
            expires_at: None,
            namespace: "app".into(),
            product: NamespacedName::new("store", "games"),
            scopes: BTreeSet::new(),
            tier: "gold".into(),
            user_id: "ada".into(),
        }
    }

    /// The decision as it is found once it is recorded.
    fn recorded() -> Value {
        let id = NamespacedName::new("store", "r-approval");
        json!(draft(&id, &terms()).approval(None, Timestamp::UNIX_EPOCH))
    }

    async fn told(seen: Option<Value>, steps: Vec<(&'static str, Answer)>) -> (Option<String>, Value) {
        let script = Script::new(steps);
        let (id, terms) = (NamespacedName::new("store", "r-approval"), terms());
        let seen = seen.map(|seen| serde_json::from_value(seen).unwrap());
        let result = record(&script.client("store"), &draft(&id, &terms), seen).await;
        (result.err().map(|failure| failure.to_string()), script.finished())
    }

    #[tokio::test]
    async fn what_the_controller_writes_on_it_is_no_reason_to_give_up() {
        let steps = vec![
            (PUT, Answer::refusal(409)),
            (GET, found("2", "olga")),
            (PUT, found("3", "olga")),
        ];
        let (told, last) = told(Some(approval("1", "olga")), steps).await;
        assert_eq!(told, None);
        assert_eq!(last["metadata"]["resourceVersion"], "2");
        assert_eq!(last["spec"]["approved"], false);
    }

    #[tokio::test]
    async fn who_is_never_fast_enough_is_not_told_that_somebody_decided() {
        let steps = (0..TRIES).flat_map(|_| [(PUT, Answer::refusal(409)), (GET, found("2", "olga"))]);
        let (told, _) = told(Some(approval("1", "olga")), steps.collect()).await;
        let told = told.unwrap();
        assert!(
            told.starts_with("error: nothing was recorded in APIKeyApproval store/r-approval: "),
            "{told}"
        );
        assert!(told.ends_with("hint: decide again; if it stays so, ask whoever runs the platform"));
    }

    #[tokio::test]
    async fn what_somebody_else_decided_meanwhile_stays() {
        let others = || {
            vec![
                found("2", "otto"),
                Answer::Json(200, {
                    let mut theirs = recorded();
                    theirs["metadata"]["annotations"]["keydesk.dev/terms"] = json!("others");
                    theirs
                }),
            ]
        };
        for other in others() {
            let steps = vec![(PUT, Answer::refusal(409)), (GET, other)];
            let (overtaken, _) = told(Some(approval("1", "olga")), steps).await;
            let overtaken = overtaken.unwrap();
            assert!(
                overtaken.contains("somebody else decided at the same moment"),
                "{overtaken}"
            );
        }
        for other in others() {
            let steps = vec![(POST, Answer::refusal(409)), (GET, other)];
            let (overtaken, _) = told(None, steps).await;
            let overtaken = overtaken.unwrap();
            assert!(
                overtaken.contains("somebody else decided at the same moment"),
                "{overtaken}"
            );
        }
    }

    #[tokio::test]
    async fn a_decision_is_not_left_in_what_somebody_deletes_at_the_same_moment() {
        let going = |mut approval: Value| {
            approval["metadata"]["deletionTimestamp"] = json!("2026-01-02T00:00:00Z");
            Answer::Json(200, approval)
        };
        for steps in [
            vec![(PUT, Answer::refusal(409)), (GET, going(approval("2", "olga")))],
            vec![(PUT, Answer::Silence), (GET, going(recorded()))],
            vec![(PUT, going(recorded()))],
        ] {
            let (lost, _) = told(Some(approval("1", "olga")), steps).await;
            assert_eq!(
                lost.unwrap(),
                "error: somebody deletes APIKeyApproval store/r-approval at the same moment: the decision is not in force, \
                 and goes with it\nhint: decide again: what goes is left alone then"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_answer_came_the_decision_is_looked_for() {
        let there = || (GET, Answer::Json(200, recorded()));
        for lost in [Answer::Silence, Answer::refusal(503), Answer::refusal(409)] {
            assert_eq!(told(None, vec![(POST, lost), there()]).await.0, None);
        }
        for lost in [Answer::Silence, Answer::refusal(503), Answer::refusal(409)] {
            let seen = Some(approval("1", "olga"));
            assert_eq!(told(seen, vec![(PUT, lost), there()]).await.0, None);
        }
        let overtaken = vec![
            (PUT, Answer::Silence),
            (GET, found("3", "otto")),
            (GET, found("3", "otto")),
            (GET, found("3", "otto")),
        ];
        let (told, _) = told(Some(approval("1", "olga")), overtaken).await;
        assert!(
            told.unwrap()
                .contains("holds their decision, not this one: approved by otto at 2026-01-01T00:00:00Z\n")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_decides_again_finds_the_decision_that_arrived_late() {
        let mut late = recorded();
        late["spec"]["reviewedAt"] = json!("2098-12-31T23:59:00Z");
        let steps = vec![
            (POST, Answer::refusal(409)),
            (GET, Answer::Json(200, late.clone())),
        ];
        assert_eq!(told(None, steps).await.0, None);
        // But what was there before is no new decision.
        let mut steps = vec![(PUT, Answer::Silence)];
        steps.extend((0..3).map(|_| (GET, Answer::Json(200, late.clone()))));
        let (told, _) = told(Some(late.clone()), steps).await;
        assert!(told.unwrap().starts_with("error: nothing was recorded in "));
    }

    #[tokio::test(start_paused = true)]
    async fn where_nothing_was_recorded_that_is_said() {
        let mut steps = vec![(POST, Answer::Silence)];
        steps.extend((0..3).map(|_| (GET, Answer::refusal(404))));
        let (absent, _) = told(None, steps).await;
        let absent = absent.unwrap();
        let said = "error: nothing was recorded in APIKeyApproval store/r-approval: failed to create apikeyapprovals";
        assert!(absent.starts_with(said), "{absent}");
        assert!(
            absent.contains("the connection broke\nhint: decide again"),
            "{absent}"
        );

        let mut steps = vec![(PUT, Answer::refusal(500))];
        steps.extend((0..3).map(|_| (GET, found("1", "olga"))));
        let (unchanged, _) = told(Some(approval("1", "olga")), steps).await;
        let unchanged = unchanged.unwrap();
        let said = "error: nothing was recorded in APIKeyApproval store/r-approval: failed to update apikeyapprovals";
        assert!(unchanged.starts_with(said), "{unchanged}");

        let (refused, _) = told(None, vec![(POST, Answer::refusal(403))]).await;
        assert!(
            refused
                .unwrap()
                .starts_with("error: you may not create apikeyapprovals")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_knows_the_person_learns_how_to_see() {
        let mut steps = vec![(POST, Answer::Silence)];
        steps.extend((0..3).map(|_| (GET, Answer::refusal(503))));
        let (unknown, _) = told(None, steps).await;
        let unknown = unknown.unwrap();
        let said = "error: it is not known whether the decision is recorded in APIKeyApproval store/r-approval: failed to \
                    create apikeyapprovals";
        assert!(unknown.starts_with(said), "{unknown}");
        assert!(
            unknown.ends_with(
                "hint: it is recorded if spec.approved is false there and spec.reviewedAt is 2099-01-01T00:00:00Z; if \
                 not, decide again. To look: kubectl get apikeyapprovals.devportal.kuadrant.io r-approval -n store -o yaml"
            ),
            "{unknown}"
        );
    }

    #[tokio::test]
    async fn a_decision_whose_answer_is_lost_is_in_force_and_is_told_so() {
        let world = World::embedded().await;
        let admin = world.admin();
        admin.create(&fixtures::namespace("store")).await.unwrap();
        let weather = Weather::fair(7);
        weather.turn(Odds {
            lost: 100,
            ..Odds::default()
        });
        let mut client = Script::new(Vec::new()).client("store");
        client.inner = weather.around(&admin.client());
        let (id, terms) = (NamespacedName::new("store", "r-approval"), terms());
        let denied = record(&client, &draft(&id, &terms), None).await.unwrap();
        assert!(!denied.spec.approved);
        let approval = Draft {
            approved: true,
            ..draft(&id, &terms)
        };
        let approved = record(&client, &approval, Some(denied)).await.unwrap();
        assert_eq!(weather.happened()["lost"], 2);
        let there = client.get::<APIKeyApproval>(&id).await.unwrap();
        assert_eq!(there.spec, approved.spec);
        assert!(there.spec.approved);
    }
}
