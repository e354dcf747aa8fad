//! Every label, annotation and name that Keydesk puts on an object, and how names are derived.
//!
//! Upstream's names stay as they are, so that clients that look for them keep finding them. Where upstream would write
//! a name or label that the API server refuses, ours is cut and told apart by a longer digest.

mod succession;
mod syntax;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

pub use succession::{enforcement_stem, is_previous_secret, previous_secret_name, successor_secret_name};
pub use syntax::{is_label_name, is_label_value, is_object_name};

/// API group of our four kinds.
pub const GROUP: &str = "devportal.kuadrant.io";

/// The only version of our four kinds.
pub const VERSION: &str = "v1alpha1";

/// Entry of a Secret that holds the value of a key.
pub const API_KEY_ENTRY: &str = "api_key";

/// Entry of a consumer's Secret that holds the value which is being rotated out.
pub const PREVIOUS_API_KEY_ENTRY: &str = "api_key.previous";

/// Longest name of an object, in bytes.
pub const NAME_MAX: usize = 253;

/// Longest value of a label, in bytes.
const LABEL_MAX: usize = 63;

/// Labels of an enforcement secret: the copy of a key that gateways read.
pub mod label {
    /// Marks an enforcement secret; always [`ENFORCEMENT_VALUE`].
    pub const ENFORCEMENT: &str = "devportal.kuadrant.io/enforcement";
    /// The one value of [`ENFORCEMENT`].
    pub const ENFORCEMENT_VALUE: &str = "true";
    /// Name of the product.
    pub const API_PRODUCT: &str = "devportal.kuadrant.io/apiproduct";
    /// Namespace of the product.
    pub const API_PRODUCT_NAMESPACE: &str = "devportal.kuadrant.io/apiproduct-namespace";
    /// Name of the APIKey.
    pub const API_KEY: &str = "devportal.kuadrant.io/apikey";
    /// Namespace of the APIKey.
    pub const API_KEY_NAMESPACE: &str = "devportal.kuadrant.io/apikey-namespace";
    /// Makes Authorino look at the Secret; always [`AUTHORINO_MANAGED_BY_VALUE`].
    pub const AUTHORINO_MANAGED_BY: &str = "authorino.kuadrant.io/managed-by";
    /// The one value of [`AUTHORINO_MANAGED_BY`].
    pub const AUTHORINO_MANAGED_BY_VALUE: &str = "authorino";
    /// Every label that no selector of a policy may override.
    pub const RESERVED: [&str; 6] = [
        ENFORCEMENT,
        API_PRODUCT,
        API_PRODUCT_NAMESPACE,
        API_KEY,
        API_KEY_NAMESPACE,
        AUTHORINO_MANAGED_BY,
    ];
}

/// Annotations, by the kind that carries them.
pub mod annotation {
    /// Enforcement secret: the plan tier, which a `PlanPolicy`'s predicates read.
    pub const PLAN_ID: &str = "secret.kuadrant.io/plan-id";
    /// Enforcement secret: who asked for the key.
    pub const USER_ID: &str = "secret.kuadrant.io/user-id";
    /// Enforcement secret: when the key stops working (RFC 3339); absent without such a time.
    pub const EXPIRES_AT: &str = "secret.kuadrant.io/expires-at";
    /// Enforcement secret: name of the APIKey, where it is too long for a label.
    pub const API_KEY: &str = "keydesk.dev/apikey";
    /// Enforcement secret: name of the product, where it is too long for a label.
    pub const API_PRODUCT: &str = "keydesk.dev/apiproduct";
    /// APIKeyApproval: the terms that the reviewer saw. Set by who decides, as the command line does; it binds.
    pub const TERMS: &str = "keydesk.dev/terms";
    /// APIKeyApproval: the terms that the approval is bound to, with its generation. Set by the controller.
    pub const APPROVED_TERMS: &str = "keydesk.dev/approved-terms";
    /// APIKeyRequest: the terms shown before the last change, and when they changed. Set by the controller.
    pub const TERMS_BEFORE: &str = "keydesk.dev/terms-before";
    /// APIKeyRequest: what its approvals are bound to, where what it shows does not say so. Set by the controller.
    pub const BOUND_APPROVALS: &str = "keydesk.dev/bound-approvals";
    /// APIKeyRequest: UID of an approval for which the request was given another version, so that no deletion of the one
    /// before takes the approval along. Set by the controller.
    pub const KEPT_FOR: &str = "keydesk.dev/kept-for";
    /// APIKey: scopes, separated by spaces; part of the terms.
    pub const SCOPES: &str = "keydesk.dev/scopes";
    /// Enforcement secret: another one that has the same value for the moment. Set by the controller; taking it off again
    /// is the change by which Authorino reads the Secret anew.
    pub const REPLACES: &str = "keydesk.dev/replaces";
    /// Secret of a consumer: until when the value under `api_key.previous` is accepted as well (RFC 3339). Enforcement
    /// secret of that value: the same.
    pub const PREVIOUS_UNTIL: &str = "keydesk.dev/previous-until";
    /// `AuthPolicy`: parts of it that the owner knows the gate does not evaluate.
    pub const GATE_IGNORE: &str = "keydesk.dev/gate-ignore";
    /// APIProduct: which apiKey entry of the `AuthPolicy` to use.
    pub const AUTH_ENTRY: &str = "keydesk.dev/auth-entry";
    /// APIProduct: how many keys a namespace may have in automatic mode.
    pub const MAX_KEYS_PER_NAMESPACE: &str = "keydesk.dev/max-keys-per-namespace";
    /// Prefix of every annotation that only Keydesk gives a meaning.
    pub const PREFIX: &str = "keydesk.dev/";
}

