//! Puts a rotated Secret in its place, in the version that was read and in no other.

use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::meta::API_KEY_ENTRY;
use keydesk_core::NamespacedName;

use super::rotation::{Previous, holds_the_same, rotated};
use crate::command::imperative::unwritten::Unwritten;
use crate::command::imperative::{ClusterClient, Refusal, WipedSecret};
use crate::exit::Failure;

/// How often it is tried while others change what does not matter here.
const TRIES: usize = 5;

/// Somebody else was faster.
#[derive(Debug, thiserror::Error)]
#[error("somebody else changed the values in Secret {0} at the same moment; nothing was changed here")]
struct Overtaken(NamespacedName);

/// What to do to a Secret.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) value: &'a [u8],
    pub(super) overlap: Duration,
    pub(super) drop_previous: bool,
}

/// Puts the value into the version of the Secret that was seen. Where somebody else wrote meanwhile it looks again: if the
/// values are the same it was something else that changed.
pub(super) async fn put(
    client: &ClusterClient,
    id: &NamespacedName,
    mut seen: WipedSecret,
    change: Change<'_>,
) -> Result<Previous, Failure> {
    let Change {
        value,
        overlap,
        drop_previous,
    } = change;
    for _ in 0..TRIES {
        let (next, previous) = rotated(&seen, value, overlap, drop_previous, Timestamp::now())?;
        let put = client.replace(&next).await;
        match client.settle(id, put, |secret| has(secret, value)).await {
            Ok(_) => return Ok(previous),
            Err(Unwritten::Absent {
                refusal: Refusal::Replace(_),
                instead: Some(found),
            }) if holds_the_same(&seen, &found) => seen = found,
            Err(Unwritten::Absent {
                refusal: Refusal::Replace(_),
                instead: Some(_),
            }) => break,
            Err(Unwritten::Refused(refusal) | Unwritten::Absent { refusal, .. }) => {
                return Err(refusal.into());
            }
            Err(Unwritten::Unknown(refusal)) => {
                return Err(Failure::fixable(
                    &refusal,
                    "nobody knows whether the value was changed: look at the annotation keydesk.dev/previous-until of the \
                     Secret",
                ));
            }
        }
    }
    Err(Failure::fixable(
        &Overtaken(id.clone()),
        "see whether it is what you want, and rotate again if not",
    ))
}

fn has(secret: &WipedSecret, value: &[u8]) -> bool {
    secret.entry(API_KEY_ENTRY) == Some(value)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use serde_json::{Value, json};

    use super::*;
    use crate::command::imperative::script::{Answer, Script};

    const PUT: &str = "PUT /api/v1/namespaces/app/secrets/value";
    const GET: &str = "GET /api/v1/namespaces/app/secrets/value";

    fn secret(version: &str, value: &str) -> Value {
        json!({
            "metadata": { "name": "value", "namespace": "app", "uid": "u-1", "resourceVersion": version },
            "data": { "api_key": BASE64_STANDARD.encode(value) },
        })
    }

    fn found(version: &str, value: &str) -> Answer {
        Answer::Json(200, secret(version, value))
    }

    async fn rotate(steps: Vec<(&'static str, Answer)>) -> (Result<Previous, String>, Value) {
        let script = Script::new(steps);
        let seen = serde_json::from_value(secret("1", "the-old-one")).unwrap();
        let change = Change {
            value: b"the-new-one",
            overlap: Duration::from_hours(1),
            drop_previous: false,
        };
        let id = NamespacedName::new("app", "value");
        let result = put(&script.client("app"), &id, seen, change).await;
        let result = result.map_err(|failure| failure.to_string());
        if let Err(told) = &result {
            assert!(
                !told.contains("the-new-one") && !told.contains("the-old-one"),
                "{told}"
            );
        }
        (result, script.finished())
    }

    #[tokio::test]
    async fn what_only_touches_something_else_is_no_reason_to_give_up() {
        let steps = vec![
            (PUT, Answer::refusal(409)),
            (GET, found("2", "the-old-one")),
            (PUT, found("3", "the-new-one")),
        ];
        let (result, last) = rotate(steps).await;
        assert!(matches!(result, Ok(Previous::Until(_))), "{result:?}");
        assert_eq!(last["metadata"]["resourceVersion"], "2");
    }

    #[tokio::test]
    async fn a_value_that_somebody_else_put_there_is_not_overwritten() {
        let steps = vec![(PUT, Answer::refusal(409)), (GET, found("2", "somebody-elses"))];
        let told = rotate(steps).await.0.unwrap_err();
        assert!(
            told.contains("somebody else changed the values in Secret app/value"),
            "{told}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_answer_came_the_value_is_looked_for() {
        let lost = |found: fn() -> Answer, looks| {
            let put = std::iter::once((PUT, Answer::Silence));
            put.chain((0..looks).map(|_| (GET, found()))).collect::<Vec<_>>()
        };
        let there = rotate(lost(|| found("2", "the-new-one"), 1)).await;
        assert!(there.0.is_ok());
        let absent = rotate(lost(|| found("1", "the-old-one"), 3)).await;
        let told = absent.0.unwrap_err();
        assert!(
            told.starts_with("error: failed to update secrets \"value\""),
            "{told}"
        );
        let told = rotate(lost(|| Answer::Silence, 3)).await.0.unwrap_err();
        assert!(
            told.contains("nobody knows whether the value was changed"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn a_conflict_with_the_same_rotation_sent_before_is_none() {
        let steps = vec![(PUT, Answer::refusal(409)), (GET, found("2", "the-new-one"))];
        let (result, _) = rotate(steps).await;
        assert!(matches!(result, Ok(Previous::Until(_))), "{result:?}");
    }

    #[tokio::test]
    async fn a_refusal_changes_nothing() {
        let told = rotate(vec![(PUT, Answer::refusal(403))]).await.0.unwrap_err();
        assert!(told.starts_with("error: you may not update secrets"), "{told}");
    }
}
