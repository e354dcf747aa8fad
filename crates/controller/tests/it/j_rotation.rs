//! J. A value that is being rotated out is enforced beside the new one, until its end.

use jiff::Timestamp;
use keydesk_testkit::conditions::{condition, is, says};
use keydesk_testkit::fixtures::{KUADRANT_NAMESPACE, approval, but, now_plus, secret};
use keydesk_testkit::hidden::{assert_hidden, base64};
use keydesk_testkit::{Address, kinds};
use serde_json::{Value, json};

use crate::stage::{Stage, another_key, decision_on, enforcement_at, key_at, secret_at, settings};

/// What a consumer writes to rotate `abc123` out.
pub(crate) fn rotation(until: &Value) -> Value {
    json!({
        "metadata": { "annotations": { "keydesk.dev/previous-until": until } },
        "data": { "api_key": base64(b"new456"), "api_key.previous": base64(b"abc123") },
    })
}

fn previous_at() -> Address {
    let name = format!("{}.previous", enforcement_at().name);
    Address::new(kinds::SECRET, KUADRANT_NAMESPACE, &name)
}

pub(crate) fn holds(value: &str) -> impl Fn(&Value) -> bool {
    let data = json!({ "api_key": base64(value.as_bytes()) });
    move |seen| seen["data"] == data
}

/// Whether a previous value is enforced until this moment, and nothing is left to do.
fn ends(until: &str) -> impl Fn(&Value) -> bool {
    let until = until.to_owned();
    move |seen| {
        let annotations = &seen["metadata"]["annotations"];
        annotations["keydesk.dev/previous-until"] == until
            && annotations["secret.kuadrant.io/expires-at"] == until
            && annotations["keydesk.dev/replaces"].is_null()
    }
}

/// A key whose value is being rotated out.
async fn rotating(until: &str) -> Stage {
    let stage = Stage::approved().await;
    stage.patch(&secret_at(), &rotation(&json!(until))).await;
    stage
        .soon(&enforcement_at(), "has the new value", holds("new456"))
        .await;
    stage.soon(&previous_at(), "ends then", ends(until)).await;
    stage
}

#[tokio::test]
async fn both_values_are_enforced_until_the_end_of_the_old_one() {
    let end = now_plus(4);
    let stage = rotating(&end).await;
    let [new, old] = [
        stage.get(&enforcement_at()).await,
        stage.get(&previous_at()).await,
    ];
    assert!(holds("abc123")(&old) && old["type"] == "Opaque");
    assert_eq!(old["metadata"]["labels"], new["metadata"]["labels"]);
    let annotations = json!({
        "keydesk.dev/previous-until": end,
        "secret.kuadrant.io/expires-at": end,
        "secret.kuadrant.io/plan-id": "gold",
        "secret.kuadrant.io/user-id": "user-12345",
    });
    assert_eq!(old["metadata"]["annotations"], annotations);
    for secret in [&new, &old] {
        let metadata = secret["metadata"].to_string();
        assert_hidden("the metadata", &metadata, &["abc123", "new456"]);
    }
    let message = format!("The previous value is accepted until {end}");
    stage
        .soon(&key_at(), "tells of it", |seen| {
            is(seen, "Approved") && says(seen, "Rotating", "True", "PreviousValueAccepted", &message)
        })
        .await;
    stage.admin.soon_gone(&previous_at()).await;
    let end: Timestamp = end.parse().unwrap();
    let late = Timestamp::now().duration_since(end);
    assert!(
        late.as_millis() >= 0 && late.as_secs() < 1,
        "deleted {late:?} after its end"
    );
    stage
        .soon(&key_at(), "tells of it no longer", |seen| {
            condition(seen, "Rotating").is_none()
        })
        .await;
    stage
        .stays(&enforcement_at(), "has the new value", holds("new456"))
        .await;
    // What was left behind in the Secret is nothing to anybody.
    stage.is_at_rest(&key_at()).await;
    assert_eq!(stage.enforced().await.len(), 1);
}

#[tokio::test]
async fn an_end_that_alone_is_changed_is_followed() {
    let stage = rotating(&now_plus(3_600)).await;
    let at = |until: Value| json!({ "metadata": { "annotations": { "keydesk.dev/previous-until": until } } });
    let sooner = now_plus(600);
    stage.patch(&secret_at(), &at(json!(sooner))).await;
    let old = stage
        .soon_previous("ends sooner", |seen| ends(&sooner)(seen) && holds("abc123")(seen))
        .await;
    for (until, reason) in [
        (Value::Null, "PreviousUntilNotSet"),
        (json!("next week"), "PreviousUntilNotReadable"),
        (json!(now_plus(8 * 86_400)), "PreviousUntilTooFar"),
    ] {
        stage.patch(&secret_at(), &at(json!(sooner))).await;
        stage.soon_previous("is accepted", |_| true).await;
        stage.patch(&secret_at(), &at(until)).await;
        stage
            .soon(&key_at(), &format!("says {reason}"), |seen| {
                let told = condition(seen, "Rotating");
                is(seen, "Approved")
                    && told.is_some_and(|told| told["status"] == "False" && told["reason"] == reason)
            })
            .await;
        stage
            .soon_enforced("is the new one", |seen| holds("new456")(seen))
            .await;
    }
    assert_ne!(
        old["metadata"]["name"],
        previous_at().name,
        "gateways read it anew"
    );
}

#[tokio::test]
async fn a_denial_stops_both() {
    let stage = rotating(&now_plus(3_600)).await;
    stage
        .create(&decision_on(&keydesk_testkit::fixtures::key(), "no", false))
        .await;
    stage.key_is("Denied").await;
    for address in [enforcement_at(), previous_at()] {
        stage.admin.soon_gone(&address).await;
    }
}

