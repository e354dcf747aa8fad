//! A Secret and a key: both come to be, or neither.

use keydesk_api::{APIKey, meta::annotation};
use kube::ResourceExt as _;

use super::draft::{self, Wish};
use crate::command::imperative::unwritten::Unwritten;
use crate::command::imperative::{ClusterClient, Refusal, WipedSecret};
use crate::exit::Failure;

/// A Secret that is there, and how far it is known to be ours.
struct Made {
    secret: WipedSecret,
    /// The API server said that it made it. One that was only read may be an older one with the same value.
    is_ours: bool,
}

/// Makes the Secret, then the key. If there can be no key, the Secret goes again.
pub(super) async fn make(client: &ClusterClient, wish: &Wish, value: &[u8]) -> Result<(), Failure> {
    let Made { secret, is_ours } = make_secret(client, wish, value).await?;
    let key = draft::key(wish);
    let made = client.create(&key).await;
    let scopes = |key: &APIKey| key.annotations().get(annotation::SCOPES).cloned();
    let is_it = |found: &APIKey| found.spec == key.spec && scopes(found) == scopes(&key);
    let refusal = match client.settle(&wish.key, made, is_it).await {
        Ok(_) => return Ok(()),
        Err(Unwritten::Refused(refusal)) => refusal,
        Err(Unwritten::Absent { refusal, instead }) if instead.is_none() || refusal.is_certain() => refusal,
        Err(Unwritten::Absent { refusal, .. } | Unwritten::Unknown(refusal)) => {
            return Err(left_behind(&refusal, wish, is_ours));
        }
    };
    if !is_ours {
        return Err(left_behind(&refusal, wish, is_ours));
    }
    match client.delete::<WipedSecret>(&secret).await {
        Ok(()) | Err(Refusal::Find(_)) => Err(refusal.into()),
        Err(_) => Err(left_behind(&refusal, wish, is_ours)),
    }
}

async fn make_secret(client: &ClusterClient, wish: &Wish, value: &[u8]) -> Result<Made, Failure> {
    let wanted = draft::secret(wish, value);
    let made = client.create(&wanted).await;
    let is_ours = made.is_ok();
    let is_it =
        |found: &WipedSecret| found.data == wanted.data && found.metadata.deletion_timestamp.is_none();
    let refusal = match client.settle(&wish.secret, made, is_it).await {
        Ok(secret) => return Ok(Made { secret, is_ours }),
        Err(Unwritten::Refused(refusal) | Unwritten::Absent { refusal, .. }) => return Err(refusal.into()),
        Err(Unwritten::Unknown(refusal)) => refusal,
    };
    Err(Failure::fixable(
        &refusal,
        format!(
            "no APIKey was made, but nobody knows whether Secret {} was: look whether it is there, and delete it unless you \
             had it before",
            wish.secret
        ),
    ))
}

