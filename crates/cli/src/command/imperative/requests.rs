//! `keydesk requests`: what is asked of an owner.

use jiff::Timestamp;
use keydesk_api::APIKeyRequest;
use keydesk_api::condition::{self, KeyAspect, KeyReason};
use keydesk_catalog::shown;
use keydesk_core::Terms;
use keydesk_process::LogArgs;
use serde::Serialize;

use super::listing::ListArgs;
use super::output::Row;
use super::{keys, objects, span};
use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those that wait for a decision: new ones, and keys that ask for other terms than were approved
    #[arg(long)]
    pending: bool,

    #[command(flatten)]
    listing: ListArgs,
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args { pending, listing } = args;
    let requests = listing.list::<APIKeyRequest>(log).await?;
    let now = Timestamp::now();
    let asked_for = requests
        .objects
        .iter()
        .filter(|request| !pending || waits(request));
    let rows = asked_for.map(|request| RequestRow::of(request, now));
    let what = if pending {
        "No requests wait"
    } else {
        "No requests"
    };
    requests.print(rows, |namespace, _| match namespace {
        Some(namespace) => format!("{what} in namespace {namespace}."),
        None => format!("{what}."),
    })
}

/// Whether a request waits for its owner.
pub(in crate::command) fn waits(request: &APIKeyRequest) -> bool {
    let conditions = request
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.conditions);
    // What the product approves no more by itself, its owner can.
    let crowded_out = || {
        let failed = condition::find(conditions, KeyAspect::Failed);
        failed.is_some_and(|failed| failed.reason == KeyReason::TooManyKeys.as_str())
    };
    conditions.is_empty()
        || crowded_out()
        || [KeyAspect::Pending, KeyAspect::TermsChanged]
            .into_iter()
            .any(|aspect| condition::is_true(conditions, aspect))
}

/// One request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestRow {
    namespace: String,
    name: String,
    key: String,
    terms: Terms,
    email: String,
    use_case: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip)]
    age: String,
    /// The tier and the end for a table, as `keydesk keys` marks them.
    #[serde(skip)]
    marked_tier: String,
    #[serde(skip)]
    marked_end: String,
}

impl RequestRow {
    fn of(request: &APIKeyRequest, now: Timestamp) -> Self {
        let id = objects::id(request);
        let conditions = request
            .status
            .as_ref()
            .map_or(&[][..], |status| &status.conditions);
        let (state, message) = keys::standing(conditions);
        let key = &request.spec.api_key_ref;
        let terms = shown(request);
        Self {
            namespace: id.namespace,
            name: id.name,
            key: format!("{}/{}", key.namespace, key.name),
            marked_end: keys::marked_end(terms.expires_at, conditions),
            terms,
            email: request.spec.requested_by.email.clone(),
            use_case: request.spec.use_case.clone(),
            state,
            message,
            marked_tier: keys::marked_tier(&request.spec.plan_tier, conditions),
            age: span::age(
                request.metadata.creation_timestamp.as_ref().map(|time| time.0),
                now,
            ),
        }
    }
}

impl Row for RequestRow {
    const COLUMNS: &'static [(&'static str, bool)] = &[
        ("NAMESPACE", false),
        ("KEY", false),
        ("PRODUCT", false),
        ("TIER", false),
        ("USER", false),
        ("EXPIRES", false),
        ("STATE", false),
        ("AGE", false),
        ("REQUEST", true),
        ("EMAIL", true),
        ("USE CASE", true),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.namespace.clone(),
            self.key.clone(),
            self.terms.product.name.clone(),
            self.marked_tier.clone(),
            self.terms.user_id.clone(),
            self.marked_end.clone(),
            self.state.clone(),
            self.age.clone(),
            self.name.clone(),
            self.email.clone(),
            self.use_case.clone(),
        ]
    }

    fn name(&self) -> String {
        format!("apikeyrequest.devportal.kuadrant.io/{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_owner_sees_which_tier_and_end_are_in_force_beside_those_that_are_asked_for() {
        let condition = |type_: &str, message: &str| {
            json!({
                "type": type_, "status": "True", "reason": "Because", "message": message,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            })
        };
        let request: APIKeyRequest = serde_json::from_value(json!({
            "metadata": { "name": "r", "namespace": "gamestore" },
            "spec": {
                "apiProductRef": { "name": "p" }, "planTier": "gold", "useCase": "",
                "requestedBy": { "userId": "u", "email": "u@example.com" },
                "apiKeyRef": { "name": "k", "namespace": "app" },
            },
            "status": { "conditions": [
                condition("Approved", "yes"),
                condition(
                    "TermsChanged",
                    "Asks for plan tier \"gold\" instead of \"bronze\", expiry \"never\" instead of \
                     \"2026-11-27T14:00:00Z\"; what was approved stays",
                ),
            ] },
        }))
        .unwrap();
        let cells = RequestRow::of(&request, Timestamp::UNIX_EPOCH).cells();
        assert_eq!(cells[3], "bronze -> gold");
        assert_eq!(cells[5], "2026-11-27T14:00:00Z -> never");
        assert_eq!(cells[6], "Approved, asks for other terms");
    }
}
