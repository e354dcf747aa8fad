//! The request of a key, and what was decided on it.

use keydesk_api::condition::{self, ApprovalAspect, KeyAspect, KeyReason};
use keydesk_api::meta::auto_approval_name;
use keydesk_api::rfc3339;
use keydesk_core::{Decision, NamespacedName, ended_by, holding};

use super::scene::{Part, Subject};
use crate::explain::mode::{Mode, mend_cap};
use crate::explain::step::{Step, Who};
use crate::explain::words::end;
use crate::object::id;
use crate::shown;

pub(super) fn request(subject: &Subject<'_>) -> Step {
    let topic = "request";
    let id = &subject.request_id;
    match &subject.request {
        Some(request) if shown(request) == subject.asked => {
            Step::good(topic, format!("APIKeyRequest {id} shows it to the owner"))
        }
        Some(_) => Step::note(
            topic,
            format!("APIKeyRequest {id} still shows what was asked for before"),
        )
        .fix(Who::Platform, "see that the controller runs"),
        None if subject.hides(Part::Request) => Step::unknown(
            topic,
            format!("you may not read APIKeyRequest {id}: its owner may"),
        ),
        None => {
            let step = Step::note(topic, format!("there is no APIKeyRequest {id} (yet)"));
            if subject.says(KeyAspect::Failed).is_some() {
                step.and("the controller makes it once the key no longer fails")
            } else {
                step.fix(Who::Platform, "see that the controller runs")
            }
        }
    }
}

pub(super) fn decisions(subject: &Subject<'_>, decisions: Option<&[Decision]>) -> Step {
    let topic = "decisions";
    let command = |verb: &str| {
        let (key, namespace) = (subject.scene.id, &subject.request_id.namespace);
        subject.keydesk(Who::Owner, format_args!("{verb} {key} -n {namespace}"))
    };
    let decide = || format!("{}, or deny", command("approve"));
    let Some(decisions) = decisions else {
        if let Some(crowded) = crowded_out(subject, &command("approve")) {
            return crowded;
        }
        let whom = format!(
            "you may not list APIKeyApprovals in namespace {}: its owner may",
            subject.request_id.namespace
        );
        let said = [KeyAspect::Denied, KeyAspect::Pending, KeyAspect::Approved]
            .into_iter()
            .find_map(|aspect| Some((aspect, subject.says(aspect)?)));
        return match said {
            Some((KeyAspect::Denied, said)) => {
                Step::bad(topic, said.message.clone()).fix(Who::Owner, command("approve"))
            }
            Some((KeyAspect::Pending, said)) => {
                Step::bad(topic, said.message.clone()).fix(Who::Owner, decide())
            }
            Some((_, said)) => Step::good(topic, said.message.clone()),
            None => Step::unknown(topic, whom),
        };
    };
    let Some(holds) = holding(decisions, &subject.asked) else {
        if let Some(crowded) = crowded_out(subject, &command("approve")) {
            return crowded;
        }
        let step = Step::bad(
            topic,
            format!("nobody has decided on APIKeyRequest {}", subject.request_id),
        );
        let is_automatic = matches!(subject.mode(), Some(Mode::Automatic(_)));
        let step = if is_automatic && subject.says(KeyAspect::Failed).is_none() {
            let step = step.and("the product approves by itself, and the controller has not done it yet");
            match in_the_way(subject) {
                Some((why, id)) => {
                    let edit = format_args!("edit apikeyapproval {} -n {}", id.name, id.namespace);
                    let edit = subject.aim(Who::Owner).kubectl(edit);
                    step.and(why)
                        .fix(Who::Owner, format!("mend it or delete it: {edit}"))
                }
                None => step.fix(Who::Platform, "see that the controller runs"),
            }
        } else {
            by_owner(step, subject, decide())
        };
        let step = step.and_all(decisions.iter().map(|other| {
            if ended_by(other, decisions).is_some() {
                format!("ended by a later denial: {}", said(other))
            } else {
                elsewhere(other)
            }
        }));
        return step.and_all(invalid(subject));
    };
    let words = said(holds);
    let step = if holds.approved {
        Step::good(topic, words)
    } else {
        let again = format!("to think again: {}", command("approve"));
        by_owner(Step::bad(topic, words), subject, again)
    };
    let mut others: Vec<_> = decisions
        .iter()
        .filter(|other| other.name != holds.name)
        .collect();
    others.sort_by_key(|other| std::cmp::Reverse(other.effective_at));
    let step = step.and(bound(holds)).and_all(others.into_iter().map(|other| {
        if other.terms.concerns(&subject.asked) {
            format!("superseded: {}, {}", said(other), bound(other))
        } else {
            elsewhere(other)
        }
    }));
    step.and_all(invalid(subject))
}

