//! `keydesk keys`: what keys there are, and where they stand.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::condition::{self, KeyAspect};
use keydesk_api::{APIKey, rfc3339};
use keydesk_catalog::KeyEdges;
use keydesk_catalog::explain::{end_in_force, tier_in_force};
use keydesk_core::NamespacedName;
use keydesk_process::LogArgs;
use serde::Serialize;

pub(crate) use super::listing::ListArgs as Args;
use super::output::Row;
use super::{ClusterClient, objects, span};
use crate::exit::Failure;

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let keys = args.list::<APIKey>(log).await?;
    let now = Timestamp::now();
    let rows = keys.objects.iter().map(|key| KeyRow::of(key, now));
    keys.print(rows, |namespace, aim| match namespace {
        Some(namespace) => {
            let request = aim.keydesk(format_args!("request PRODUCT --tier TIER -n {namespace}"));
            format!("No keys in namespace {namespace}. To ask for one: {request}")
        }
        None => "No keys.".to_owned(),
    })
}

impl ClusterClient {
    /// Other keys of its namespace that live on the same Secret, as far as they can be seen.
    pub(in crate::command) async fn sharing(
        &self,
        key: &NamespacedName,
        secret: &NamespacedName,
    ) -> Vec<String> {
        let keys = self
            .list::<APIKey>(Some(&key.namespace))
            .await
            .unwrap_or_default();
        let others = keys
            .iter()
            .filter(|other| KeyEdges::of(other).secret.as_ref() == Some(secret));
        others
            .map(|other| objects::id(other).name)
            .filter(|name| *name != key.name)
            .collect()
    }
}

/// One key.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyRow {
    namespace: String,
    name: String,
    product: String,
    tier: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What was asked for; what was approved may end earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    user: String,
    secret: String,
    #[serde(skip)]
    age: String,
    /// The tier and the end for a table: as asked, and marked where another one is in force.
    #[serde(skip)]
    marked_tier: String,
    #[serde(skip)]
    marked_end: String,
}

impl KeyRow {
    fn of(key: &APIKey, now: Timestamp) -> Self {
        let id = objects::id(key);
        let (state, message) = state(key);
        let conditions = key.status.as_ref().map_or(&[][..], |status| &status.conditions);
        let expires_at = key.spec.expires_at.as_ref().map(|time| time.0);
        Self {
            namespace: id.namespace,
            name: id.name,
            product: KeyEdges::of(key).product.to_string(),
            tier: key.spec.plan_tier.clone(),
            marked_tier: marked_tier(&key.spec.plan_tier, conditions),
            marked_end: marked_end(expires_at, conditions),
            state,
            message,
            expires_at: expires_at.map(rfc3339),
            user: key.spec.requested_by.user_id.clone(),
            secret: key.spec.secret_ref.name.clone(),
            age: span::age(key.metadata.creation_timestamp.as_ref().map(|time| time.0), now),
        }
    }
}

impl Row for KeyRow {
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("NAMESPACE", false),
        ("NAME", false),
        ("PRODUCT", false),
        ("TIER", false),
        ("STATE", false),
        ("EXPIRES", false),
        ("AGE", false),
        ("USER", true),
        ("SECRET", true),
        ("MESSAGE", true),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.namespace.clone(),
            self.name.clone(),
            self.product.clone(),
            self.marked_tier.clone(),
            self.state.clone(),
            self.marked_end.clone(),
            self.age.clone(),
            self.user.clone(),
            self.secret.clone(),
            self.message.clone().unwrap_or_default(),
        ]
    }

    fn name(&self) -> String {
        format!("apikey.devportal.kuadrant.io/{}", self.name)
    }
}

/// Where what is asked for is not all in force, the controller's message that says so.
fn difference(conditions: &[Condition]) -> Option<&str> {
    let changed = condition::find(conditions, KeyAspect::TermsChanged)?;
    (changed.status == "True").then_some(changed.message.as_str())
}

