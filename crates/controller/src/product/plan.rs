//! What the status of a product should say: a pure function of what was seen and the time.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use keydesk_api::condition::{self, Observation, ProductAspect, ProductReason};
use keydesk_api::v1alpha1::{APIProductStatus, DiscoveredPlan, OidcDiscovery, OpenApi};
use keydesk_api::{APIProduct, AuthScheme};
use keydesk_catalog::{Policy, route_of_product};

use super::discovery::{Document, has_reason, issuer};
use super::gather::Seen;
use crate::fetch::{FetchError, Outcome, Purpose, Wanted, failure, oidc};

/// What to write.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The product that was seen.
    pub(crate) product: Arc<APIProduct>,
    /// The status that it should have. The text of a kept document is not in it.
    pub(crate) status: APIProductStatus,
    /// What becomes of the text of the document in the status.
    pub(crate) text: Text,
}

/// The text of an API document, which the catalog does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// There is none, or it stays as it is.
    Kept,
    /// It is the one in the plan.
    New,
    /// It is the one in the plan, unless it is the same as before: then nothing has changed.
    Refreshed,
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
    let text = openapi(seen, &mut status, now);
    // An observed generation promises that its document was asked for.
    if !matches!(seen.openapi, Document::Pending) {
        status.observed_generation = seen.product.metadata.generation;
    }
    Plan {
        product: seen.product.clone(),
        status,
        text,
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
    use ProductReason::{DiscoveryFailed, DiscoveryStale, NoOIDCAuth};
    let aspect = ProductAspect::OIDCDiscovered;
    match &seen.oidc {
        Document::None => {
            // A policy that merely is not in force at the moment leaves what was discovered.
            if seen.auth_policies.choose().is_none_or(Policy::is_ready) {
                status.oidc_discovery = None;
            }
            let message = "No JWT/OIDC authentication configured in AuthPolicy";
            say(Observation::new(aspect, false, NoOIDCAuth, message));
        }
        Document::Kept { confirmed } => {
            // What was stale before a restart is so until the first answer.
            let before = seen
                .product
                .status
                .as_ref()
                .map(|status| status.conditions.as_slice());
            if *confirmed || !has_reason(before.unwrap_or_default(), aspect, DiscoveryStale) {
                let issuer = status.discovered_auth_scheme.as_ref().and_then(issuer);
                say(discovered(issuer.as_deref().unwrap_or_default()));
            }
        }
        // What is there speaks for another issuer.
        Document::Pending => status.oidc_discovery = None,
        Document::Fetched(wanted, outcome) => match endpoint(wanted, outcome) {
            Ok((issuer, token_endpoint)) => {
                status.oidc_discovery = Some(OidcDiscovery { token_endpoint });
                say(discovered(issuer));
            }
            Err((issuer, error)) => {
                status.oidc_discovery = None;
                let message = failure::of_oidc(issuer, &error);
                say(Observation::new(aspect, false, DiscoveryFailed, message));
            }
        },
        Document::Refreshed(wanted, outcome) => match endpoint(wanted, outcome) {
            Ok((issuer, token_endpoint)) => {
                status.oidc_discovery = Some(OidcDiscovery { token_endpoint });
                say(discovered(issuer));
            }
            Err((issuer, error)) => {
                let message = failure::of_oidc_refresh(issuer, &error);
                say(Observation::new(aspect, true, DiscoveryStale, message));
            }
        },
    }
}

fn discovered(issuer: &str) -> Observation {
    Observation::new(
        ProductAspect::OIDCDiscovered,
        true,
        ProductReason::Discovered,
        format!("OIDC discovery fetched from {issuer}"),
    )
}

/// The issuer that was asked, with its token endpoint or why it is not known.
fn endpoint<'a>(
    wanted: &'a Wanted,
    outcome: &Outcome,
) -> Result<(&'a str, String), (&'a str, Arc<FetchError>)> {
    let issuer = match &wanted.purpose {
        Purpose::Oidc { issuer } => issuer.as_str(),
        Purpose::OpenApi => wanted.url.as_str(),
    };
    let document = outcome.result.as_ref().map_err(|error| (issuer, error.clone()))?;
    let endpoint = oidc::token_endpoint(issuer, document);
    let endpoint = endpoint.map_err(|unusable| (issuer, Arc::new(FetchError::Unusable(unusable))))?;
    Ok((issuer, endpoint))
}

fn ready(seen: &Seen) -> Observation {
    use ProductReason::{HTTPRouteAccepted, HTTPRouteNotAccepted, HTTPRouteNotFound};
    let aspect = ProductAspect::Ready;
    let id = route_of_product(&seen.product);
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

/// What becomes of the text of the document.
fn openapi(seen: &Seen, status: &mut APIProductStatus, now: Timestamp) -> Text {
    use ProductReason::{SpecFetched, SpecStale};
    let aspect = ProductAspect::OpenAPISpecReady;
    let fetched = || Observation::new(aspect, true, SpecFetched, "OpenAPI spec was successfully fetched");
    match &seen.openapi {
        Document::None => {
            status.openapi = None;
            condition::remove(&mut status.conditions, aspect);
            Text::Kept
        }
        Document::Kept { confirmed: true } => {
            condition::set(&mut status.conditions, fetched(), now);
            Text::Kept
        }
        Document::Kept { confirmed: false } | Document::Pending => Text::Kept,
        Document::Fetched(wanted, Outcome { at, result }) => match result {
            Ok(document) => {
                condition::set(&mut status.conditions, fetched(), now);
                status.openapi = Some(openapi_of(document, wanted, *at));
                Text::New
            }
            Err(error) => {
                let (reason, message) = failure::of_openapi(&wanted.url, error);
                let failed = Observation::new(aspect, false, reason, message);
                let changed = condition::set(&mut status.conditions, failed, now);
                let next = openapi_of("", wanted, *at);
                let before = status.openapi.as_ref();
                let same_limit = before.is_some_and(|openapi| openapi.max_size_used == next.max_size_used);
                let same_generation = status.observed_generation == seen.product.metadata.generation;
                if !changed && same_limit && same_generation {
                    // Failing as before is no news, also after a restart.
                    return Text::Kept;
                }
                status.openapi = Some(next);
                Text::New
            }
        },
        Document::Refreshed(wanted, Outcome { at, result }) => match result {
            Ok(document) => {
                condition::set(&mut status.conditions, fetched(), now);
                status.openapi = Some(openapi_of(document, wanted, *at));
                Text::Refreshed
            }
            Err(error) => {
                let message = failure::of_openapi_refresh(&wanted.url, error);
                let stale = Observation::new(aspect, true, SpecStale, message);
                condition::set(&mut status.conditions, stale, now);
                Text::Kept
            }
        },
    }
}

fn openapi_of(document: &str, wanted: &Wanted, at: Timestamp) -> OpenApi {
    OpenApi {
        raw: document.to_owned(),
        last_sync_time: Time(at),
        max_size_used: i64::try_from(wanted.limit).ok(),
    }
}

/// The conditions that say something else than before.
pub(super) fn changes(before: &[Condition], after: &[Condition]) -> String {
    let said = |conditions: &[Condition], now: &Condition| {
        let same = |then: &&Condition| then.type_ == now.type_;
        let then = conditions.iter().find(same);
        then.is_some_and(|then| then.status == now.status && then.reason == now.reason)
    };
    let news = after.iter().filter(|now| !said(before, now));
    let words = news.map(|now| format!("{}={}/{}", now.type_, now.status, now.reason));
    words.collect::<Vec<_>>().join(" ")
}
