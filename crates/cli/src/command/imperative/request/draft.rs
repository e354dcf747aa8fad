//! What is asked for, from what was typed: the Secret and the key, before anything is sent.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use keydesk_api::meta::{API_KEY_ENTRY, annotation};
use keydesk_api::v1alpha1::{APIKeySpec, ApiProductRef, RequestedBy, SecretRef};
use keydesk_api::{APIKey, APIProduct, rfc3339};
use keydesk_catalog::explain::Aim;
use keydesk_core::NamespacedName;

use crate::command::imperative::{WipedSecret, objects};
use crate::foreign::phrase;

/// What was typed.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) key: NamespacedName,
    pub(super) secret: NamespacedName,
    pub(super) product: NamespacedName,
    pub(super) tier: String,
    pub(super) use_case: Option<String>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) scopes: BTreeSet<String>,
    pub(super) user_id: String,
    pub(super) email: String,
}

/// Why a wish cannot come true.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WishError {
    #[error("APIProduct {product} has no plan tier {tier:?}")]
    FindTier {
        product: NamespacedName,
        tier: String,
        known: Vec<String>,
    },
    #[error("APIProduct {0} is being deleted")]
    KeepProduct(NamespacedName),
    #[error("the key would have ended at {}, which is past", rfc3339(*.0))]
    Begin(Timestamp),
    #[error("that end is further away than dates reach")]
    Reach,
}

impl WishError {
    pub(super) fn hint(&self, aim: &Aim) -> String {
        match self {
            Self::FindTier { known, .. } => {
                let known: Vec<_> = known.iter().map(|tier| phrase(tier)).collect();
                format!("its tiers are {}", known.join(", "))
            }
            Self::KeepProduct(_) => format!("see what else there is: {}", aim.keydesk("products -A")),
            Self::Begin(_) | Self::Reach => {
                "name a later end with --expires-in or --expires-at, or none at all".to_owned()
            }
        }
    }
}