/// The tier that is asked for, and before it the one in force where that is another.
pub(super) fn marked_tier(asked: &str, conditions: &[Condition]) -> String {
    let in_force = difference(conditions).map(|message| tier_in_force(message, asked));
    marked(asked.to_owned(), in_force)
}

/// The same of the end.
pub(super) fn marked_end(asked: Option<Timestamp>, conditions: &[Condition]) -> String {
    let words = |end: Option<Timestamp>| end.map_or_else(|| "never".to_owned(), rfc3339);
    let in_force = difference(conditions).map(|message| end_in_force(message, asked).map(words));
    marked(words(asked), in_force)
}

/// What is asked for, beside what is in force if that may be another; that is nothing where it is not known.
#[expect(clippy::option_option, reason = "all that is asked for may be in force")]
fn marked(asked: String, in_force: Option<Option<String>>) -> String {
    match in_force {
        Some(Some(in_force)) if in_force != asked => format!("{in_force} -> {asked}"),
        Some(None) => format!("{asked} (asked)"),
        Some(Some(_)) | None => asked,
    }
}

/// Where a key stands by its status, in a few words, and what the controller says to it.
fn state(key: &APIKey) -> (String, Option<String>) {
    if key.metadata.deletion_timestamp.is_some() {
        return ("Deleting".to_owned(), None);
    }
    let conditions = key.status.as_ref().map_or(&[][..], |status| &status.conditions);
    let (state, message) = standing(conditions);
    let generation = key.metadata.generation;
    let is_old = key
        .status
        .as_ref()
        .is_some_and(|status| status.observed_generation < generation);
    if is_old {
        (format!("{state}, being looked at"), message)
    } else {
        (state, message)
    }
}

