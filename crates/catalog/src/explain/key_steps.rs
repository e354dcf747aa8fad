//! What a key hangs on, one function for each step, in the order in which failures are looked at.

use jiff::Timestamp;
use keydesk_api::condition::{KeyAspect, KeyReason};
use keydesk_api::v1alpha1::{ApprovalMode, PublishStatus};
use keydesk_api::{Method, rfc3339};
use keydesk_core::{Decision, winner};

use super::key::Stands;
use super::key_scene::{Part, SecretSight, Sight, Subject};
use super::step::{Step, Who};
use super::words::{allowance, carried, changes, end};
use crate::KeyEdges;
use crate::shown;

pub(super) fn asked(subject: &Subject<'_>) -> Step {
    let terms = &subject.asked;
    let mut words = format!(
        "tier {} of {}, for user {}, until {}",
        terms.tier,
        terms.product,
        terms.user_id,
        end(terms.expires_at)
    );
    if !terms.scopes.is_empty() {
        let scopes: Vec<&str> = terms.scopes.iter().map(String::as_str).collect();
        words = format!("{words}, scopes {}", scopes.join(" "));
    }
    let step = Step::good("asks for", words);
    if subject.hides(Part::Key) {
        step.and("you may not read the APIKey: this is what its request shows")
    } else {
        step
    }
}

pub(super) fn platform(subject: &Subject<'_>) -> Step {
    let topic = "platform";
    let install = "create a Kuadrant resource: its namespace is where enforcement secrets go";
    if subject.hides(Part::Kuadrant) {
        return match subject.failed_for(&[KeyReason::KuadrantNotFound]) {
            Some(message) => Step::bad(topic, message).fix(Who::Platform, install),
            None => Step::unknown(
                topic,
                "you may not list Kuadrant resources; the controller complains of none missing",
            ),
        };
    }
    match subject.scene.catalog.kuadrant() {
        Some(kuadrant) => Step::good(topic, format!("Kuadrant {kuadrant}")),
        None => Step::bad(topic, "there is no Kuadrant in the cluster").fix(Who::Platform, install),
    }
}

pub(super) fn product(subject: &Subject<'_>) -> Step {
    let topic = "product";
    let id = &subject.asked.product;
    let choose = "name a product that is there in spec.apiProductRef; see keydesk products -A";
    if subject.hides(Part::Product) {
        let reasons = [KeyReason::APIProductNotFound, KeyReason::APIProductDeleting];
        return match subject.failed_for(&reasons) {
            Some(message) => Step::bad(topic, message).fix(Who::Consumer, choose),
            None => Step::unknown(topic, format!("you may not read APIProduct {id}: ask its owner")),
        };
    }
    let Some(product) = &subject.product else {
        return Step::bad(topic, format!("APIProduct {id} does not exist")).fix(Who::Consumer, choose);
    };
    if product.metadata.deletion_timestamp.is_some() {
        return Step::bad(topic, format!("APIProduct {id} is being deleted")).fix(Who::Consumer, choose);
    }
    let mode = match product.spec.approval_mode {
        ApprovalMode::Automatic => "approves by itself",
        ApprovalMode::Manual => "its owner decides",
    };
    let step = Step::good(topic, format!("{id} ({}), {mode}", product.spec.display_name));
    match product.spec.publish_status {
        PublishStatus::Published => step,
        PublishStatus::Draft => step.and("a draft: not offered in catalogues, but keys work"),
    }
}

