//! The status of a key: its conditions, and what a caller needs to know.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::condition::{self, KeyAspect, KeyReason, Observation};
use keydesk_api::meta::annotation;
use keydesk_api::rfc3339;
use keydesk_api::v1alpha1::{APIKeyStatus, KeyAuthScheme};
use keydesk_api::{Limits, Method};
use keydesk_catalog::explain::difference;
use keydesk_core::{Decision, Failure, NamespacedName, Ruling, Standing, Terms};

use super::enforcement::Hindrance;
use super::seen::Live;

/// The status that a key should have.
pub(super) fn of(
    live: &Live,
    asked: &Terms,
    ruling: &Ruling<'_>,
    hindrance: Option<&Hindrance>,
    now: Timestamp,
) -> APIKeyStatus {
    let approval = ruling.decision.filter(|decision| decision.approved);
    let tier = approval.map_or(&asked.tier, |approval| &approval.terms.tier);
    APIKeyStatus {
        observed_generation: live.key.metadata.generation,
        api_hostname: live.hostname.clone(),
        limits: limits(live, tier),
        auth_scheme: auth_scheme(live),
        conditions: conditions(live, asked, ruling, hindrance, now),
    }
}

/// Since when the key has been failing without a break.
pub(super) fn failing_since(live: &Live) -> Option<Timestamp> {
    let failed = condition::find(recorded(live), KeyAspect::Failed)?;
    (failed.status == "True").then_some(failed.last_transition_time.0)
}

fn recorded(live: &Live) -> &[Condition] {
    live.key
        .status
        .as_ref()
        .map(|status| status.conditions.as_slice())
        .unwrap_or_default()
}

/// The limits of a tier, where the product offers it.
pub(super) fn limits(live: &Live, tier: &str) -> Option<Limits> {
    let plans = &live.product.as_ref()?.status.as_ref()?.discovered_plans;
    plans
        .iter()
        .find(|plan| plan.tier == tier)
        .map(|plan| plan.limits.clone())
}

fn auth_scheme(live: &Live) -> Option<KeyAuthScheme> {
    let authentication = live.authentication()?;
    let Method::ApiKey(specification) = authentication.method else {
        return None;
    };
    Some(KeyAuthScheme {
        authentication_spec: Some(specification),
        credentials: Some(authentication.credentials),
    })
}

fn conditions(
    live: &Live,
    asked: &Terms,
    ruling: &Ruling<'_>,
    hindrance: Option<&Hindrance>,
    now: Timestamp,
) -> Vec<Condition> {
    let generation = live.key.metadata.generation;
    let mut conditions = recorded(live).to_vec();
    let mut say = |aspect: KeyAspect, what: Option<(KeyReason, String)>| match what {
        Some((reason, message)) => {
            let observation = Observation::new(aspect, true, reason, message).for_generation(generation);
            condition::set(&mut conditions, observation, now);
        }
        None => {
            condition::remove(&mut conditions, aspect);
        }
    };
    let (stands, reason, message) = lifecycle(live, &ruling.standing);
    for aspect in KeyAspect::LIFECYCLE {
        say(aspect, (aspect == stands).then(|| (reason, message.clone())));
    }
    let changed = ruling.decision.filter(|_| ruling.terms_changed);
    let changed = changed.map(|decision| (KeyReason::AwaitingReapproval, difference(&decision.terms, asked)));
    say(KeyAspect::TermsChanged, changed);
    say(
        KeyAspect::EnforcementFailed,
        hindrance.map(|hindrance| (hindrance.reason(), hindrance.message())),
    );
    let secret = live.edges.secret.as_ref().filter(|_| ruling.in_force().is_some());
    match secret.and_then(|secret| live.rotation.report(secret)) {
        Some((accepted, reason, message)) => {
            let rotating = Observation::new(KeyAspect::Rotating, accepted, reason, message);
            condition::set(&mut conditions, rotating.for_generation(generation), now);
        }
        None => {
            condition::remove(&mut conditions, KeyAspect::Rotating);
        }
    }
    conditions
}

