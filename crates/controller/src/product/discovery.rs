//! Which documents a product wants fetched, and what became of them.

use keydesk_api::condition::{self, ProductAspect};
use keydesk_api::v1alpha1::APIProductStatus;
use keydesk_api::{AuthScheme, Method};
use keydesk_catalog::Policy;

use super::gather::Seen;
use crate::fetch::{Outcome, Purpose, Wanted, oidc};

/// Largest discovery document that is read, in bytes.
const MAX_DISCOVERY_SIZE: u64 = 64 * 1024;

/// What is to be done about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// There is none.
    None,
    /// The status holds it already.
    Keep,
    /// It is to be fetched.
    Fetch(Wanted),
}

/// What is known of a document.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    /// There is none.
    None,
    /// The status holds it already.
    Kept,
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
        look: impl FnOnce(&Wanted) -> Option<Outcome>,
    ) -> Document {
        match self {
            Self::None => {
                forget();
                Document::None
            }
            Self::Keep => {
                forget();
                Document::Kept
            }
            Self::Fetch(wanted) => match look(&wanted) {
                Some(outcome) => Document::Fetched(wanted, outcome),
                None => Document::Pending,
            },
        }
    }
}

pub(super) fn wishes(seen: &Seen) -> Wishes {
    let nothing = APIProductStatus::default();
    let status = seen.product.status.as_ref().unwrap_or(&nothing);
    Wishes {
        openapi: openapi(seen, status),
        oidc: oidc(seen, status),
    }
}

/// Fetched once for each generation and limit. A failure is tried again; what the status shows of it says when it began.
fn openapi(seen: &Seen, status: &APIProductStatus) -> Wish {
    let documentation = seen.product.spec.documentation.as_ref();
    let url = documentation.and_then(|documentation| documentation.openapi_spec_url.clone());
    let Some(url) = url.filter(|url| !url.is_empty()) else {
        return Wish::None;
    };
    let generation = seen.product.metadata.generation;
    let same_limit = |openapi: &keydesk_api::v1alpha1::OpenApi| {
        openapi
            .max_size_used
            .is_some_and(|used| u64::try_from(used) == Ok(seen.max_size))
    };
    let is_held = status.observed_generation == generation
        && status.openapi.as_ref().is_some_and(same_limit)
        && condition::is_true(&status.conditions, ProductAspect::OpenAPISpecReady);
    if is_held {
        return Wish::Keep;
    }
    let generation = generation.unwrap_or_default();
    Wish::Fetch(Wanted {
        purpose: Purpose::OpenApi,
        url,
        limit: seen.max_size,
        generation,
    })
}

/// Fetched once for each issuer.
fn oidc(seen: &Seen, status: &APIProductStatus) -> Wish {
    let scheme = seen.auth_policies.choose().filter(|policy| policy.is_ready());
    let Some(issuer) = scheme
        .and_then(|policy| policy.spec.effective_rules())
        .and_then(issuer)
    else {
        return Wish::None;
    };
    let before = status.discovered_auth_scheme.as_ref().and_then(self::issuer);
    if status.oidc_discovery.is_some() && before.as_ref() == Some(&issuer) {
        return Wish::Keep;
    }
    let url = oidc::discovery_url(&issuer);
    Wish::Fetch(Wanted {
        purpose: Purpose::Oidc { issuer },
        url,
        limit: MAX_DISCOVERY_SIZE,
        generation: 0,
    })
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
