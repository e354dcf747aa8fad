//! The words: aspects and reasons of each kind, upstream's first, ours beside them.

use std::fmt;

/// An enum whose variants are spelled in the API as in the code.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As spelled in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl From<$name> for &'static str {
            fn from(word: $name) -> Self {
                word.as_str()
            }
        }
    };
}

words! {
    /// Aspects of an APIProduct.
    ProductAspect {
        /// The route serves the API.
        Ready,
        /// A `PlanPolicy` applies to the route.
        PlanPolicyDiscovered,
        /// An `AuthPolicy` is in force for the route.
        AuthPolicyDiscovered,
        /// The policy's OpenID provider answered.
        OIDCDiscovered,
        /// The OpenAPI document was fetched. Absent where the product names none.
        OpenAPISpecReady,
    }
}

words! {
    /// Reasons of a [`ProductAspect`].
    ProductReason {
        /// `PlanPolicyDiscovered`, `AuthPolicyDiscovered`: there is one.
        Found,
        /// `PlanPolicyDiscovered`, `AuthPolicyDiscovered`: there is none.
        NotFound,
        /// `AuthPolicyDiscovered`: not accepted or not enforced.
        AuthPolicyNotReady,
        /// `OIDCDiscovered`: its document was fetched.
        Discovered,
        /// `OIDCDiscovered`: the policy names no issuer.
        NoOIDCAuth,
        /// `OIDCDiscovered`: its document could not be had.
        DiscoveryFailed,
        /// `OIDCDiscovered`: its document is there, but could not be had again.
        DiscoveryStale,
        /// `Ready`: some parent accepted the route.
        HTTPRouteAccepted,
        /// `Ready`: there is no such route.
        HTTPRouteNotFound,
        /// `Ready`: no parent accepted the route.
        HTTPRouteNotAccepted,
        /// `OpenAPISpecReady`: the document is in the status.
        SpecFetched,
        /// `OpenAPISpecReady`: the document is in the status, but could not be had again.
        SpecStale,
        /// `OpenAPISpecReady`: the server could not be reached or refused.
        FetchFailed,
        /// `OpenAPISpecReady`: the URL is none that can be fetched.
        RequestCreationFailed,
        /// `OpenAPISpecReady`: the answer broke off, or is not text.
        ReadFailed,
        /// `OpenAPISpecReady`: the document is larger than allowed.
        SpecSizeTooLarge,
    }
}

words! {
    /// Aspects of an APIKey, which its APIKeyRequest repeats.
    KeyAspect {
        /// Waits for a decision.
        Pending,
        /// May be used.
        Approved,
        /// Was refused or revoked.
        Denied,
        /// Was approved, until a time that has passed.
        Expired,
        /// Cannot be used, whatever was decided.
        Failed,
        /// The spec asks for more than was approved. Beside the others; absent otherwise.
        TermsChanged,
        /// Approved, but the gateways do not get to know it. Beside the others; absent otherwise.
        EnforcementFailed,
        /// There is a value beside the new one, and it is accepted as well (True) or not (False). Beside the others; absent
        /// otherwise.
        Rotating,
    }
}

impl KeyAspect {
    /// The aspects of which exactly one is present, and True.
    pub const LIFECYCLE: [Self; 5] = [
        Self::Pending,
        Self::Approved,
        Self::Denied,
        Self::Expired,
        Self::Failed,
    ];
}

words! {
    /// Reasons of a [`KeyAspect`].
    KeyReason {
        /// `Pending`.
        AwaitingApproval,
        /// `Approved`.
        Approved,
        /// `Denied`.
        Denied,
        /// `Expired`.
        KeyExpired,
        /// `Failed`: no Kuadrant resource says where enforcement secrets go.
        KuadrantNotFound,
        /// `Failed`: no such product.
        APIProductNotFound,
        /// `Failed`: the product is on its way out.
        APIProductDeleting,
        /// `Failed`: what is asked for is too long to be put on record.
        TermsTooLong,
        /// `Failed`: no such Secret.
        SecretNotFound,
        /// `Failed`: the Secret has no entry `api_key`.
        SecretAPIKeyNotFound,
        /// `Failed`: the Secret's entry `api_key` is empty.
        SecretAPIKeyEmpty,
        /// `Failed`: another key of the product has the same value.
        SecretAPIKeyDuplicate,
        /// `Failed`: no authentication scheme is in force for the product.
        AuthSchemeNotFound,
        /// `Failed`: the product's authentication scheme takes no API keys.
        APIKeyAuthSchemeNotFound,
        /// `Failed`: the product has plan tiers, and this is none of them.
        PlanTierNotFound,
        /// `Failed`: the namespace has as many keys as the product allows.
        TooManyKeys,
        /// `TermsChanged`: the owner has not decided on the new terms.
        AwaitingReapproval,
        /// `EnforcementFailed`: the key names no Secret.
        SecretNotNamed,
        /// `EnforcementFailed`: somebody else's Secret has the name of the enforcement secret.
        EnforcementSecretConflict,
        /// `EnforcementFailed`: the gateway's selector finds no Secret with the labels that we must set.
        SelectorNotMatched,
        /// `EnforcementFailed`: the API server refused the enforcement secret.
        EnforcementSecretRejected,
        /// `Rotating`: True.
        PreviousValueAccepted,
        /// `Rotating`: nothing says until when the previous value is accepted.
        PreviousUntilNotSet,
        /// `Rotating`: what says until when the previous value is accepted is no time.
        PreviousUntilNotReadable,
        /// `Rotating`: the previous value is to be accepted for longer than is allowed.
        PreviousUntilTooFar,
        /// `Rotating`: another key of the product has the previous value.
        PreviousValueDuplicate,
        /// `Rotating`: somebody else's Secret has the name of the previous value's enforcement secret.
        PreviousSecretConflict,
    }
}

words! {
    /// Aspects of an APIKeyApproval.
    ApprovalAspect {
        /// The request that it decides on exists.
        Valid,
        /// A later decision replaced this one. Absent otherwise.
        Superseded,
    }
}

words! {
    /// Reasons of an [`ApprovalAspect`].
    ApprovalReason {
        /// `Valid`: True.
        Valid,
        /// `Valid`: no such request in this namespace.
        APIKeyRequestNotFound,
        /// `Valid`: the request is on its way out.
        APIKeyRequestDeleting,
        /// `Valid`: the terms that the reviewer recorded cannot be read, or are about another namespace's product.
        TermsNotReadable,
        /// `Superseded`: True.
        LaterDecision,
    }
}
