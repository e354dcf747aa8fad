//! The object that a decision becomes.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use keydesk_api::APIKeyApproval;
use keydesk_api::meta::annotation;
use keydesk_api::v1alpha1::{APIKeyApprovalSpec, ApiKeyRequestRef};
use keydesk_core::{NamespacedName, Terms};

/// A decision that is about to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draft<'a> {
    /// Of the approval.
    pub(super) id: &'a NamespacedName,
    pub(super) request: &'a str,
    /// What was shown.
    pub(super) terms: &'a Terms,
    pub(super) approved: bool,
    pub(super) by: &'a str,
    pub(super) message: Option<&'a str>,
    /// The latest moment from which a decision so far can count; see [`latest_write`].
    pub(super) latest: Option<Timestamp>,
}

impl Draft<'_> {
    /// The approval to write: a new one, or the existing one with another decision in it.
    pub(super) fn approval(&self, existing: Option<&APIKeyApproval>, now: Timestamp) -> APIKeyApproval {
        let spec = APIKeyApprovalSpec {
            api_key_request_ref: ApiKeyRequestRef {
                name: self.request.to_owned(),
            },
            approved: self.approved,
            reviewed_by: self.by.to_owned(),
            reviewed_at: Time(self.reviewed_at(existing, now)),
            reason: Some(if self.approved { "Approved" } else { "Denied" }.to_owned()),
            message: self.message.map(str::to_owned),
        };
        let mut approval = APIKeyApproval::new(&self.id.name, spec);
        approval.metadata.namespace = Some(self.id.namespace.clone());
        if let Some(existing) = existing {
            approval.metadata = existing.metadata.clone();
        }
        approval.metadata.managed_fields = None;
        approval
            .metadata
            .annotations
            .get_or_insert_default()
            .insert(annotation::TERMS.to_owned(), self.terms.to_json());
        approval
    }

    /// Now, in whole seconds; but not before the latest decision, where this machine's clock is behind, and
    /// never what the approval says already: only a change of its spec is a new decision.
    fn reviewed_at(&self, existing: Option<&APIKeyApproval>, now: Timestamp) -> Timestamp {
        let second = Duration::from_secs(1);
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let after = self
            .latest
            .map(|latest| latest.checked_add(second).unwrap_or(latest));
        // A denial holds against an approval of the same second.
        let earliest = if self.approved { after } else { self.latest };
        let at = earliest.map_or(now, |earliest| earliest.max(now));
        let said = existing.map(|existing| existing.spec.reviewed_at.0);
        if said == Some(at) {
            at.checked_add(second).unwrap_or(at)
        } else {
            at
        }
    }
}

/// When the API server last took in a change of any of these, by its own clock. No decision counts from later than
/// that, whatever the clocks of those who decided say.
pub(super) fn latest_write<'a>(approvals: impl Iterator<Item = &'a APIKeyApproval>) -> Option<Timestamp> {
    let moments = approvals.flat_map(|approval| {
        let fields = approval.metadata.managed_fields.iter().flatten();
        let edits = fields.filter_map(|entry| entry.time.as_ref());
        edits.chain(approval.metadata.creation_timestamp.as_ref())
    });
    moments.map(|moment| moment.0).max()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn decide(
        approved: bool,
        latest: Option<i64>,
        existing: Option<&APIKeyApproval>,
        now: i64,
    ) -> APIKeyApproval {
        let terms = Terms {
            expires_at: None,
            namespace: "app".into(),
            product: NamespacedName::new("gamestore", "gamestore-api"),
            scopes: BTreeSet::new(),
            tier: "gold".into(),
            user_id: "ada".into(),
        };
        let draft = Draft {
            id: &NamespacedName::new("gamestore", "r-approval"),
            request: "r",
            terms: &terms,
            approved,
            by: "owner",
            message: Some("be nice"),
            latest: latest.map(at),
        };
        draft.approval(existing, at(now))
    }

    #[test]
    fn it_is_about_exactly_the_terms_that_were_shown() {
        let approval = decide(true, None, None, 10);
        assert_eq!(
            approval.metadata.annotations.unwrap()[annotation::TERMS],
            r#"{"namespace":"app","product":{"name":"gamestore-api","namespace":"gamestore"},"tier":"gold","userId":"ada"}"#
        );
        assert_eq!(approval.spec.reviewed_at.0, at(10));
        assert_eq!(approval.spec.message.as_deref(), Some("be nice"));
    }

    #[test]
    fn a_change_of_mind_keeps_the_object_and_is_a_new_decision() {
        let mut first = decide(true, None, None, 10);
        first.metadata.resource_version = Some("7".into());
        first
            .metadata
            .annotations
            .get_or_insert_default()
            .insert("theirs".into(), "x".into());
        let second = decide(false, Some(10), Some(&first), 10);
        assert_eq!(second.metadata.resource_version.as_deref(), Some("7"));
        assert_eq!(second.metadata.annotations.as_ref().unwrap()["theirs"], "x");
        assert!(!second.spec.approved);
        let again = decide(true, Some(10), Some(&first), 10);
        assert_ne!(again.spec, first.spec, "or the API server would see no change");
    }

    #[test]
    fn the_servers_own_clock_says_when_others_decided() {
        let approval = |created: &str, edited: Option<&str>| -> APIKeyApproval {
            let edits: Vec<_> = edited.iter().map(|time| json!({ "time": time })).collect();
            serde_json::from_value(json!({
                "metadata": { "name": "a", "creationTimestamp": created, "managedFields": edits },
                "spec": {
                    "apiKeyRequestRef": { "name": "r" }, "approved": true, "reviewedBy": "x",
                    "reviewedAt": "2099-01-01T00:00:00Z",
                },
            }))
            .unwrap()
        };
        let first = approval("2026-01-01T00:00:00Z", None);
        let edited = approval("2025-01-01T00:00:00Z", Some("2026-01-01T00:00:05Z"));
        let latest = latest_write([first, edited].iter()).unwrap();
        assert_eq!(latest.to_string(), "2026-01-01T00:00:05Z");
        assert_eq!(latest_write([].iter()), None);
    }

    #[test]
    fn a_clock_that_is_behind_makes_no_decision_older_than_the_one_it_replaces() {
        assert_eq!(decide(false, Some(50), None, 10).spec.reviewed_at.0, at(50));
        assert_eq!(decide(true, Some(50), None, 10).spec.reviewed_at.0, at(51));
        assert_eq!(decide(true, Some(50), None, 90).spec.reviewed_at.0, at(90));
    }
}
