//! What the status of a product should say: a pure function of what was seen and the time.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use keydesk_api::condition::{self, Observation, ProductAspect, ProductReason};
use keydesk_api::v1alpha1::{APIProductStatus, DiscoveredPlan, OidcDiscovery, OpenApi};
use keydesk_api::{APIProduct, AuthScheme};
use keydesk_catalog::Policy;

use super::discovery::{Document, issuer};
use super::gather::Seen;
use super::route_of;
use crate::fetch::{Outcome, Purpose, Wanted, failure, oidc};

/// What to write.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The product that was seen.
    pub(crate) product: Arc<APIProduct>,
    /// The status that it should have. The text of a kept document is not in it.
    pub(crate) status: APIProductStatus,
    /// Whether the document in the status stays as it is.
    pub(crate) keeps_document: bool,
}

pub(super) fn plan(seen: &Seen, now: Timestamp) -> Plan {
    let mut status = seen.product.status.clone().unwrap_or_default();
    let mut conditions = std::mem::take(&mut status.conditions);
    let mut say = |observation: Observation| {
        condition::set(&mut conditions, observation, now);
    };
    plans(seen, &mut status, &mut say);
    scheme(seen, &mut status, &mut say);
    oidc(seen, &mut status, &mut say);
    say(ready(seen));
    status.conditions = conditions;
    let keeps_document = openapi(seen, &mut status, now);
    // An observed generation promises that its document was asked for.
    if !matches!(seen.openapi, Document::Pending) {
        status.observed_generation = seen.product.metadata.generation;
    }
    Plan {
        product: seen.product.clone(),
        status,
        keeps_document,
    }
}

fn plans(seen: &Seen, status: &mut APIProductStatus, say: &mut impl FnMut(Observation)) {
    use ProductReason::{Found, NotFound};
    let aspect = ProductAspect::PlanPolicyDiscovered;
    let policy = seen.plan_policies.choose();
    let plans = policy
        .map(|policy| policy.spec.plans.as_slice())
        .unwrap_or_default();
    let named = plans.iter().filter(|plan| !plan.tier.is_empty());
    status.discovered_plans = named
        .map(|plan| DiscoveredPlan {
            tier: plan.tier.clone(),
            limits: plan.limits.clone(),
        })
        .collect();
    say(match policy {
        Some(policy) => Observation::new(aspect, true, Found, found("PlanPolicy", policy)),
        None => Observation::new(aspect, false, NotFound, "PlanPolicy not found"),
    });
}

fn scheme(seen: &Seen, status: &mut APIProductStatus, say: &mut impl FnMut(Observation)) {
    use ProductReason::{AuthPolicyNotReady, Found, NotFound};
    let aspect = ProductAspect::AuthPolicyDiscovered;
    let policy = seen.auth_policies.choose();
    let in_force = policy.filter(|policy| policy.is_ready());
    // As the API server will store it: compared in any other form, it would be written again for ever.
    status.discovered_auth_scheme = in_force
        .and_then(|policy| policy.spec.effective_rules())
        .map(AuthScheme::as_stored);
    say(match (policy, in_force) {
        (_, Some(policy)) => Observation::new(aspect, true, Found, found("AuthPolicy", policy)),
        (Some(_), None) => Observation::new(
            aspect,
            false,
            AuthPolicyNotReady,
            "AuthPolicy not accepted or not enforced",
        ),
        (None, None) => Observation::new(aspect, false, NotFound, "AuthPolicy not found"),
    });
}

fn found(kind: &str, policy: &impl Policy) -> String {
    let target = policy.target();
    format!(
        "Discovered {kind} {} targeting {} {}",
        policy.name_any(),
        target.kind,
        target.name
    )
}

