//! Which keys of a product hold the same value: two would be one key to a gateway.

use std::collections::{BTreeSet, HashMap};

use keydesk_core::{Fingerprint, NamespacedName};

/// A value within a product. The same value for two products is no conflict.
pub(crate) type Claim = (NamespacedName, Fingerprint);

/// What every key claims.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    claims: HashMap<NamespacedName, Claim>,
    holders: HashMap<Claim, BTreeSet<NamespacedName>>,
}

/// Who else is concerned by a claim.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Standoff {
    /// Other keys with the same claim.
    pub(crate) rivals: BTreeSet<NamespacedName>,
    /// Keys that must look again, because this claim is new or was given up.
    pub(crate) concerned: BTreeSet<NamespacedName>,
}

impl Claims {
    /// Says what a key claims from now on.
    pub(crate) fn claim(&mut self, key: &NamespacedName, claim: Option<Claim>) -> Standoff {
        let before = self.claims.get(key).cloned();
        let changed = before != claim;
        let mut concerned = BTreeSet::new();
        if changed && let Some(before) = before {
            self.claims.remove(key);
            if let Some(holders) = self.holders.get_mut(&before) {
                holders.remove(key);
                concerned.clone_from(holders);
                if holders.is_empty() {
                    self.holders.remove(&before);
                }
            }
        }
        let Some(claim) = claim else {
            return Standoff {
                rivals: BTreeSet::new(),
                concerned,
            };
        };
        let holders = self.holders.entry(claim.clone()).or_default();
        let rivals: BTreeSet<_> = holders.iter().filter(|holder| *holder != key).cloned().collect();
        if changed {
            holders.insert(key.clone());
            self.claims.insert(key.clone(), claim);
            concerned.extend(rivals.iter().cloned());
        }
        Standoff { rivals, concerned }
    }
}

#[cfg(test)]
mod tests {
    use keydesk_core::FingerprintKey;

    use super::*;

    fn key(name: &str) -> NamespacedName {
        NamespacedName::new("consumer-app", name)
    }

    fn claim(product: &str, value: &[u8]) -> Claim {
        let fingerprint = FingerprintKey::new([1; 32]).fingerprint(value);
        (NamespacedName::new("gamestore", product), fingerprint)
    }

    #[test]
    fn keys_of_one_product_with_one_value_are_rivals() {
        let mut claims = Claims::default();
        assert_eq!(
            claims.claim(&key("a"), Some(claim("store", b"v"))),
            Standoff::default()
        );
        let standoff = claims.claim(&key("b"), Some(claim("store", b"v")));
        assert_eq!(
            (standoff.rivals, standoff.concerned),
            ([key("a")].into(), [key("a")].into())
        );
        let again = claims.claim(&key("b"), Some(claim("store", b"v")));
        assert_eq!(
            (again.rivals, again.concerned),
            ([key("a")].into(), BTreeSet::new())
        );
    }

    #[test]
    fn another_product_or_value_is_no_rival() {
        let mut claims = Claims::default();
        claims.claim(&key("a"), Some(claim("store", b"v")));
        assert_eq!(
            claims.claim(&key("b"), Some(claim("vault", b"v"))),
            Standoff::default()
        );
        assert_eq!(
            claims.claim(&key("c"), Some(claim("store", b"w"))),
            Standoff::default()
        );
    }

    #[test]
    fn a_claim_given_up_concerns_those_who_share_it() {
        let mut claims = Claims::default();
        claims.claim(&key("a"), Some(claim("store", b"v")));
        claims.claim(&key("b"), Some(claim("store", b"v")));
        assert_eq!(
            claims.claim(&key("a"), Some(claim("store", b"w"))).concerned,
            [key("b")].into()
        );
        assert_eq!(claims.claim(&key("b"), None), Standoff::default());
        assert!(claims.holders.len() == 1 && claims.claims.len() == 1);
    }
}
