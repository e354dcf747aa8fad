//! A Secret and a key: both come to be, or neither.

use k8s_openapi::api::core::v1::Secret;
use keydesk_api::{APIKey, meta::annotation};
use kube::ResourceExt as _;

use super::draft::{self, Wish};
use crate::command::desk::unwritten::Unwritten;
use crate::command::desk::{Desk, Refusal};
use crate::exit::Failure;

/// Makes the Secret, then the key. If there can be no key, the Secret goes again.
pub(super) async fn make(desk: &Desk, wish: &Wish, value: &[u8]) -> Result<(), Failure> {
    let secret = desk.create(&draft::secret(wish, value)).await?;
    let key = draft::key(wish);
    let made = desk.create(&key).await;
    let scopes = |key: &APIKey| key.annotations().get(annotation::SCOPES).cloned();
    let is_it = |found: &APIKey| found.spec == key.spec && scopes(found) == scopes(&key);
    let refusal = match desk.settle(&wish.key, made, is_it).await {
        Ok(_) => return Ok(()),
        Err(Unwritten::Refused(refusal)) => refusal,
        Err(Unwritten::Absent { refusal, instead }) if instead.is_none() || refusal.is_certain() => refusal,
        Err(Unwritten::Absent { refusal, .. } | Unwritten::Unknown(refusal)) => {
            return Err(left_behind(&refusal, wish));
        }
    };
    match desk.delete::<Secret>(&secret).await {
        Ok(()) | Err(Refusal::Find(_)) => Err(refusal.into()),
        Err(_) => Err(left_behind(&refusal, wish)),
    }
}

fn left_behind(refusal: &Refusal, wish: &Wish) -> Failure {
    let Wish { key, secret, .. } = wish;
    Failure::fixable(
        refusal,
        format!(
            "Secret {secret} was made and is left behind: look whether APIKey {key} is there; if it is not, delete \
             the Secret"
        ),
    )
}

#[cfg(test)]
mod tests {
    use keydesk_core::NamespacedName;
    use serde_json::{Value, json};

    use super::*;
    use crate::command::desk::script::{Answer, Script};

    const SECRETS: &str = "POST /api/v1/namespaces/app/secrets";
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

    fn key(tier: &str) -> Answer {
        let mut key = json!(draft::key(&wish()));
        key["spec"]["planTier"] = json!(tier);
        Answer::Json(200, key)
    }

    /// Makes both against a script, and gives back what the person is told and the body of the last request.
    async fn told(steps: Vec<(&'static str, Answer)>) -> (Option<String>, Value) {
        let script = Script::new(steps);
        let result = make(&script.desk("app"), &wish(), b"hunter2").await;
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
        let (told, _) = told(vec![(SECRETS, Answer::refusal(409))]).await;
        assert!(told.unwrap().contains("Secret app/mobile-secret exists already"));
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