/// That the namespace has as many keys as the product approves by itself, which leaves two ways out; or that nobody can say
/// how many that are.
fn crowded_out(subject: &Subject<'_>, approve: &str) -> Option<Step> {
    let step = Step::bad("decisions", subject.failed_for(&[KeyReason::TooManyKeys])?);
    if matches!(subject.mode(), Some(Mode::Garbled(_))) {
        let mend = format!("{}; or approve this key alone: {approve}", mend_cap());
        return Some(step.fix(Who::Owner, mend));
    }
    Some(step.fix(
        Who::Consumer,
        format!("delete one of your keys for this product, or ask the owner to approve this one (owner: {approve})"),
    ))
}

/// The approval for which the controller does not approve by itself, and why.
fn in_the_way(subject: &Subject<'_>) -> Option<(String, NamespacedName)> {
    // Where there are any, and none is a decision: somebody's word that cannot be read.
    if let Some(unreadable) = subject.approvals().first() {
        let id = id(&unreadable.object);
        return Some((
            format!("APIKeyApproval {id} is somebody's word that cannot be read"),
            id,
        ));
    }
    let request = &subject.request_id;
    let name = NamespacedName::new(request.namespace.as_str(), auto_approval_name(&request.name));
    let taken = subject.scene.catalog.approval(&name)?;
    let other = &taken.object.spec.api_key_request_ref.name;
    Some((
        format!("its approval would be called {name}, which is there, about the request {other:?}"),
        name,
    ))
}

/// What the owner can do, unless there is known to be no request to do it to.
fn by_owner(step: Step, subject: &Subject<'_>, what: String) -> Step {
    if subject.request.is_none() && !subject.hides(Part::Request) {
        step
    } else {
        step.fix(Who::Owner, what)
    }
}

/// Approvals that the controller does not let count, and why not.
fn invalid(subject: &Subject<'_>) -> Vec<String> {
    let approvals = subject.approvals();
    let told = approvals.iter().filter_map(|approval| {
        let status = approval.object.status.as_ref()?;
        let valid = condition::find(&status.conditions, ApprovalAspect::Valid)?;
        let id = id(&approval.object);
        (valid.status == "False").then(|| format!("does not count: APIKeyApproval {id}: {}", valid.message))
    });
    told.collect()
}

/// Who decided what, and when.
fn said(decision: &Decision) -> String {
    let what = if decision.approved { "approved" } else { "denied" };
    let words = format!("{what} by {} at {}", decision.by, rfc3339(decision.effective_at));
    if decision.message.is_empty() {
        words
    } else {
        format!("{words}: {}", decision.message)
    }
}

/// A decision on another product, which does not concern what is asked for.
fn elsewhere(other: &Decision) -> String {
    let product = &other.terms.product;
    format!(
        "about another product, {product}: {}, {}",
        said(other),
        bound(other)
    )
}

/// What a decision is bound to.
fn bound(decision: &Decision) -> String {
    let terms = &decision.terms;
    format!(
        "for tier {} until {}, as APIKeyApproval {}",
        terms.tier,
        end(terms.expires_at),
        decision.name
    )
}

/// The decision that holds, if it is an approval.
pub(super) fn approval<'a>(subject: &Subject<'_>, decisions: Option<&'a [Decision]>) -> Option<&'a Decision> {
    holding(decisions?, &subject.asked).filter(|decision| decision.approved)
}