fn oidc(seen: &Seen, status: &mut APIProductStatus, say: &mut impl FnMut(Observation)) {
    use ProductReason::{Discovered, DiscoveryFailed, NoOIDCAuth};
    let aspect = ProductAspect::OIDCDiscovered;
    let discovered = |issuer: &str| {
        Observation::new(
            aspect,
            true,
            Discovered,
            format!("OIDC discovery fetched from {issuer}"),
        )
    };
    match &seen.oidc {
        Document::None => {
            // A policy that merely is not in force at the moment leaves what was discovered.
            if seen.auth_policies.choose().is_none_or(Policy::is_ready) {
                status.oidc_discovery = None;
            }
            let message = "No JWT/OIDC authentication configured in AuthPolicy";
            say(Observation::new(aspect, false, NoOIDCAuth, message));
        }
        Document::Kept => {
            let issuer = status.discovered_auth_scheme.as_ref().and_then(issuer);
            say(discovered(issuer.as_deref().unwrap_or_default()));
        }
        // What is there speaks for another issuer.
        Document::Pending => status.oidc_discovery = None,
        Document::Fetched(Wanted { purpose, .. }, Outcome { result, .. }) => {
            let Purpose::Oidc { issuer } = purpose else { return };
            let endpoint = result
                .as_deref()
                .map(|document| oidc::token_endpoint(issuer, document));
            let message = match endpoint {
                Ok(Ok(token_endpoint)) => {
                    status.oidc_discovery = Some(OidcDiscovery { token_endpoint });
                    return say(discovered(issuer));
                }
                Ok(Err(unusable)) => failure::of_oidc(issuer, &crate::fetch::FetchError::Unusable(unusable)),
                Err(error) => failure::of_oidc(issuer, error),
            };
            status.oidc_discovery = None;
            say(Observation::new(aspect, false, DiscoveryFailed, message));
        }
    }
}

fn ready(seen: &Seen) -> Observation {
    use ProductReason::{HTTPRouteAccepted, HTTPRouteNotAccepted, HTTPRouteNotFound};
    let aspect = ProductAspect::Ready;
    let id = route_of(&seen.product);
    match &seen.route {
        None => Observation::new(
            aspect,
            false,
            HTTPRouteNotFound,
            format!("HTTPRoute {id} not found"),
        ),
        Some(route)
            if route
                .status
                .as_ref()
                .is_some_and(keydesk_api::foreign::HTTPRouteStatus::is_accepted) =>
        {
            Observation::new(
                aspect,
                true,
                HTTPRouteAccepted,
                format!("HTTPRoute {id} accepted"),
            )
        }
        Some(_) => Observation::new(
            aspect,
            false,
            HTTPRouteNotAccepted,
            format!("HTTPRoute {id} not accepted"),
        ),
    }
}

/// Whether the document that is there stays.
fn openapi(seen: &Seen, status: &mut APIProductStatus, now: Timestamp) -> bool {
    let aspect = ProductAspect::OpenAPISpecReady;
    match &seen.openapi {
        Document::None => {
            status.openapi = None;
            condition::remove(&mut status.conditions, aspect);
            false
        }
        Document::Kept | Document::Pending => true,
        Document::Fetched(Wanted { url, limit, .. }, Outcome { at, result }) => {
            let max_size_used = i64::try_from(*limit).ok();
            let last_sync_time = Time(Timestamp::from_second(at.as_second()).unwrap_or(*at));
            let (raw, observation) = match result {
                Ok(document) => {
                    let message = "OpenAPI spec was successfully fetched";
                    let fetched = Observation::new(aspect, true, ProductReason::SpecFetched, message);
                    (document.to_string(), fetched)
                }
                Err(error) => {
                    let (reason, message) = failure::of_openapi(url, error);
                    (String::new(), Observation::new(aspect, false, reason, message))
                }
            };
            let failed = result.is_err();
            let changed = condition::set(&mut status.conditions, observation, now);
            let same_limit = status
                .openapi
                .as_ref()
                .is_some_and(|openapi| openapi.max_size_used == max_size_used);
            let same_generation = status.observed_generation == seen.product.metadata.generation;
            if failed && !changed && same_limit && same_generation {
                // Failing as before is no news, also after a restart.
                return true;
            }
            status.openapi = Some(OpenApi {
                raw,
                last_sync_time,
                max_size_used,
            });
            false
        }
    }
}

/// The conditions of a product whose types are given, for tests and logs.
pub(super) fn summary(conditions: &[Condition]) -> String {
    let words = conditions
        .iter()
        .map(|condition| format!("{}={}/{}", condition.type_, condition.status, condition.reason));
    words.collect::<Vec<_>>().join(" ")
}
