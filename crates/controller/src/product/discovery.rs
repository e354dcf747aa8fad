//! Which documents a product wants fetched, and what became of them.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::condition::{self, ProductAspect, ProductReason};
use keydesk_api::v1alpha1::{APIProductStatus, OpenApi};
use keydesk_api::{AuthScheme, Method};
use keydesk_catalog::Policy;

use super::gather::Seen;
use crate::fetch::{Holding, Kept, Outcome, Purpose, Wanted, oidc};

/// Largest discovery document that is read, in bytes.
const MAX_DISCOVERY_SIZE: u64 = 64 * 1024;

/// What is to be done about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// There is none.
    None,
    /// It is of no use at the moment, and may be again.
    Pause,
    /// The status holds it; it may be asked whether it still is the same.
    Keep(Wanted, Holding),
    /// It is to be fetched.
    Fetch(Wanted),
}

/// What is known of a document.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    /// There is none.
    None,
    /// The status holds it; `confirmed` if its server says the same.
    Kept { confirmed: bool },
    /// The status holds it, and another one came from there, or none could be had.
    Refreshed(Wanted, Outcome),
    /// It is being fetched.
    Pending,
    /// It was fetched from there, or could not be.
    Fetched(Wanted, Outcome),
}

/// Both documents of a product.
pub(super) struct Wishes {
    pub(super) openapi: Wish,
    pub(super) oidc: Wish,
}

impl Wish {
    pub(super) fn settle(
        self,
        forget: impl FnOnce(),
        keep: impl FnOnce(&Wanted, Holding) -> Kept,
        look: impl FnOnce(&Wanted) -> Option<Outcome>,
    ) -> Document {
        match self {
            Self::None => {
                forget();
                Document::None
            }
            Self::Pause => Document::None,
            Self::Keep(wanted, holding) => match keep(&wanted, holding) {
                Kept::Unknown => Document::Kept { confirmed: false },
                Kept::Fresh => Document::Kept { confirmed: true },
                Kept::News(outcome) => Document::Refreshed(wanted, outcome),
            },
            Self::Fetch(wanted) => match look(&wanted) {
                Some(outcome) => Document::Fetched(wanted, outcome),
                None => Document::Pending,
            },
        }
    }
}

pub(super) fn wishes(seen: &Seen, now: Timestamp) -> Wishes {
    let nothing = APIProductStatus::default();
    let status = seen.product.status.as_ref().unwrap_or(&nothing);
    Wishes {
        openapi: openapi(seen, status),
        oidc: oidc(seen, status, now),
    }
}

/// Fetched once for each generation and limit, and then only refreshed. A failure is tried again; what the status shows of
/// it says when it began.
fn openapi(seen: &Seen, status: &APIProductStatus) -> Wish {
    let documentation = seen.product.spec.documentation.as_ref();
    let url = documentation.and_then(|documentation| documentation.openapi_spec_url.clone());
    let Some(url) = url.filter(|url| !url.is_empty()) else {
        return Wish::None;
    };
    let generation = seen.product.metadata.generation;
    let wanted = Wanted {
        purpose: Purpose::OpenApi,
        url,
        limit: seen.max_size,
        generation: generation.unwrap_or_default(),
    };
    let same_limit = |openapi: &&OpenApi| {
        openapi
            .max_size_used
            .is_some_and(|used| u64::try_from(used) == Ok(seen.max_size))
    };
    let aspect = ProductAspect::OpenAPISpecReady;
    let is_current =
        status.observed_generation == generation && condition::is_true(&status.conditions, aspect);
    let held = status.openapi.as_ref().filter(same_limit);
    match held.filter(|_| is_current) {
        Some(openapi) => {
            let holding = Holding {
                since: openapi.last_sync_time.0,
                is_stale: has_reason(&status.conditions, aspect, ProductReason::SpecStale),
            };
            Wish::Keep(wanted, holding)
        }
        None => Wish::Fetch(wanted),
    }
}

/// Fetched once for each issuer, and then only refreshed. A policy that comes and goes does not make it more often.
fn oidc(seen: &Seen, status: &APIProductStatus, now: Timestamp) -> Wish {
    let policy = seen.auth_policies.choose();
    let rules = policy.and_then(|policy| policy.spec.effective_rules());
    let Some(issuer) = rules.and_then(issuer) else {
        return Wish::None;
    };
    if !policy.is_some_and(Policy::is_ready) {
        return Wish::Pause;
    }
    let before = status.discovered_auth_scheme.as_ref().and_then(self::issuer);
    let is_held = status.oidc_discovery.is_some() && before.as_ref() == Some(&issuer);
    let wanted = Wanted {
        url: oidc::discovery_url(&issuer),
        purpose: Purpose::Oidc { issuer },
        limit: MAX_DISCOVERY_SIZE,
        generation: 0,
    };
    if !is_held {
        return Wish::Fetch(wanted);
    }
    let aspect = ProductAspect::OIDCDiscovered;
    let discovered = condition::find(&status.conditions, aspect);
    let holding = Holding {
        since: discovered.map_or(now, |condition| condition.last_transition_time.0),
        is_stale: has_reason(&status.conditions, aspect, ProductReason::DiscoveryStale),
    };
    Wish::Keep(wanted, holding)
}

/// Whether the condition is there, for this reason.
pub(super) fn has_reason(conditions: &[Condition], aspect: ProductAspect, reason: ProductReason) -> bool {
    condition::find(conditions, aspect).is_some_and(|condition| condition.reason == reason.as_str())
}

/// The first issuer that a scheme names, in the order in which all of Keydesk looks at its entries.
pub(super) fn issuer(scheme: &AuthScheme) -> Option<String> {
    let issuers = scheme
        .authentications()
        .into_iter()
        .filter_map(|entry| match entry.method {
            Method::Jwt { issuer_url } => issuer_url,
            Method::ApiKey(_) | Method::Other => None,
        });
    issuers.into_iter().next()
}