/// When a key is to end that was asked for with either flag.
pub(super) fn end(
    within: Option<Duration>,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, WishError> {
    let end = match (within, at) {
        (Some(within), _) => {
            let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
            Some(now.checked_add(within).map_err(|_| WishError::Reach)?)
        }
        (None, at) => at,
    };
    match end {
        Some(end) if end <= now => Err(WishError::Begin(end)),
        end => Ok(end),
    }
}

/// Sees that the product can be asked for that tier.
pub(super) fn check(product: &APIProduct, tier: &str) -> Result<(), WishError> {
    let id = objects::id(product);
    if product.metadata.deletion_timestamp.is_some() {
        return Err(WishError::KeepProduct(id));
    }
    let status = product.status.as_ref();
    let plans = status.map_or(&[][..], |status| &status.discovered_plans);
    // Where no plans were discovered any tier goes.
    if plans.is_empty() || plans.iter().any(|plan| plan.tier == tier) {
        return Ok(());
    }
    Err(WishError::FindTier {
        product: id,
        tier: tier.to_owned(),
        known: plans.iter().map(|plan| plan.tier.clone()).collect(),
    })
}

/// The Secret for a value.
pub(super) fn secret(wish: &Wish, value: &[u8]) -> WipedSecret {
    let mut secret = WipedSecret::new(Secret {
        metadata: named(&wish.secret),
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    });
    secret.insert(API_KEY_ENTRY, value);
    secret
}

/// The key.
pub(super) fn key(wish: &Wish) -> APIKey {
    let spec = APIKeySpec {
        api_product_ref: ApiProductRef {
            name: wish.product.name.clone(),
            namespace: Some(wish.product.namespace.clone()),
        },
        secret_ref: SecretRef {
            name: wish.secret.name.clone(),
        },
        plan_tier: wish.tier.clone(),
        use_case: wish.use_case.clone(),
        requested_by: RequestedBy {
            user_id: wish.user_id.clone(),
            email: wish.email.clone(),
        },
        expires_at: wish.expires_at.map(Time),
    };
    let mut key = APIKey::new(&wish.key.name, spec);
    key.metadata = named(&wish.key);
    if !wish.scopes.is_empty() {
        let scopes: Vec<&str> = wish.scopes.iter().map(String::as_str).collect();
        key.metadata.annotations = Some([(annotation::SCOPES.to_owned(), scopes.join(" "))].into());
    }
    key
}

fn named(id: &NamespacedName) -> ObjectMeta {
    ObjectMeta {
        name: Some(id.name.clone()),
        namespace: Some(id.namespace.clone()),
        ..ObjectMeta::default()
    }
}

/// Scopes, separated by spaces or commas.
pub(super) fn scopes(text: &str) -> BTreeSet<String> {
    text.split([' ', ',', '\t', '\n'])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use keydesk_catalog::{KeyEdges, asked};
    use serde_json::json;

    use super::*;

    fn wish() -> Wish {
        Wish {
            key: NamespacedName::new("consumer-app", "mobile"),
            secret: NamespacedName::new("consumer-app", "mobile-secret"),
            product: NamespacedName::new("gamestore", "gamestore-api"),
            tier: "gold".to_owned(),
            use_case: Some("mobile".to_owned()),
            expires_at: Some("2027-01-01T00:00:00Z".parse().unwrap()),
            scopes: scopes("write, read"),
            user_id: "ada".to_owned(),
            email: "ada@example.com".to_owned(),
        }
    }

    fn product(tiers: &[&str]) -> APIProduct {
        let plans: Vec<_> = tiers.iter().map(|tier| json!({ "tier": tier })).collect();
        serde_json::from_value(json!({
            "metadata": { "name": "gamestore-api", "namespace": "gamestore" },
            "spec": {
                "displayName": "Gamestore",
                "targetRef": { "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "r" },
            },
            "status": { "discoveredPlans": plans },
        }))
        .unwrap()
    }

    #[test]
    fn a_tier_that_the_product_lacks_is_refused_with_those_that_it_has() {
        let refused = check(&product(&["gold", "silver"]), "platinum").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "APIProduct gamestore/gamestore-api has no plan tier \"platinum\""
        );
        assert_eq!(refused.hint(&Aim::default()), "its tiers are gold, silver");
        assert_eq!(check(&product(&["gold", "silver"]), "gold"), Ok(()));
        assert_eq!(check(&product(&[]), "anything"), Ok(()));
    }

    #[test]
    fn the_name_of_a_tier_steers_no_terminal_and_leaves_room_for_the_others() {
        let long = format!("gold\u{1b}[2J{}", "x".repeat(70_000));
        let refused = check(&product(&[&long, "silver"]), "platinum").unwrap_err();
        let hint = refused.hint(&Aim::default());
        let told = crate::exit::Failure::fixable(&refused, hint).to_string();
        assert!(told.contains("\nhint: its tiers are gold [2Jxxx"), "{told}");
        assert!(told.ends_with(", silver"), "{told}");
        assert!(!told.contains('\u{1b}'), "{told}");
    }

    #[test]
    fn an_end_must_be_ahead() {
        let now: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let day = Duration::from_hours(24);
        assert_eq!(
            end(Some(day), None, now),
            Ok(Some("2026-11-02T00:00:00Z".parse().unwrap()))
        );
        assert_eq!(end(None, None, now), Ok(None));
        assert_eq!(end(None, Some(now), now), Err(WishError::Begin(now)));
        assert_eq!(end(Some(Duration::ZERO), None, now), Err(WishError::Begin(now)));
        assert_eq!(
            end(Some(Duration::from_secs(u64::MAX)), None, now),
            Err(WishError::Reach)
        );
    }

    #[test]
    fn an_end_is_in_whole_seconds_whatever_the_clock_says() {
        let now: Timestamp = "2026-11-01T00:00:00.123456789Z".parse().unwrap();
        let ended = end(Some(Duration::ZERO), None, now).unwrap_err();
        assert_eq!(
            ended.to_string(),
            "the key would have ended at 2026-11-01T00:00:00Z, which is past"
        );
        let minute = end(Some(Duration::from_mins(1)), None, now).unwrap();
        assert_eq!(minute, Some("2026-11-01T00:01:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_asked_for_is_what_was_typed() {
        let wish = wish();
        let (key, secret) = (key(&wish), secret(&wish, b"value"));
        let edges = KeyEdges::of(&key);
        assert_eq!(edges.secret, Some(wish.secret.clone()));
        assert_eq!(
            asked(&key, &edges).to_json(),
            r#"{"expiresAt":"2027-01-01T00:00:00Z","namespace":"consumer-app","product":{"name":"gamestore-api","namespace":"gamestore"},"scopes":["read","write"],"tier":"gold","userId":"ada"}"#
        );
        assert_eq!(secret.entry("api_key"), Some(&b"value"[..]));
    }
}