/// Where conditions say that a key stands, and what the one that matters most says.
pub(super) fn standing(conditions: &[Condition]) -> (String, Option<String>) {
    let holds = |aspect: &KeyAspect| condition::is_true(conditions, *aspect);
    let Some(aspect) = KeyAspect::LIFECYCLE.into_iter().find(holds) else {
        return ("New".to_owned(), None);
    };
    let message = |aspect| condition::find(conditions, aspect).map(|found| found.message.clone());
    let word = match aspect {
        KeyAspect::Failed => {
            let reason = condition::find(conditions, aspect).map_or("", |failed| failed.reason.as_str());
            format!("Failed: {reason}")
        }
        other => other.to_string(),
    };
    let beside = [
        (KeyAspect::EnforcementFailed, "not enforced"),
        (KeyAspect::TermsChanged, "asks for other terms"),
    ];
    match beside.into_iter().find(|(aspect, _)| holds(aspect)) {
        Some((aspect, words)) => (format!("{word}, {words}"), message(aspect)),
        None => (word, message(aspect)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(generation: i64, conditions: &[(&str, &str)]) -> APIKey {
        let conditions: Vec<_> = conditions
            .iter()
            .map(|(type_, reason)| {
                json!({
                    "type": type_, "status": "True", "reason": reason, "message": format!("{reason}, in words"),
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                })
            })
            .collect();
        serde_json::from_value(json!({
            "metadata": { "name": "k", "namespace": "app", "generation": generation },
            "spec": {
                "apiProductRef": { "name": "p" }, "secretRef": { "name": "s" }, "planTier": "gold",
                "requestedBy": { "userId": "u", "email": "u@example.com" },
            },
            "status": { "observedGeneration": 1, "conditions": conditions },
        }))
        .unwrap()
    }

    #[test]
    fn where_a_key_stands_is_told_in_a_few_words() {
        for (conditions, state, message) in [
            (&[][..], "New", None),
            (
                &[("Pending", "AwaitingApproval")],
                "Pending",
                Some("AwaitingApproval, in words"),
            ),
            (
                &[("Failed", "SecretNotFound")],
                "Failed: SecretNotFound",
                Some("SecretNotFound, in words"),
            ),
            (
                &[("Approved", "Approved"), ("TermsChanged", "AwaitingReapproval")],
                "Approved, asks for other terms",
                Some("AwaitingReapproval, in words"),
            ),
            (
                &[("Approved", "Approved"), ("EnforcementFailed", "SecretNotNamed")],
                "Approved, not enforced",
                Some("SecretNotNamed, in words"),
            ),
        ] {
            let row = KeyRow::of(&key(1, conditions), Timestamp::UNIX_EPOCH);
            assert_eq!((row.state.as_str(), row.message.as_deref()), (state, message));
            assert_eq!(row.product, "app/p");
        }
        let mut key = key(
            1,
            &[("Approved", "Approved"), ("TermsChanged", "AwaitingReapproval")],
        );
        for (message, tier) in [
            (
                "Asks for plan tier \"gold\" instead of \"bronze\"; what was approved stays",
                "bronze -> gold",
            ),
            (
                "Asks for plan tier \"gold\" instead of \"the \\\"old\\\" one\"; what was approved stays",
                "the \"old\" one -> gold",
            ),
            (
                "Asks for scopes \"a\" instead of \"\"; what was approved stays",
                "gold",
            ),
            ("something else", "gold (asked)"),
        ] {
            key.status.as_mut().unwrap().conditions[1].message = message.to_owned();
            let row = KeyRow::of(&key, Timestamp::UNIX_EPOCH);
            assert_eq!((row.marked_tier.as_str(), row.tier.as_str()), (tier, "gold"));
        }
    }

    #[test]
    fn a_later_end_that_nobody_approved_stands_beside_the_one_in_force() {
        let mut key = key(
            1,
            &[("Approved", "Approved"), ("TermsChanged", "AwaitingReapproval")],
        );
        key.spec.expires_at = serde_json::from_value(json!("2027-06-01T00:00:00Z")).unwrap();
        let later = "2027-06-01T00:00:00Z";
        for (message, end) in [
            (
                "Asks for expiry \"2027-06-01T00:00:00Z\" instead of \"2026-11-27T14:00:00Z\"; what was approved stays",
                "2026-11-27T14:00:00Z -> 2027-06-01T00:00:00Z",
            ),
            (
                "Asks for plan tier \"gold\" instead of \"bronze\", expiry \"2027-06-01T00:00:00Z\" instead of \
                 \"2026-11-27T14:00:00Z\", scopes \"a\" instead of \"\"; what was approved stays",
                "2026-11-27T14:00:00Z -> 2027-06-01T00:00:00Z",
            ),
            (
                "Asks for scopes \"a\" instead of \"\"; what was approved stays",
                later,
            ),
            (
                "Asks for expiry \"never\" instead of \"2026-11-27T14:00:00Z\"; what was approved stays",
                "2027-06-01T00:00:00Z (asked)",
            ),
        ] {
            for state in ["Approved", "Expired"] {
                let conditions = &mut key.status.as_mut().unwrap().conditions;
                state.clone_into(&mut conditions[0].type_);
                message.clone_into(&mut conditions[1].message);
                let row = KeyRow::of(&key, Timestamp::UNIX_EPOCH);
                assert_eq!(row.cells()[5], end, "{message}");
                assert_eq!(row.expires_at.as_deref(), Some(later), "as the spec has it");
            }
        }
        key.spec.expires_at = None;
        let row = KeyRow::of(&key, Timestamp::UNIX_EPOCH);
        assert_eq!(row.cells()[5], "2026-11-27T14:00:00Z -> never");
        key.status = None;
        assert_eq!(KeyRow::of(&key, Timestamp::UNIX_EPOCH).cells()[5], "never");
    }

    #[test]
    fn a_status_of_an_earlier_version_is_said_to_be_one() {
        let row = KeyRow::of(&key(2, &[("Approved", "Approved")]), Timestamp::UNIX_EPOCH);
        assert_eq!(row.state, "Approved, being looked at");
    }
}
