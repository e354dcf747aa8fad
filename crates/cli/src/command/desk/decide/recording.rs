//! Writes a decision, over nobody else's.

use jiff::Timestamp;
use keydesk_api::APIKeyApproval;
use keydesk_core::NamespacedName;

use super::approval::Draft;
use crate::command::desk::{Desk, Refusal};
use crate::exit::Failure;

/// How often it is tried while others change what does not matter here.
const TRIES: usize = 5;

/// Somebody else was faster.
#[derive(Debug, thiserror::Error)]
#[error("somebody else decided at the same moment, in APIKeyApproval {0}; nothing was changed here")]
struct Overtaken(NamespacedName);

/// Writes the decision. The controller writes on approvals too: where only that came in between, it is tried again.
pub(super) async fn record(
    desk: &Desk,
    draft: &Draft<'_>,
    mut existing: Option<APIKeyApproval>,
) -> Result<APIKeyApproval, Failure> {
    for _ in 0..TRIES {
        let approval = draft.approval(existing.as_ref(), Timestamp::now());
        let Some(seen) = &existing else {
            return match desk.create(&approval).await {
                // Somebody else has decided meanwhile.
                Err(Refusal::Create(_)) => Err(overtaken(draft.id)),
                written => written.map_err(Failure::from),
            };
        };
        match desk.replace(&approval).await {
            Err(Refusal::Replace(_)) => {}
            written => return written.map_err(Failure::from),
        }
        let found = desk.get::<APIKeyApproval>(draft.id).await?;
        if found.spec != seen.spec {
            break;
        }
        existing = Some(found);
    }
    Err(overtaken(draft.id))
}

fn overtaken(id: &NamespacedName) -> Failure {
    let error = Overtaken(id.clone());
    Failure::fixable(&error, "look at the request again, and decide then")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use keydesk_core::Terms;
    use serde_json::{Value, json};

    use super::*;
    use crate::command::desk::script::{Answer, Script};

    const POST: &str = "POST /apis/devportal.kuadrant.io/v1alpha1/namespaces/store/apikeyapprovals";
    const PUT: &str = "PUT /apis/devportal.kuadrant.io/v1alpha1/namespaces/store/apikeyapprovals/r-approval";
    const GET: &str = "GET /apis/devportal.kuadrant.io/v1alpha1/namespaces/store/apikeyapprovals/r-approval";

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

    async fn told(seen: Option<Value>, steps: Vec<(&'static str, Answer)>) -> (Option<String>, Value) {
        let script = Script::new(steps);
        let terms = Terms {
            expires_at: None,
            namespace: "app".into(),
            product: NamespacedName::new("store", "games"),
            scopes: BTreeSet::new(),
            tier: "gold".into(),
            user_id: "ada".into(),
        };
        let draft = Draft {
            id: &NamespacedName::new("store", "r-approval"),
            request: "r",
            terms: &terms,
            approved: false,
            by: "olga",
            message: None,
            latest: None,
        };
        let seen = seen.map(|seen| serde_json::from_value(seen).unwrap());
        let result = record(&script.desk("store"), &draft, seen).await;
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
    async fn what_somebody_else_decided_meanwhile_stays() {
        let steps = vec![(PUT, Answer::refusal(409)), (GET, found("2", "otto"))];
        let (overtaken, _) = told(Some(approval("1", "olga")), steps).await;
        assert!(
            overtaken
                .unwrap()
                .contains("somebody else decided at the same moment")
        );
        let (overtaken, _) = told(None, vec![(POST, Answer::refusal(409))]).await;
        assert!(
            overtaken
                .unwrap()
                .contains("somebody else decided at the same moment")
        );
    }
}
