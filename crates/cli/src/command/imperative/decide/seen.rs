//! What was decided on a request, as it was read: before somebody is asked, and again once they have answered.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_api::meta::{is_own_approval_name, own_approval_name};
use keydesk_api::{APIKeyApproval, APIKeyRequest};
use keydesk_catalog::{Bound, Catalog, Object, Shown, shown};
use keydesk_core::{Decision, NamespacedName, Terms, by_weight, ended_by, holding};
use kube::ResourceExt as _;

use super::words::written;
use super::{Wish, approval};
use crate::command::imperative::{ClusterClient, Refusal, objects};

/// A request, with what was decided on it.
pub(super) struct Seen {
    pub(super) request: APIKeyRequest,
    /// Where a decision of ours is recorded, and what stands there: nothing that is being deleted.
    pub(super) own: NamespacedName,
    pub(super) existing: Option<APIKeyApproval>,
    /// The latest moment from which a decision so far can count.
    pub(super) latest: Option<Timestamp>,
    /// Its approvals, but for those that are being deleted.
    approvals: Vec<APIKeyApproval>,
    decisions: Vec<Decision>,
    at: Timestamp,
}

impl Seen {
    /// Reads what was decided on a request that was read.
    pub(super) async fn of(client: &ClusterClient, request: APIKeyRequest) -> Result<Self, Refusal> {
        let id = objects::id(&request);
        let approvals = client.list::<APIKeyApproval>(Some(&id.namespace)).await?;
        Ok(Self::new(request, approvals, Timestamp::now()))
    }

    fn new(request: APIKeyRequest, mut approvals: Vec<APIKeyApproval>, at: Timestamp) -> Self {
        let id = objects::id(&request);
        let (own, existing) = place(&id, &approvals);
        approvals.retain(|approval| approval.spec.api_key_request_ref.name == id.name);
        let latest = approval::latest_write(approvals.iter());
        approvals.retain(|approval| !is_going(approval));
        let decisions = decisions(&request, &approvals, at);
        Self {
            request,
            own,
            existing,
            latest,
            approvals,
            decisions,
            at,
        }
    }

    /// A request on which this was decided.
    #[cfg(test)]
    pub(super) fn decided(request: APIKeyRequest, decisions: Vec<Decision>) -> Self {
        Self {
            decisions,
            ..Self::new(request, Vec::new(), Timestamp::UNIX_EPOCH)
        }
    }

    /// The same, read anew. Nothing if the request is gone, or is that of a key that was made again.
    async fn again(&self, client: &ClusterClient) -> Result<Option<Self>, Refusal> {
        let id = objects::id(&self.request);
        let request = match client.get::<APIKeyRequest>(&id).await {
            Ok(request) if request.metadata.uid == self.request.metadata.uid => request,
            Ok(_) | Err(Refusal::Find(_)) => return Ok(None),
            Err(refusal) => return Err(refusal),
        };
        let approvals = client.list::<APIKeyApproval>(Some(&id.namespace)).await?;
        // Of the same moment: what counts from when it is seen is no news each time.
        Ok(Some(Self::new(request, approvals, self.at)))
    }

    /// Whether the name of our decision is that of a decision on another request.
    pub(super) fn is_taken(&self) -> bool {
        let request = objects::id(&self.request).name;
        let existing = self.existing.as_ref();
        existing.is_some_and(|existing| existing.spec.api_key_request_ref.name != request)
    }

    /// The decision that holds for these terms.
    pub(super) fn in_force(&self, terms: &Terms) -> Option<&Decision> {
        holding(&self.decisions, terms)
    }

    /// Approvals for other products than that of these terms: they count once the key asks for those again. Terms of another
    /// namespace are those of another key, and count for this one never.
    pub(super) fn elsewhere(&self, terms: &Terms) -> Vec<&Decision> {
        let mut found: Vec<_> = self
            .decisions
            .iter()
            .filter(|decision| decision.approved && decision.terms.namespace == terms.namespace)
            .filter(|approval| approval.terms.product != terms.product)
            .filter(|approval| ended_by(approval, &self.decisions).is_none())
            .collect();
        found.sort_by(|a, b| by_weight(b, a));
        let mut products = BTreeSet::new();
        found.retain(|approval| products.insert(&approval.terms.product));
        found
    }