pub(super) fn secret(subject: &Subject<'_>) -> Step {
    let topic = "secret";
    let secret = subject.key.as_deref().map(|key| KeyEdges::of(key).secret);
    let put = |what: &str| format!("{what}: keydesk rotate {} --overlap 0", subject.scene.id);
    let reasons = [
        KeyReason::SecretNotFound,
        KeyReason::SecretAPIKeyNotFound,
        KeyReason::SecretAPIKeyEmpty,
        KeyReason::SecretAPIKeyDuplicate,
    ];
    let id = match secret {
        Some(Some(id)) if subject.scene.secret != SecretSight::Hidden => id,
        Some(None) => {
            return Step::bad(topic, "the key names no Secret, so it has no value").fix(
                Who::Consumer,
                "name a Secret with an entry api_key in spec.secretRef",
            );
        }
        Some(Some(_)) | None => {
            return match subject.failed_for(&reasons) {
                Some(message) => Step::bad(topic, message)
                    .fix(Who::Consumer, put("put a value of its own into the Secret")),
                None => Step::unknown(
                    topic,
                    "you may not read the consumer's Secret; its value is nobody else's business",
                ),
            };
        }
    };
    match &subject.scene.secret {
        SecretSight::Missing | SecretSight::Hidden => {
            Step::bad(topic, format!("Secret {id} does not exist")).fix(
                Who::Consumer,
                format!(
                    "create it with a value under api_key: kubectl create secret generic {} -n {} --from-file=api_key",
                    id.name, id.namespace
                ),
            )
        }
        SecretSight::WithoutEntry => Step::bad(topic, format!("Secret {id} has no entry api_key"))
            .fix(Who::Consumer, put("put a value in")),
        SecretSight::Empty => Step::bad(topic, format!("Secret {id} has an empty entry api_key"))
            .fix(Who::Consumer, put("put a value in")),
        SecretSight::There { .. } if subject.failed_for(&[KeyReason::SecretAPIKeyDuplicate]).is_some() => {
            Step::bad(topic, format!("the value in Secret {id} is in use already"))
                .fix(Who::Consumer, put("put another value in"))
        }
        SecretSight::There { flaws, previous_until } => {
            let words = format!("Secret {id} has a value");
            let step = if flaws.is_empty() {
                Step::good(topic, words)
            } else if flaws.iter().any(|flaw| flaw.is_fatal()) {
                let first = flaws.iter().find(|flaw| flaw.is_fatal()).map(ToString::to_string);
                Step::bad(topic, first.unwrap_or_default()).fix(Who::Consumer, put("put another value in"))
            } else {
                Step::note(topic, words)
                    .and_all(flaws.iter().map(ToString::to_string))
                    .fix(Who::Consumer, format!("choose a better one: keydesk rotate {}", subject.scene.id))
            };
            match previous_until {
                Some(until) => step.and(format!("the value before works beside it until {}", rfc3339(*until))),
                None => step,
            }
        }
    }
}

pub(super) fn scheme(subject: &Subject<'_>) -> Step {
    let topic = "scheme";
    let reasons = [KeyReason::AuthSchemeNotFound, KeyReason::APIKeyAuthSchemeNotFound];
    let id = &subject.asked.product;
    let mend = format!("see what is wrong with its AuthPolicy: keydesk explain product {id}");
    let Some(product) = &subject.product else {
        return match subject.failed_for(&reasons) {
            Some(message) => Step::bad(topic, message).fix(Who::Owner, mend),
            None => Step::unknown(topic, "how callers authenticate is not known without the product"),
        };
    };
    let scheme = product
        .status
        .as_ref()
        .and_then(|status| status.discovered_auth_scheme.as_ref());
    match (scheme, subject.entry()) {
        (None, _) => {
            Step::bad(topic, format!("{id} has no authentication scheme in force")).fix(Who::Owner, mend)
        }
        (Some(_), None) => Step::bad(
            topic,
            format!("the authentication scheme of {id} takes no API keys"),
        )
        .fix(Who::Owner, mend),
        (Some(_), Some(entry)) => {
            let place = match entry.method {
                Method::ApiKey(_) | Method::Jwt { .. } | Method::Other => carried(&entry.credentials),
            };
            Step::good(topic, format!("entry {} takes the key in {place}", entry.name))
        }
    }
}