#[tokio::test]
async fn the_end_of_the_key_stops_both() {
    let stage = rotating(&now_plus(3_600)).await;
    let end = now_plus(2);
    stage
        .patch(&key_at(), &json!({ "spec": { "expiresAt": end } }))
        .await;
    stage.key_is("Expired").await;
    stage.soon_nothing_enforced().await;
}

#[tokio::test]
async fn an_end_that_came_while_nobody_looked_is_made_up_for() {
    let end = now_plus(3);
    let mut stage = rotating(&end).await;
    stage.stop().await;
    let end: Timestamp = end.parse().unwrap();
    let left = end.duration_since(Timestamp::now()).unsigned_abs();
    tokio::time::sleep(left).await;
    assert!(stage.admin.find(&previous_at()).await.is_some());
    stage.start(settings());
    stage.admin.soon_gone(&previous_at()).await;
}

#[tokio::test]
async fn a_rotation_begun_while_nobody_looked_is_made_up_for() {
    let mut stage = Stage::approved().await;
    stage.stop().await;
    let end = now_plus(3_600);
    stage.patch(&secret_at(), &rotation(&json!(end))).await;
    // What a controller that ended after its first write left behind.
    let mut half = stage.get(&enforcement_at()).await;
    half["metadata"] = json!({
        "name": previous_at().name, "namespace": KUADRANT_NAMESPACE,
        "labels": half["metadata"]["labels"],
        "annotations": but(half["metadata"]["annotations"].clone(), &json!({
            "keydesk.dev/previous-until": end, "secret.kuadrant.io/expires-at": end,
            "keydesk.dev/replaces": enforcement_at().name,
        })),
    });
    stage.create(&half).await;
    stage.start(settings());
    stage
        .soon(&enforcement_at(), "has the new value", holds("new456"))
        .await;
    let seen = stage
        .soon(&previous_at(), "is touched once more", ends(&end))
        .await;
    assert!(holds("abc123")(&seen));
    assert_eq!(stage.enforced().await.len(), 2);
}

#[tokio::test]
async fn a_previous_value_is_nobody_elses_meanwhile() {
    let stage = rotating(&now_plus(3_600)).await;
    let other = another_key("consumer-app", "other-key");
    stage.create(&secret("consumer-app", "other-key", "abc123")).await;
    stage.create(&other).await;
    stage.create(&decision_on(&other, "other", true)).await;
    stage
        .soon(&Address::of(&other), "is a duplicate", |seen| {
            condition(seen, "Failed").is_some_and(|failed| failed["reason"] == "SecretAPIKeyDuplicate")
        })
        .await;
    stage
        .patch(&secret_at(), &json!({ "data": { "api_key.previous": null } }))
        .await;
    stage
        .soon(&Address::of(&other), "is approved", |seen| is(seen, "Approved"))
        .await;
    // And the other way round: who rotates out what another key uses.
    let taking = json!({ "data": { "api_key.previous": base64(b"abc123") } });
    stage.patch(&secret_at(), &taking).await;
    stage
        .soon(&key_at(), "is told so", |seen| {
            let told = condition(seen, "Rotating");
            is(seen, "Approved") && told.is_some_and(|told| told["reason"] == "PreviousValueDuplicate")
        })
        .await;
    stage.admin.stays_gone(&previous_at()).await;
}

#[tokio::test]
async fn s129_without_the_right_to_update_secrets_values_rotate_too() {
    let mut stage = Stage::approved().await;
    stage.stop().await;
    let role_at = Address::new(kinds::CLUSTER_ROLE, "", "manager-role");
    let mut role = stage.get(&role_at).await;
    for rule in role["rules"].as_array_mut().unwrap() {
        if rule["resources"] == json!(["secrets"]) {
            rule["verbs"] = json!(["create", "delete", "get", "list", "watch"]);
        }
    }
    stage.admin.replace(&role).await.unwrap();
    stage.start(settings());
    let end = now_plus(5);
    stage.patch(&secret_at(), &rotation(&json!(end))).await;
    stage
        .soon(&enforcement_at(), "has the new value", holds("new456"))
        .await;
    stage
        .soon_previous("has the old value", |seen| {
            ends(&end)(seen) && holds("abc123")(seen)
        })
        .await;
    stage
        .soon_enforced("is the new one", |seen| holds("new456")(seen))
        .await;
}

#[tokio::test]
async fn a_previous_value_that_is_the_same_or_empty_is_none() {
    let stage = Stage::ready().await;
    let same = json!({ "data": { "api_key.previous": base64(b"abc123") } });
    stage.patch(&secret_at(), &same).await;
    stage.create(&keydesk_testkit::fixtures::key()).await;
    stage.create(&approval()).await;
    stage
        .soon(&enforcement_at(), "has the value alone", holds("abc123"))
        .await;
    stage
        .stays(&key_at(), "has nothing to tell", |seen| {
            condition(seen, "Rotating").is_none()
        })
        .await;
    assert_eq!(stage.enforced().await.len(), 1);
}

impl Stage {
    /// Waits until there is one enforcement secret for a previous value, under whatever name, and it looks so.
    async fn soon_previous(&self, what: &str, looks: impl Fn(&Value) -> bool) -> Value {
        let what = format!("the secret of the previous value {what}");
        keydesk_testkit::wait::soon(self.admin.patience(), &what, async || {
            let mut all = self.enforced().await;
            all.retain(|secret| secret["metadata"]["name"].as_str().unwrap().contains(".previous"));
            match &all[..] {
                [one] if looks(one) => Ok(one.clone()),
                _ => Err(format!("there are {}", all.len())),
            }
        })
        .await
    }
}