fn left_behind(refusal: &Refusal, wish: &Wish, is_ours: bool) -> Failure {
    let Wish { key, secret, .. } = wish;
    let (what, unless) = if is_ours {
        ("was made and is left behind", "")
    } else {
        (
            "is there with this value and is left alone",
            " unless you had it before",
        )
    };
    Failure::fixable(
        refusal,
        format!(
            "Secret {secret} {what}: look whether APIKey {key} is there; if it is not, delete the Secret{unless}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use keydesk_core::NamespacedName;
    use serde_json::{Value, json};

    use super::*;
    use crate::command::imperative::script::{Answer, Script};

    const SECRETS: &str = "POST /api/v1/namespaces/app/secrets";
    const LOOK: &str = "GET /api/v1/namespaces/app/secrets/mobile-secret";
    const SECRET: &str = "DELETE /api/v1/namespaces/app/secrets/mobile-secret";
    const KEYS: &str = "POST /apis/devportal.kuadrant.io/v1alpha1/namespaces/app/apikeys";
    const KEY: &str = "GET /apis/devportal.kuadrant.io/v1alpha1/namespaces/app/apikeys/mobile";

    fn wish() -> Wish {
        Wish {
            key: NamespacedName::new("app", "mobile"),
            secret: NamespacedName::new("app", "mobile-secret"),
            product: NamespacedName::new("store", "games"),
            tier: "gold".to_owned(),
            use_case: None,
            expires_at: None,
            scopes: draft::scopes(""),
            user_id: "ada".to_owned(),
            email: "ada@example.com".to_owned(),
        }
    }

    fn made() -> Answer {
        let secret = json!({ "metadata": { "name": "mobile-secret", "namespace": "app", "uid": "u-1" } });
        Answer::Json(201, secret)
    }

    fn secret(value: &[u8]) -> Answer {
        Answer::Json(200, json!(draft::secret(&wish(), value)))
    }

    fn key(tier: &str) -> Answer {
        let mut key = json!(draft::key(&wish()));
        key["spec"]["planTier"] = json!(tier);
        Answer::Json(200, key)
    }

    /// Makes both against a script, and gives back what the person is told and the body of the last request.
    async fn told(steps: Vec<(&'static str, Answer)>) -> (Option<String>, Value) {
        let script = Script::new(steps);
        let result = make(&script.client("app"), &wish(), b"hunter2").await;
        let told = result.err().map(|failure| failure.to_string());
        assert!(!told.as_deref().unwrap_or_default().contains("hunter2"));
        (told, script.finished())
    }

    #[tokio::test]
    async fn where_the_key_is_refused_this_very_secret_goes_again() {
        let steps = vec![
            (SECRETS, made()),
            (KEYS, Answer::refusal(403)),
            (SECRET, Answer::done()),
        ];
        let (told, last) = told(steps).await;
        assert!(told.unwrap().starts_with("error: you may not create apikeys"));
        assert_eq!(last["preconditions"]["uid"], "u-1");
    }

    #[tokio::test]
    async fn where_the_secret_is_refused_nothing_else_is_tried() {
        let (refused, _) = told(vec![(SECRETS, Answer::refusal(403))]).await;
        assert!(refused.unwrap().starts_with("error: you may not create secrets"));
        let steps = vec![(SECRETS, Answer::refusal(409)), (LOOK, secret(b"another"))];
        let (told, _) = told(steps).await;
        assert!(told.unwrap().contains("Secret app/mobile-secret exists already"));
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_answer_came_the_secret_is_looked_for_before_anything_is_said() {
        // The client sends again what was answered with 503, and meets itself.
        for lost in [Answer::Silence, Answer::refusal(500), Answer::refusal(409)] {
            let steps = vec![(SECRETS, lost), (LOOK, secret(b"hunter2")), (KEYS, key("gold"))];
            assert_eq!(told(steps).await.0, None);
        }
        let mut steps = vec![(SECRETS, Answer::Silence)];
        steps.extend((0..3).map(|_| (LOOK, Answer::refusal(404))));
        let absent = told(steps).await.0.unwrap();
        assert!(absent.starts_with("error: failed to create secrets"), "{absent}");
        let mut steps = vec![(SECRETS, Answer::Silence)];
        steps.extend((0..3).map(|_| (LOOK, Answer::refusal(503))));
        let unknown = told(steps).await.0.unwrap();
        assert!(
            unknown.contains("nobody knows whether Secret app/mobile-secret was: look"),
            "{unknown}"
        );
    }

    #[tokio::test]
    async fn a_secret_that_may_be_an_older_one_of_the_same_value_is_not_deleted() {
        let steps = vec![
            (SECRETS, Answer::refusal(409)),
            (LOOK, secret(b"hunter2")),
            (KEYS, Answer::refusal(422)),
        ];
        let told = told(steps).await.0.unwrap();
        assert!(
            told.contains("is there with this value and is left alone"),
            "{told}"
        );
        assert!(
            told.ends_with("delete the Secret unless you had it before"),
            "{told}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_answer_came_the_key_is_looked_for() {
        let lost = |found: fn() -> Answer, looks| {
            let steps = [(SECRETS, made()), (KEYS, Answer::Silence)].into_iter();
            steps
                .chain((0..looks).map(|_| (KEY, found())))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(lost(|| key("gold"), 1)).await.0, None, "it was made");
        let mut steps = lost(|| Answer::refusal(404), 3);
        steps.push((SECRET, Answer::done()));
        assert!(
            told(steps)
                .await
                .0
                .unwrap()
                .starts_with("error: failed to create apikeys")
        );
        for found in [|| key("bronze"), || Answer::Silence] {
            let (told, _) = told(lost(found, 3)).await;
            assert!(
                told.unwrap()
                    .contains("Secret app/mobile-secret was made and is left behind")
            );
        }
    }

    #[tokio::test]
    async fn a_key_that_is_there_already_is_told_from_this_one() {
        let conflict = |found| vec![(SECRETS, made()), (KEYS, Answer::refusal(409)), (KEY, found)];
        let told_of_this = told(conflict(key("gold"))).await.0;
        assert_eq!(told_of_this, None, "it was sent twice, and made the first time");
        let mut steps = conflict(key("bronze"));
        steps.push((SECRET, Answer::done()));
        let told = told(steps).await.0.unwrap();
        assert!(
            told.starts_with("error: APIKey app/mobile exists already"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn what_cannot_be_cleaned_up_is_named() {
        let steps = vec![
            (SECRETS, made()),
            (KEYS, Answer::refusal(422)),
            (SECRET, Answer::Silence),
        ];
        assert!(told(steps).await.0.unwrap().contains("is left behind"));
    }
}