/// What the controller writes into an approval that it makes itself.
pub mod auto_approval {
    /// `spec.reviewedBy`.
    pub const REVIEWED_BY: &str = "system";
    /// `spec.reason`.
    pub const REASON: &str = "AutoApproved";
    /// `spec.message`.
    pub const MESSAGE: &str = "Automatically approved based on APIProduct approval mode";
}

/// Controller name of GatewayClasses that `keydesk up` itself plays the gateway controller for.
pub const GATEWAY_CONTROLLER: &str = "keydesk.dev/gateway";

/// The first eight hexadecimal digits of SHA-256 over `namespace/name`: upstream's way to tell derived names apart.
#[must_use]
pub fn hash8(namespace: &str, name: &str) -> String {
    digest(namespace, name, 8)
}

/// Name of the APIKeyRequest that stands for an APIKey.
#[must_use]
pub fn request_name(key_namespace: &str, key_name: &str) -> String {
    // Room for `-auto` is not set aside: a request whose name fits keeps upstream's name.
    derived_name("", key_namespace, key_name)
}

/// Name of the first enforcement secret of an APIKey; [`enforcement_stem`] tells of others.
#[must_use]
pub fn enforcement_secret_name(key_namespace: &str, key_name: &str) -> String {
    derived_name("devportal-", key_namespace, key_name)
}

/// Name of the approval that the controller makes for a request of an automatic product.
#[must_use]
pub fn auto_approval_name(request_name: &str) -> String {
    approval_name(request_name, "-auto")
}

/// Name of the approval that the command line makes for a request, and changes when the owner decides again. While so many
/// of its names are taken by approvals that go, and what is written into them with them, it has another one.
#[must_use]
pub fn own_approval_name(request_name: &str, taken: usize) -> String {
    match taken {
        0 => approval_name(request_name, "-approval"),
        taken => approval_name(request_name, &format!("-approval-{}", taken + 1)),
    }
}

/// Whether [`own_approval_name`] makes this name for the request.
#[must_use]
pub fn is_own_approval_name(name: &str, request_name: &str) -> bool {
    let number = name
        .rsplit_once("-approval-")
        .and_then(|(_, number)| number.parse().ok());
    let taken = number.map_or(0, |number: usize| number.saturating_sub(1));
    own_approval_name(request_name, taken) == name
}

fn approval_name(request_name: &str, suffix: &str) -> String {
    let name = format!("{request_name}{suffix}");
    if name.len() <= NAME_MAX {
        name
    } else {
        let digest = digest("", request_name, 16);
        cut(request_name, &format!("-{digest}{suffix}"), NAME_MAX)
    }
}

/// The value as a label can hold it: unchanged where it fits, otherwise its beginning and a digest of the whole.
#[must_use]
pub fn label_value(value: &str) -> String {
    if value.len() <= LABEL_MAX {
        value.to_owned()
    } else {
        cut(value, &format!("-{}", digest("", value, 16)), LABEL_MAX)
    }
}