fn lifecycle(live: &Live, standing: &Standing<'_>) -> (KeyAspect, KeyReason, String) {
    match standing {
        Standing::Failed(failure) => {
            let (reason, message) = failed(live, failure);
            (KeyAspect::Failed, reason, message)
        }
        Standing::Denied(decision) => (KeyAspect::Denied, KeyReason::Denied, words(decision)),
        Standing::Expired { at } => (
            KeyAspect::Expired,
            KeyReason::KeyExpired,
            format!("API key expired at {}", rfc3339(*at)),
        ),
        Standing::Approved(decision) => (KeyAspect::Approved, KeyReason::Approved, words(decision)),
        Standing::Pending => (
            KeyAspect::Pending,
            KeyReason::AwaitingApproval,
            "API key request is awaiting approval".to_owned(),
        ),
    }
}

/// What is told of the decision that holds.
pub(super) fn words(decision: &Decision) -> String {
    let Decision { by, message, .. } = decision;
    let what = if decision.approved {
        "API key request approved by"
    } else {
        "API key request denied by"
    };
    if message.is_empty() {
        format!("{what} {by}")
    } else {
        format!("{what} {by}: {message}")
    }
}

fn failed(live: &Live, failure: &Failure) -> (KeyReason, String) {
    let product = &live.edges.product;
    let namespace = live.key.metadata.namespace.as_deref().unwrap_or_default();
    let secret = live
        .edges
        .secret
        .clone()
        .unwrap_or_else(|| NamespacedName::new("", ""));
    match failure {
        Failure::KuadrantNotFound => (
            KeyReason::KuadrantNotFound,
            "Kuadrant CR not found in cluster".to_owned(),
        ),
        Failure::ProductNotFound => (
            KeyReason::APIProductNotFound,
            format!("Referenced APIProduct {product} not found"),
        ),
        Failure::ProductDeleting => (
            KeyReason::APIProductDeleting,
            format!("Referenced APIProduct {product} is being deleted"),
        ),
        Failure::TermsTooLong { bytes } => (
            KeyReason::TermsTooLong,
            format!(
                "Plan tier, user and scopes are {bytes} bytes long together, and can be {} at most",
                Terms::MOST_BYTES
            ),
        ),
        Failure::SecretNotFound => (
            KeyReason::SecretNotFound,
            format!("Referenced secret {secret} not found"),
        ),
        Failure::SecretWithoutEntry => (
            KeyReason::SecretAPIKeyNotFound,
            format!("Secret {secret} does not contain \"api_key\" entry"),
        ),
        Failure::SecretEmpty => (
            KeyReason::SecretAPIKeyEmpty,
            format!("Secret {secret} has empty \"api_key\" entry"),
        ),
        Failure::SchemeNotFound => (
            KeyReason::AuthSchemeNotFound,
            format!("APIProduct {product} does not have a discovered authentication scheme"),
        ),
        Failure::KeySchemeNotFound => (
            KeyReason::APIKeyAuthSchemeNotFound,
            format!("APIProduct {product} does not have an API key authentication scheme configured"),
        ),
        Failure::TierNotFound { tier, known } => {
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            let message = format!(
                "APIProduct {product} has no plan tier {tier:?}; its tiers are {}",
                known.join(", ")
            );
            (KeyReason::PlanTierNotFound, message)
        }
        Failure::TooManyKeys { most: Some(most) } => (
            KeyReason::TooManyKeys,
            format!(
                "APIProduct {product} approves {most} keys of a namespace by itself, and {namespace} has more: delete one, or ask the owner for an approval"
            ),
        ),
        Failure::TooManyKeys { most: None } => (
            KeyReason::TooManyKeys,
            format!(
                "APIProduct {product} approves no key by itself: its owner must put a whole number into annotation {}",
                annotation::MAX_KEYS_PER_NAMESPACE
            ),
        ),
        // Never whose key it is: that would tell one consumer what another one holds.
        Failure::DuplicateValue => (
            KeyReason::SecretAPIKeyDuplicate,
            format!(
                "The value in secret {secret} is in use already: put another one into its \"api_key\" entry"
            ),
        ),
    }
}
