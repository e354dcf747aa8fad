//! What became of a write that the API server did not answer with what was written. No answer is no refusal: it may have
//! been carried out, and the connection broken after that.

use std::time::Duration;

use keydesk_core::NamespacedName;
use tokio::time::sleep;

use super::{ClusterClient, NamespacedObject, Refusal};

/// How often it is looked for: what is under way may arrive after the connection broke.
const LOOKS: usize = 3;

/// Time between two looks.
const BETWEEN: Duration = Duration::from_millis(500);

/// What is known of a write.
#[derive(Debug)]
pub(super) enum Unwritten<K> {
    /// It was refused.
    Refused(Refusal),
    /// It came to a conflict or to no answer, and is not there; what is there instead, if anything is.
    Absent { refusal: Refusal, instead: Option<K> },
    /// The same, but it cannot be seen whether it is there.
    Unknown(Refusal),
}

impl ClusterClient {
    /// What became of a write: where the answer leaves that open, the object is read, and told by `is_wanted`.
    pub(super) async fn settle<K: NamespacedObject>(
        &self,
        id: &NamespacedName,
        answer: Result<K, Refusal>,
        is_wanted: impl Fn(&K) -> bool,
    ) -> Result<K, Unwritten<K>> {
        let refusal = match answer {
            Ok(written) => return Ok(written),
            // A conflict may be with ourselves: the client sends again what was answered with 503 or 504, and that may
            // have been carried out.
            Err(refusal) if refusal.is_conflict() || !refusal.is_certain() => refusal,
            Err(refusal) => return Err(Unwritten::Refused(refusal)),
        };
        let mut looks = 0;
        loop {
            looks += 1;
            let seen = match self.get_soon::<K>(id).await {
                Ok(found) if is_wanted(&found) => return Ok(found),
                Ok(found) => Ok(Some(found)),
                Err(Refusal::Find(_)) => Ok(None),
                Err(unseen) => Err(unseen),
            };
            let is_final = match &seen {
                // What came to a conflict is not under way any more.
                Ok(_) => refusal.is_conflict(),
                Err(unseen) => !unseen.may_pass(),
            };
            if looks == LOOKS || is_final {
                return Err(match seen {
                    Ok(instead) => Unwritten::Absent { refusal, instead },
                    // It says that nothing was changed, and that is what nobody knows.
                    Err(unseen) if refusal.is_conflict() => Unwritten::Unknown(unseen),
                    Err(_) => Unwritten::Unknown(refusal),
                });
            }
            sleep(BETWEEN).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Secret;
    use serde_json::json;

    use super::*;
    use crate::command::imperative::script::{Answer, Script};

    const PUT: &str = "PUT /api/v1/namespaces/app/secrets/value";
    const GET: &str = "GET /api/v1/namespaces/app/secrets/value";

    fn secret(kind: &str) -> Secret {
        let secret = json!({ "metadata": { "name": "value", "namespace": "app" }, "type": kind });
        serde_json::from_value(secret).unwrap()
    }

    fn found(kind: &str) -> Answer {
        Answer::Json(200, json!(secret(kind)))
    }

    /// Writes `new`, and says what is known of it.
    async fn settled(put: Answer, looks: Vec<Answer>) -> String {
        let steps = [(PUT, put)]
            .into_iter()
            .chain(looks.into_iter().map(|look| (GET, look)));
        let script = Script::new(steps.collect());
        let client = script.client("app");
        let answer = client.replace(&secret("new")).await;
        let is_wanted = |secret: &Secret| secret.type_.as_deref() == Some("new");
        let id = NamespacedName::new("app", "value");
        let settled = client.settle(&id, answer, is_wanted).await;
        script.finished();
        match settled {
            Ok(_) => "there".to_owned(),
            Err(Unwritten::Refused(_)) => "refused".to_owned(),
            Err(Unwritten::Absent { instead, .. }) => {
                instead.map_or_else(|| "gone".to_owned(), |found| found.type_.unwrap())
            }
            Err(Unwritten::Unknown(refusal)) => format!("unknown: {refusal}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_answer_came_it_is_there_if_it_can_be_read() {
        for lost in [Answer::Silence, Answer::refusal(500), Answer::refusal(504)] {
            assert_eq!(settled(lost, vec![found("new")]).await, "there");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_arrives_after_its_connection_broke_is_waited_for() {
        let looks = vec![found("old"), Answer::refusal(503), found("new")];
        assert_eq!(settled(Answer::Silence, looks).await, "there");
        let looks = vec![found("old"), found("old"), found("old")];
        assert_eq!(settled(Answer::Silence, looks).await, "old");
        let looks = (0..3).map(|_| Answer::refusal(404)).collect();
        assert_eq!(settled(Answer::Silence, looks).await, "gone");
    }

    #[tokio::test(start_paused = true)]
    async fn a_conflict_with_the_same_write_sent_before_is_none() {
        assert_eq!(settled(Answer::refusal(409), vec![found("new")]).await, "there");
        let theirs = settled(Answer::refusal(409), vec![found("theirs")]).await;
        assert_eq!(theirs, "theirs", "and is told at once");
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_read_is_not_known() {
        let put = "unknown: failed to update secrets \"value\" in namespace app";
        let get = "unknown: failed to get secrets \"value\" in namespace app";
        for (answer, said) in [(Answer::Silence, put), (Answer::refusal(409), get)] {
            let looks = vec![Answer::Silence, Answer::Never, Answer::refusal(503)];
            assert_eq!(settled(answer, looks).await, said);
        }
        assert_eq!(
            settled(Answer::Silence, vec![Answer::refusal(403)]).await,
            put,
            "time does not change that"
        );
    }

    #[tokio::test]
    async fn what_was_refused_is_not_looked_for() {
        for code in [401, 403, 404, 422] {
            assert_eq!(settled(Answer::refusal(code), Vec::new()).await, "refused");
        }
    }
}