pub(super) fn tier(subject: &Subject<'_>, decisions: Option<&[Decision]>) -> Step {
    let topic = "tier";
    let approved = approval(subject, decisions);
    let tier = approved.map_or(&subject.asked.tier, |approval| &approval.terms.tier);
    let Some(product) = &subject.product else {
        return match subject.failed_for(&[KeyReason::PlanTierNotFound]) {
            Some(message) => Step::bad(topic, message).fix(Who::Consumer, "ask for one of these tiers"),
            None => Step::unknown(
                topic,
                format!("what {tier} allows is not known without the product"),
            ),
        };
    };
    let plans = product
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.discovered_plans);
    if plans.is_empty() {
        return Step::note(
            topic,
            format!("{tier}: the product has no plans, so there is no limit"),
        );
    }
    match plans.iter().find(|plan| plan.tier == *tier) {
        Some(plan) => Step::good(topic, format!("{tier}: {}", allowance(&plan.limits))),
        None => {
            let known: Vec<_> = plans.iter().map(|plan| plan.tier.as_str()).collect();
            let known = known.join(", ");
            Step::bad(topic, format!("{} has no tier {tier}", subject.asked.product))
                .fix(Who::Consumer, format!("ask for one of {known}"))
        }
    }
}

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
        format!("keydesk {verb} {key} -n {namespace}")
    };
    let decide = || format!("{}, or deny", command("approve"));
    let Some(decisions) = decisions else {
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
    let concerned = decisions
        .iter()
        .filter(|decision| decision.terms.concerns(&subject.asked));
    let Some(holds) = winner(concerned) else {
        if let Some(message) = subject.failed_for(&[KeyReason::TooManyKeys]) {
            return Step::bad(topic, message).fix(
                Who::Consumer,
                "delete a key that is not needed, or ask the owner to decide on this one",
            );
        }
        let step = Step::bad(
            topic,
            format!("nobody has decided on APIKeyRequest {}", subject.request_id),
        );
        let is_automatic = subject
            .product
            .as_ref()
            .is_some_and(|product| product.spec.approval_mode == ApprovalMode::Automatic);
        let step = if is_automatic && subject.says(KeyAspect::Failed).is_none() {
            step.and("the product approves by itself, and the controller has not done it yet")
                .fix(Who::Platform, "see that the controller runs")
        } else {
            step.fix(Who::Owner, decide())
        };
        let others = decisions.iter();
        return step.and_all(others.map(|other| format!("about another product: {}", said(other))));
    };
    let words = said(holds);
    let step = if holds.approved {
        Step::good(topic, words)
    } else {
        Step::bad(topic, words).fix(Who::Owner, format!("to think again: {}", command("approve")))
    };
    let mut others: Vec<_> = decisions
        .iter()
        .filter(|other| other.name != holds.name)
        .collect();
    others.sort_by_key(|other| std::cmp::Reverse(other.effective_at));
    step.and(bound(holds)).and_all(others.into_iter().map(|other| {
        let word = if other.terms.concerns(&subject.asked) {
            "superseded"
        } else {
            "about another product"
        };
        format!("{word}: {}, {}", said(other), bound(other))
    }))
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
fn approval<'a>(subject: &Subject<'_>, decisions: Option<&'a [Decision]>) -> Option<&'a Decision> {
    let concerned = decisions?
        .iter()
        .filter(|decision| decision.terms.concerns(&subject.asked));
    winner(concerned).filter(|decision| decision.approved)
}

/// What is in force beside what is asked for; nothing while nothing is approved.
pub(super) fn terms(subject: &Subject<'_>, decisions: Option<&[Decision]>) -> Option<Step> {
    let topic = "terms";
    let again = format!(
        "to grant it: keydesk approve {} -n {}",
        subject.scene.id, subject.request_id.namespace
    );
    if decisions.is_none() {
        let changed = subject.says(KeyAspect::TermsChanged)?;
        return Some(Step::note(topic, changed.message.clone()).fix(Who::Owner, again));
    }
    let approved = &approval(subject, decisions)?.terms;
    if approved.covers(&subject.asked) {
        return Some(Step::good(topic, "in force as they are asked for"));
    }
    let in_force = format!(
        "in force: tier {}, until {}",
        approved.tier,
        end(approved.end(&subject.asked))
    );
    let wish = format!(
        "asks for {}: not approved",
        changes(approved, &subject.asked).join(", ")
    );
    Some(Step::note(topic, in_force).and(wish).fix(Who::Owner, again))
}

pub(super) fn expiry(subject: &Subject<'_>, decisions: Option<&[Decision]>, now: Timestamp) -> Step {
    let topic = "expiry";
    let later = "ask for a later end in spec.expiresAt, which the owner then has to approve";
    let ends_at = match (decisions, approval(subject, decisions)) {
        (None, _) => {
            if let Some(expired) = subject.says(KeyAspect::Expired) {
                return Step::bad(topic, expired.message.clone()).fix(Who::Consumer, later);
            }
            subject.asked.expires_at
        }
        (Some(_), Some(approval)) => approval.terms.end(&subject.asked),
        (Some(_), None) => {
            return Step::good(
                topic,
                format!(
                    "asked for: {}; it begins with an approval",
                    end(subject.asked.expires_at)
                ),
            );
        }
    };
    match ends_at {
        None => Step::good(topic, "never"),
        Some(at) if at <= now => {
            Step::bad(topic, format!("it ended at {}", rfc3339(at))).fix(Who::Consumer, later)
        }
        Some(at) => Step::good(topic, rfc3339(at)),
    }
}

pub(super) fn enforcement(subject: &Subject<'_>, stands: &Stands) -> Step {
    let topic = "gateways";
    if let Some(failed) = subject.says(KeyAspect::EnforcementFailed) {
        let (who, what) = if failed.reason == KeyReason::SecretNotNamed.as_str() {
            (
                Who::Consumer,
                "name a Secret with an entry api_key in spec.secretRef",
            )
        } else if failed.reason == KeyReason::SelectorNotMatched.as_str() {
            (
                Who::Owner,
                "let the AuthPolicy select by labels that a key can have",
            )
        } else {
            (
                Who::Platform,
                "see to the Secret of that name in the namespace of enforcement secrets",
            )
        };
        return Step::bad(topic, failed.message.clone()).fix(who, what);
    }
    if !stands.is_approved() {
        return Step::good(topic, "do not know the key, as it is not approved");
    }
    match subject.scene.enforcement {
        Sight::There => Step::good(topic, "know the key: its enforcement secret is there"),
        Sight::Missing => Step::bad(topic, "do not know the key: its enforcement secret is not there")
            .fix(Who::Platform, "see that the controller runs, and what it logs"),
        Sight::Hidden => Step::unknown(
            topic,
            "you may not read enforcement secrets; the controller complains of nothing",
        ),
    }
}

pub(super) fn status(subject: &Subject<'_>, stands: &Stands, obstacles: bool) -> Step {
    let topic = "status";
    let run = "see that the controller runs";
    let said = KeyAspect::LIFECYCLE
        .into_iter()
        .find_map(|aspect| Some((aspect, subject.says(aspect)?)));
    let Some((aspect, said)) = said else {
        return Step::note(topic, "the controller has said nothing yet").fix(Who::Platform, run);
    };
    let words = format!(
        "{aspect} since {}: {}",
        rfc3339(said.last_transition_time.0),
        said.message
    );
    if !subject.is_current {
        return Step::note(topic, words)
            .and("of an earlier version of the key: the controller has not looked at this one")
            .fix(Who::Platform, run);
    }
    match (stands.is_approved(), aspect) {
        (true, KeyAspect::Approved) | (false, _) => {
            // A reason that no other step knows.
            if aspect == KeyAspect::Failed && !obstacles {
                return Step::bad(topic, said.message.clone()).fix(
                    Who::Platform,
                    "see what the controller says, in the status and in its log",
                );
            }
            Step::good(topic, words)
        }
        (true, _) if obstacles => Step::good(topic, words),
        (true, _) => Step::bad(
            topic,
            format!("the controller has not seen yet that it is approved: {words}"),
        )
        .fix(Who::Platform, run),
    }
}