    /// Whether a no ends anything that was approved.
    pub(super) fn ends_key(&self, terms: &Terms) -> bool {
        let in_force = self.in_force(terms);
        in_force.is_some_and(|decision| decision.approved) || !self.elsewhere(terms).is_empty()
    }

    /// What was decided since `before` was read.
    fn news(&self, before: &Self) -> Option<String> {
        let is_known = |approval: &APIKeyApproval, all: &[APIKeyApproval]| {
            all.iter()
                .any(|other| objects::id(other) == objects::id(approval) && other.spec == approval.spec)
        };
        let news = self
            .approvals
            .iter()
            .find(|approval| !is_known(approval, &before.approvals));
        if let Some(approval) = news {
            return Some(format!(
                "it was {}, as APIKeyApproval {}",
                written(approval),
                objects::id(approval)
            ));
        }
        let gone = before
            .approvals
            .iter()
            .find(|approval| !is_known(approval, &self.approvals))?;
        Some(format!(
            "somebody deleted APIKeyApproval {}, by which it was {}",
            objects::id(gone),
            written(gone)
        ))
    }
}

/// Why an answer is not acted on: it was given to what is so no more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Outdated {
    #[error("meanwhile {0}, which you were not shown; nothing was changed")]
    Decided(String),
    #[error("APIKeyRequest {0} is gone, or its key was made anew; nothing was changed")]
    Gone(NamespacedName),
    #[error(transparent)]
    Read(#[from] Refusal),
}

/// Reads it all again once somebody has said yes to what they were shown. Access is given only if nothing was decided
/// since then. Taking it away is safe; but a denial of what nobody had approved is not to end what a colleague has
/// approved meanwhile without their being told.
pub(super) async fn confirmed(client: &ClusterClient, wish: Wish, before: Seen) -> Result<Seen, Outdated> {
    let Some(after) = before.again(client).await? else {
        return Err(Outdated::Gone(objects::id(&before.request)));
    };
    let terms = shown(&before.request);
    let matters = match wish {
        Wish::Approve => true,
        Wish::Deny => !before.ends_key(&terms) && after.ends_key(&terms),
        Wish::Revoke => false,
    };
    match after.news(&before).filter(|_| matters) {
        Some(news) => Err(Outdated::Decided(news)),
        // What was shown is what is decided on, whatever is asked for by now.
        None => Ok(Seen {
            request: before.request,
            ..after
        }),
    }
}

/// Where ours is, if there is one: a change of it counts at once, a yes beside a no only from the next second on. Otherwise
/// the first of our names that is not one of an approval that is being deleted: a decision in there would count for
/// nothing, and go with it.
fn place(request: &NamespacedName, approvals: &[APIKeyApproval]) -> (NamespacedName, Option<APIKeyApproval>) {
    let ours = approvals.iter().filter(|approval| {
        approval.spec.api_key_request_ref.name == request.name
            && !is_going(approval)
            && is_own_approval_name(&approval.name_any(), &request.name)
    });
    if let Some(ours) = ours.min_by_key(|approval| approval.name_any()) {
        return (objects::id(ours), Some(ours.clone()));
    }
    let mut taken = 0;
    loop {
        let name = own_approval_name(&request.name, taken);
        let own = NamespacedName::new(request.namespace.as_str(), name);
        match approvals.iter().find(|approval| objects::id(*approval) == own) {
            Some(existing) if is_going(existing) => taken += 1,
            existing => return (own, existing.cloned()),
        }
    }
}

/// Whether an approval is being deleted, however long that takes.
pub(super) fn is_going(approval: &APIKeyApproval) -> bool {
    approval.metadata.deletion_timestamp.is_some()
}

