//! Whether a decision holds, as the controller says it on the approval and on the request.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::condition::{self, ApprovalAspect, KeyAspect, KeyReason};
use keydesk_api::{APIKeyApproval, APIKeyRequest};
use keydesk_catalog::explain::{Aim, changes};
use keydesk_catalog::shown;
use keydesk_core::{NamespacedName, Terms};
use tokio::time::{Instant, sleep, timeout};

use super::recording::repeats;
use super::seen::{Seen, is_going};
use super::words::{said, written};
use crate::command::imperative::{ClusterClient, Lookup, Refusal, objects};
use crate::exit::Failure;

/// How long a decision may take to show.
const PATIENCE: Duration = Duration::from_secs(10);

/// Time between two looks.
const BETWEEN: Duration = Duration::from_millis(150);

/// What became of a decision.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is not known yet.
    Open,
    /// It holds, and this is what the consumer is told.
    Holds(String),
    /// It does not hold, and why.
    Fails(String),
    /// Another approval decides, as the controller says it.
    Overruled(String),
}

/// The decision is recorded, and that is all that is known.
#[derive(Debug, thiserror::Error)]
enum OutcomeError {
    #[error(
        "the decision is recorded as APIKeyApproval {approval}, but the controller has not taken it up within 10 s"
    )]
    See {
        approval: NamespacedName,
        approved: bool,
    },
    #[error("the decision is recorded as APIKeyApproval {approval}, but whether it holds could not be seen")]
    Look {
        approval: NamespacedName,
        #[source]
        source: Refusal,
    },
    #[error("the decision is recorded as APIKeyApproval {approval}, but does not hold: {why}")]
    Hold { approval: NamespacedName, why: String },
}

impl OutcomeError {
    fn hint(&self, request: &APIKeyRequest, aim: &Aim) -> String {
        let key = &request.spec.api_key_ref;
        let explain = aim.keydesk(format_args!(
            "explain key {}/{} -n {}",
            key.namespace,
            key.name,
            objects::id(request).namespace
        ));
        match self {
            Self::See { approved: true, .. } => "see that the controller runs".to_owned(),
            Self::See { approved: false, .. } => {
                "see that the controller runs; the gate does not wait for it: a denial holds there already"
                    .to_owned()
            }
            Self::Look { .. } => {
                format!("there is no need to decide again; to see what came of it: {explain}")
            }
            Self::Hold { .. } => format!("look at what is decided, and decide again: {explain}"),
        }
    }
}

/// Waits until the decision shows, and says what it came to. That it is recorded is said whatever goes wrong here.
pub(super) async fn wait(
    client: &ClusterClient,
    written: &APIKeyApproval,
    request: &APIKeyRequest,
    terms: &Terms,
) -> Result<String, Failure> {
    let id = objects::id(written);
    let fail = |error: OutcomeError| Failure::fixable(&error, error.hint(request, &client.aim));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let looked = look(client, &id, &objects::id(request)).await;
        let is_last = Instant::now() >= deadline;
        match looked {
            Ok((approval, seen)) => match outcome(&approval, &seen, written, terms) {
                Outcome::Holds(words) => return Ok(words),
                Outcome::Fails(why) => return Err(fail(OutcomeError::Hold { approval: id, why })),
                Outcome::Overruled(message) => {
                    let why = overruled(client, &id, seen.found(), terms)
                        .await
                        .unwrap_or(message);
                    return Err(fail(OutcomeError::Hold { approval: id, why }));
                }
                Outcome::Open if is_last => {
                    let approved = written.spec.approved;
                    return Err(fail(OutcomeError::See {
                        approval: id,
                        approved,
                    }));
                }
                Outcome::Open => {}
            },
            Err(source) if is_last || !source.may_pass() => {
                return Err(fail(OutcomeError::Look { approval: id, source }));
            }
            Err(_) => {}
        }
        sleep(BETWEEN).await;
    }
}

async fn look(
    client: &ClusterClient,
    approval: &NamespacedName,
    request: &NamespacedName,
) -> Result<(Lookup<APIKeyApproval>, Lookup<APIKeyRequest>), Refusal> {
    Ok((
        client.lookup_soon(approval).await?,
        client.lookup_soon(request).await?,
    ))
}