fn derived_name(prefix: &str, namespace: &str, name: &str) -> String {
    let stem = format!("{prefix}{namespace}-{name}");
    let derived = format!("{stem}-{}", hash8(namespace, name));
    if derived.len() <= NAME_MAX {
        derived
    } else {
        cut(&stem, &format!("-{}", digest(namespace, name, 16)), NAME_MAX)
    }
}

/// As much of `stem` as leaves room for `suffix`, ending in a letter or digit so that the whole stays a legal name.
fn cut(stem: &str, suffix: &str, max: usize) -> String {
    let kept = &stem[..stem.floor_char_boundary(max - suffix.len())];
    format!(
        "{}{suffix}",
        kept.trim_end_matches(|c: char| !c.is_ascii_alphanumeric())
    )
}

fn digest(namespace: &str, name: &str, digits: usize) -> String {
    let hash = Sha256::digest(format!("{namespace}/{name}"));
    let mut hex = String::with_capacity(digits);
    for byte in hash.iter().take(digits / 2) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::{
        auto_approval_name, enforcement_secret_name, hash8, is_own_approval_name, label_value,
        own_approval_name, request_name,
    };

    #[test]
    fn an_own_approval_is_known_by_its_name() {
        for request in ["r", "r-approval-2", &"r".repeat(253)] {
            for taken in [0, 1, 11] {
                assert!(is_own_approval_name(&own_approval_name(request, taken), request));
            }
        }
        for name in [
            "r",
            "r-approval-",
            "r-approval-0",
            "r-approval-1",
            "r-approval-02",
            "r-approval-x",
            "s-approval-2",
        ] {
            assert!(!is_own_approval_name(name, "r"), "{name}");
        }
    }

    #[test]
    fn digests_are_upstreams() {
        for (namespace, name, digest) in [
            ("consumer-app", "gamestore-apikey", "8dee3e06"),
            ("foo-bar", "baz", "fa616890"),
            ("foo", "bar-baz", "cd6ffb27"),
            ("consumer-namespace", "toystore-apikey", "a650afda"),
            ("consumer-team-mobile", "mobile-app-payment-key", "6d20ab9d"),
        ] {
            assert_eq!(hash8(namespace, name), digest, "{namespace}/{name}");
        }
    }

    #[test]
    fn names_that_fit_are_upstreams() {
        assert_eq!(
            request_name("consumer-app", "gamestore-apikey"),
            "consumer-app-gamestore-apikey-8dee3e06"
        );
        assert_eq!(
            enforcement_secret_name("consumer-app", "gamestore-apikey"),
            "devportal-consumer-app-gamestore-apikey-8dee3e06"
        );
        assert_eq!(
            auto_approval_name("consumer-app-x-8dee3e06"),
            "consumer-app-x-8dee3e06-auto"
        );
        assert_eq!(label_value("gamestore.v1"), "gamestore.v1");
    }

    #[test]
    fn names_are_bounded_and_stay_apart() {
        let namespace = "n".repeat(63);
        for length in [150, 180, 200, 253] {
            let (one, other) = (
                format!("{}1", "k".repeat(length - 1)),
                format!("{}2", "k".repeat(length - 1)),
            );
            for derive in [request_name, enforcement_secret_name] {
                let (a, b) = (derive(&namespace, &one), derive(&namespace, &other));
                assert!(a.len() <= 253 && a != b, "{a}");
                let first: fn(&str) -> String = |name| own_approval_name(name, 0);
                let twelfth: fn(&str) -> String = |name| own_approval_name(name, 11);
                for derive in [auto_approval_name, first, twelfth] {
                    assert!(derive(&a).len() <= 253);
                    assert_ne!(derive(&a), derive(&b));
                }
            }
            assert!(label_value(&one).len() <= 63);
            assert_ne!(label_value(&one), label_value(&other));
        }
    }

    #[test]
    fn a_cut_never_ends_in_a_dot_or_dash() {
        for filler in ["a.", "a-", "a..--"] {
            let value = label_value(&filler.repeat(60));
            let (kept, _digest) = value.rsplit_once('-').expect("a cut value ends in its digest");
            assert!(kept.ends_with('a'), "{value}");
        }
    }

    #[test]
    fn a_cut_keeps_to_characters() {
        assert!(label_value(&"ß".repeat(100)).len() <= 63);
    }
}