fn decisions(request: &APIKeyRequest, approvals: &[APIKeyApproval], now: Timestamp) -> Vec<Decision> {
    let mut catalog = Catalog::default();
    for approval in approvals {
        catalog.apply(Object::Approval(Box::new(approval.clone())));
    }
    let approvals: Vec<_> = catalog.approvals_of(&objects::id(request)).collect();
    let bound = Shown::by(Some(request), &shown(request)).bind(&approvals, now);
    bound.iter().map(Bound::decision).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::command::imperative::script::{Answer, Script};

    const APPROVALS: &str = "GET /apis/devportal.kuadrant.io/v1alpha1/namespaces/gamestore/apikeyapprovals";
    const REQUEST: &str = "GET /apis/devportal.kuadrant.io/v1alpha1/namespaces/gamestore/apikeyrequests/r";

    fn request(uid: &str, tier: &str) -> Value {
        json!({
            "metadata": { "name": "r", "namespace": "gamestore", "uid": uid },
            "spec": {
                "apiProductRef": { "name": "p" }, "planTier": tier, "useCase": "",
                "requestedBy": { "userId": "u", "email": "u@example.com" },
                "apiKeyRef": { "name": "k", "namespace": "app" },
            },
        })
    }

    fn approval(name: &str, approved: bool) -> Value {
        json!({
            "metadata": { "name": name, "namespace": "gamestore", "creationTimestamp": "2026-01-01T00:00:00Z" },
            "spec": {
                "apiKeyRequestRef": { "name": "r" }, "approved": approved, "reviewedBy": "olga",
                "reviewedAt": "2026-01-01T00:00:00Z",
            },
        })
    }

    fn list(approvals: &[Value]) -> Answer {
        let list = json!({
            "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKeyApprovalList", "metadata": {},
            "items": approvals,
        });
        Answer::Json(200, list)
    }

    /// What is told to who says yes after this was shown, when this is there by then.
    async fn told(wish: Wish, before: &[Value], after: &[Value]) -> Option<String> {
        let steps = vec![
            (APPROVALS, list(before)),
            (REQUEST, Answer::Json(200, request("1", "platinum"))),
            (APPROVALS, list(after)),
        ];
        let script = Script::new(steps);
        let client = script.client("gamestore");
        let shown_request = serde_json::from_value(request("1", "gold")).unwrap();
        let before = Seen::of(&client, shown_request).await.unwrap();
        let confirmed = confirmed(&client, wish, before).await;
        script.finished();
        match confirmed {
            Ok(seen) => {
                assert_eq!(shown(&seen.request).tier, "gold", "as it was shown");
                assert_eq!(seen.approvals.len(), after.len());
                None
            }
            Err(outdated) => Some(outdated.to_string()),
        }
    }

    #[tokio::test]
    async fn who_approves_is_stopped_by_whatever_was_decided_since_the_prompt() {
        let (no, yes) = (approval("theirs", false), approval("theirs", true));
        for (before, after, news) in [
            (
                vec![],
                vec![no.clone()],
                "it was denied by olga at 2026-01-01T00:00:00Z, as APIKeyApproval gamestore/theirs",
            ),
            (vec![], vec![yes.clone()], "it was approved by olga"),
            (vec![yes.clone()], vec![no.clone()], "it was denied by olga"),
            (
                vec![no.clone()],
                vec![],
                "somebody deleted APIKeyApproval gamestore/theirs, by which it was denied by olga",
            ),
        ] {
            let told = told(Wish::Approve, &before, &after).await.unwrap();
            assert!(told.starts_with(&format!("meanwhile {news}")), "{told}");
            assert!(
                told.ends_with("which you were not shown; nothing was changed"),
                "{told}"
            );
        }
        let mut bound = yes.clone();
        bound["metadata"]["annotations"] = json!({ "keydesk.dev/bound-terms": "{}" });
        bound["metadata"]["resourceVersion"] = json!("7");
        assert_eq!(
            told(Wish::Approve, &[yes], &[bound]).await,
            None,
            "that was the controller"
        );
    }

    #[tokio::test]
    async fn who_says_no_is_stopped_only_where_it_would_end_what_they_were_not_shown() {
        let (no, yes) = (approval("theirs", false), approval("theirs", true));
        let [no, yes, both] = [vec![no], vec![yes.clone()], vec![yes, approval("again", true)]];
        let stopped = told(Wish::Deny, &[], &yes).await;
        assert!(stopped.unwrap().starts_with("meanwhile it was approved by olga"));
        for (wish, before, after) in [
            (Wish::Deny, &vec![], &no),
            (Wish::Deny, &yes, &both),
            (Wish::Deny, &yes, &vec![]),
            (Wish::Revoke, &yes, &both),
            (Wish::Revoke, &yes, &no),
        ] {
            assert_eq!(told(wish, before, after).await, None);
        }
    }

    #[tokio::test]
    async fn a_request_that_is_gone_or_made_anew_is_not_decided_on() {
        for answer in [Answer::refusal(404), Answer::Json(200, request("2", "gold"))] {
            let script = Script::new(vec![(APPROVALS, list(&[])), (REQUEST, answer)]);
            let client = script.client("gamestore");
            let shown = serde_json::from_value(request("1", "gold")).unwrap();
            let before = Seen::of(&client, shown).await.unwrap();
            let outdated = confirmed(&client, Wish::Deny, before).await.err().unwrap();
            assert!(
                outdated
                    .to_string()
                    .starts_with("APIKeyRequest gamestore/r is gone")
            );
            script.finished();
        }
    }

    #[test]
    fn a_decision_is_recorded_in_nothing_that_is_being_deleted() {
        let own = |approvals: &[Value]| {
            let approvals = approvals
                .iter()
                .map(|found| serde_json::from_value(found.clone()).unwrap());
            let request = serde_json::from_value(request("1", "gold")).unwrap();
            let seen = Seen::new(request, approvals.collect(), Timestamp::UNIX_EPOCH);
            (seen.own.to_string(), seen.existing.is_some())
        };
        let going = |name: &str| {
            let mut going = approval(name, true);
            going["metadata"]["deletionTimestamp"] = json!("2026-01-02T00:00:00Z");
            going["metadata"]["finalizers"] = json!(["example.com/audit"]);
            going
        };
        let (first, second) = (going("r-approval"), going("r-approval-2"));
        assert_eq!(own(&[]), ("gamestore/r-approval".to_owned(), false));
        assert_eq!(
            own(&[approval("r-approval", true)]),
            ("gamestore/r-approval".to_owned(), true)
        );
        assert_eq!(
            own(std::slice::from_ref(&first)),
            ("gamestore/r-approval-2".to_owned(), false)
        );
        assert_eq!(
            own(&[first.clone(), approval("r-approval-2", false)]),
            ("gamestore/r-approval-2".to_owned(), true)
        );
        assert_eq!(
            own(&[first, second]),
            ("gamestore/r-approval-3".to_owned(), false)
        );
        assert_eq!(
            own(&[approval("r-approval-2", false)]),
            ("gamestore/r-approval-2".to_owned(), true),
            "where the first name is free again"
        );
    }

    #[test]
    fn a_no_is_to_the_key_and_a_yes_to_its_product() {
        let request: APIKeyRequest = serde_json::from_value(request("1", "gold")).unwrap();
        let terms = shown(&request);
        let decided = |name: &str, approved: bool, product: &str, second: i64| Decision {
            name: name.into(),
            approved,
            by: "olga".into(),
            message: String::new(),
            effective_at: Timestamp::from_second(second).unwrap(),
            terms: Terms {
                product: NamespacedName::new("gamestore", product),
                ..terms.clone()
            },
        };
        let seen = |decisions: &[Decision]| Seen::decided(request.clone(), decisions.to_vec());
        let names = |seen: &Seen| -> Vec<String> {
            let elsewhere = seen.elsewhere(&terms);
            elsewhere.iter().map(|decision| decision.name.clone()).collect()
        };
        let (old, older) = (
            decided("old", true, "other", 5),
            decided("older", true, "other", 4),
        );
        let dormant = seen(&[older, old.clone()]);
        assert_eq!(dormant.in_force(&terms), None);
        assert_eq!(names(&dormant), ["old"]);
        assert!(dormant.ends_key(&terms));
        let mut strange = decided("strange", true, "p", 5);
        strange.terms.namespace = "another-app".to_owned();
        let another_keys = seen(&[strange]);
        assert_eq!(names(&another_keys), Vec::<String>::new());
        assert!(!another_keys.ends_key(&terms), "it never was this key's");
        let denied = seen(&[old, decided("no", false, "third", 6)]);
        assert_eq!(
            denied.in_force(&terms),
            None,
            "and nothing of what was approved is left"
        );
        assert_eq!(names(&denied), Vec::<String>::new());
        assert!(!denied.ends_key(&terms));
    }
}
