//! Why a call or a request is refused: one code and one sentence each, the same in every answer and page.

use std::fmt;

/// A refusal that a caller may see. Sentences say what to do, never whether a key exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Denial {
    /// No credential came with the call.
    CredentialMissing,
    /// The key is unknown, wrong, revoked, denied, pending or of another product: deliberately one answer.
    InvalidKey,
    /// The value matched a key that is past its end.
    KeyExpired,
    /// The caller matches no plan, or the plan's predicate failed.
    PlanUnresolved,
    /// The route's policy has a part that is not evaluated here.
    PolicyNotSupported,
    /// No route or rule for this host, path and method.
    NoRoute,
    /// The call itself is malformed, ambiguous or too large.
    BadRequest,
    /// The plan's limit is used up.
    LimitReached,
    /// Counters are unavailable, the state is too old or not there yet.
    Unavailable,
}

impl Denial {
    /// Every refusal there is.
    pub const ALL: [Self; 9] = [
        Self::CredentialMissing,
        Self::InvalidKey,
        Self::KeyExpired,
        Self::PlanUnresolved,
        Self::PolicyNotSupported,
        Self::NoRoute,
        Self::BadRequest,
        Self::LimitReached,
        Self::Unavailable,
    ];

    /// The stable code in problem bodies.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CredentialMissing => "credential_missing",
            Self::InvalidKey => "invalid_key",
            Self::KeyExpired => "key_expired",
            Self::PlanUnresolved => "plan_unresolved",
            Self::PolicyNotSupported => "policy_not_supported",
            Self::NoRoute => "no_route",
            Self::BadRequest => "bad_request",
            Self::LimitReached => "limit_reached",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status that goes with it. A body or header that is too large has its own, 413 or 431.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::CredentialMissing | Self::InvalidKey | Self::KeyExpired => 401,
            Self::PlanUnresolved | Self::PolicyNotSupported => 403,
            Self::NoRoute => 404,
            Self::BadRequest => 400,
            Self::LimitReached => 429,
            Self::Unavailable => 503,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CredentialMissing => "send an API key with the call",
            Self::InvalidKey => {
                "this API key is not accepted here: check its value, or ask for a key of this product"
            }
            Self::KeyExpired => "this API key has expired: ask its owner to extend it, or request a new one",
            Self::PlanUnresolved => {
                "no plan applies to this caller: ask the owner of the API to check its plans"
            }
            Self::PolicyNotSupported => {
                "this route has a policy that cannot be evaluated here: ask the owner of the API"
            }
            Self::NoRoute => "no API is served under this host, path and method",
            Self::BadRequest => "the call is malformed or ambiguous: check its path, headers and size",
            Self::LimitReached => {
                "the limit of this plan is used up: try again after the time in Retry-After"
            }
            Self::Unavailable => "the call cannot be checked at the moment: try again",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_its_own_and_snake_case() {
        let codes: BTreeSet<_> = Denial::ALL.map(Denial::code).into();
        assert_eq!(codes.len(), Denial::ALL.len());
        assert!(
            codes
                .iter()
                .all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        );
    }
}