/// Who decided what on the request, if that can be seen and is not this approval.
async fn overruled(
    client: &ClusterClient,
    approval: &NamespacedName,
    request: Option<APIKeyRequest>,
    terms: &Terms,
) -> Option<String> {
    let seen = timeout(PATIENCE, Seen::of(client, request?)).await.ok()?.ok()?;
    let holds = seen.in_force(terms).filter(|holds| holds.name != approval.name)?;
    Some(format!(
        "it was {}, as APIKeyApproval {}",
        said(holds),
        holds.name
    ))
}

fn outcome(
    approval: &Lookup<APIKeyApproval>,
    request: &Lookup<APIKeyRequest>,
    ours: &APIKeyApproval,
    terms: &Terms,
) -> Outcome {
    let (Lookup::Found(approval), Lookup::Found(request)) = (approval, request) else {
        return Outcome::Fails("the request or the approval is gone".to_owned());
    };
    if is_going(approval) {
        return Outcome::Fails("meanwhile somebody deletes that, and it counts no more".to_owned());
    }
    if !repeats(approval, ours) {
        return Outcome::Fails(format!("meanwhile it was {}", written(approval)));
    }
    let Some(status) = &approval.status else {
        return Outcome::Open;
    };
    if status.observed_generation < approval.metadata.generation {
        return Outcome::Open;
    }
    if let Some(valid) = condition::find(&status.conditions, ApprovalAspect::Valid)
        && valid.status != "True"
    {
        return Outcome::Fails(valid.message.clone());
    }
    if condition::is_true(&status.conditions, ApprovalAspect::Superseded) {
        let superseded = condition::find(&status.conditions, ApprovalAspect::Superseded);
        return Outcome::Overruled(superseded.map_or_else(String::new, |found| found.message.clone()));
    }
    let conditions = request
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.conditions);
    let now = shown(request);
    let asks_for_more = condition::is_true(conditions, KeyAspect::TermsChanged);
    if approval.spec.approved && !terms.concerns(&now) {
        let product = &now.product;
        return Outcome::Fails(format!("meanwhile the key asks for another product, {product}"));
    }
    match (approval.spec.approved, lifecycle(conditions)) {
        // Said of the terms before: the controller is about to say it anew.
        (true, Some((KeyAspect::Approved, _))) if asks_for_more && terms.covers(&now) => Outcome::Open,
        (true, Some((KeyAspect::Approved, approved))) if asks_for_more => Outcome::Holds(format!(
            "{}. Meanwhile the consumer asks for something else ({}), which was not decided on",
            approved.message,
            changes(terms, &now).join(", ")
        )),
        (true, Some((KeyAspect::Approved, found)))
            if condition::is_true(conditions, KeyAspect::EnforcementFailed) =>
        {
            let failed = condition::find(conditions, KeyAspect::EnforcementFailed);
            let why = failed.map_or("", |failed| failed.message.as_str());
            Outcome::Holds(format!(
                "{}. But gateways do not know the key: {why}",
                found.message
            ))
        }
        (true, Some((KeyAspect::Approved, found))) | (false, Some((KeyAspect::Denied, found))) => {
            Outcome::Holds(found.message.clone())
        }
        // That ends with the decision.
        (_, Some((KeyAspect::Failed, found))) if found.reason == KeyReason::TooManyKeys.as_str() => {
            Outcome::Open
        }
        (_, Some((KeyAspect::Failed, found))) => Outcome::Holds(format!(
            "recorded; the key does not work anyway: {}",
            found.message
        )),
        (true, Some((KeyAspect::Expired, found))) => Outcome::Holds(format!("recorded; {}", found.message)),
        _ => Outcome::Open,
    }
}

fn lifecycle(conditions: &[Condition]) -> Option<(KeyAspect, &Condition)> {
    KeyAspect::LIFECYCLE.into_iter().find_map(|aspect| {
        let found = condition::find(conditions, aspect)?;
        (found.status == "True").then_some((aspect, found))
    })
}

#[cfg(test)]
mod tests;
