//! Which keys of a product hold the same value: two would be one key to a gateway, so only one of them may work.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use keydesk_core::{Fingerprint, NamespacedName};

/// A value within a product. The same value for two products is no conflict.
pub(crate) type Claim = (NamespacedName, Fingerprint);

/// What a key claims, and by what right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bid {
    pub(crate) claim: Claim,
    /// Gateways were given this very value for the key.
    pub(crate) enforced: bool,
    /// Its status says that it may not be used: denied, expired or pending. A failure may pass.
    pub(crate) revoked: bool,
    pub(crate) created_at: Option<Timestamp>,
}

/// What became of a bid.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Another key has the better right.
    pub(crate) is_duplicate: bool,
    /// Keys for which this changes the verdict: they must look again.
    pub(crate) concerned: BTreeSet<NamespacedName>,
}

/// The smaller, the better: first whoever is enforced with the value, then the older key.
type Right = (bool, Option<Timestamp>, NamespacedName);

/// What every key claims. However many share a value, a bid costs no more than a look-up: only the best right counts.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    claims: HashMap<NamespacedName, (Claim, Right)>,
    rights: HashMap<Claim, BTreeSet<Right>>,
}

impl Claims {
    /// Says what a key claims from now on.
    pub(crate) fn claim(&mut self, key: &NamespacedName, bid: Option<Bid>) -> Verdict {
        let before = self.claims.get(key).cloned();
        let after = bid.map(|bid| {
            // A copy goes for a moment when it is made anew, and for longer when the product fails; nobody else steps in.
            let was_enforced = before
                .as_ref()
                .is_some_and(|(claim, (unenforced, ..))| *claim == bid.claim && !unenforced);
            let enforced = bid.enforced || (was_enforced && !bid.revoked);
            (bid.claim, (!enforced, bid.created_at, key.clone()))
        });
        let mut concerned = BTreeSet::new();
        if before != after {
            let both = [&before, &after].map(|entry| entry.as_ref().map(|(claim, _)| claim.clone()));
            let ahead = both
                .clone()
                .map(|claim| claim.and_then(|claim| self.holder(&claim)));
            self.replace(key, before, after.clone());
            for (claim, was_ahead) in both.into_iter().zip(ahead) {
                let is_ahead = claim.and_then(|claim| self.holder(&claim));
                if is_ahead != was_ahead {
                    concerned.extend(is_ahead.into_iter().chain(was_ahead));
                }
            }
            concerned.remove(key);
        }
        let holder = after.and_then(|(claim, _)| self.holder(&claim));
        Verdict {
            is_duplicate: holder.is_some_and(|holder| holder != *key),
            concerned,
        }
    }

    /// The key with the best right to a value.
    fn holder(&self, claim: &Claim) -> Option<NamespacedName> {
        let (_, _, key) = self.rights.get(claim)?.first()?;
        Some(key.clone())
    }

    fn replace(
        &mut self,
        key: &NamespacedName,
        before: Option<(Claim, Right)>,
        after: Option<(Claim, Right)>,
    ) {
        if let Some((claim, right)) = before {
            self.claims.remove(key);
            if let Some(rights) = self.rights.get_mut(&claim) {
                rights.remove(&right);
                if rights.is_empty() {
                    self.rights.remove(&claim);
                }
            }
        }
        if let Some((claim, right)) = after {
            self.rights
                .entry(claim.clone())
                .or_default()
                .insert(right.clone());
            self.claims.insert(key.clone(), (claim, right));
        }
    }
}

#[cfg(test)]
mod tests {
    use keydesk_core::FingerprintKey;

    use super::*;

    fn key(name: &str) -> NamespacedName {
        NamespacedName::new("consumer-app", name)
    }

    fn bid(product: &str, value: &[u8], created_at: i64) -> Bid {
        let fingerprint = FingerprintKey::new([1; 32]).fingerprint(value);
        Bid {
            claim: (NamespacedName::new("gamestore", product), fingerprint),
            enforced: false,
            revoked: false,
            created_at: Timestamp::from_second(created_at).ok(),
        }
    }

    fn enforced(bid: Bid) -> Bid {
        Bid {
            enforced: true,
            ..bid
        }
    }

    fn verdict<const N: usize>(is_duplicate: bool, concerned: [&str; N]) -> Verdict {
        Verdict {
            is_duplicate,
            concerned: concerned.map(key).into(),
        }
    }

    #[test]
    fn of_keys_with_one_value_the_older_works() {
        let mut claims = Claims::default();
        let mut say = |name: &str, created_at| claims.claim(&key(name), Some(bid("store", b"v", created_at)));
        assert_eq!(say("b", 2), verdict(false, []));
        assert_eq!(say("c", 3), verdict(true, []));
        assert_eq!(say("a", 1), verdict(false, ["b"]));
        assert_eq!(say("b", 2), verdict(true, []));
    }

    #[test]
    fn a_key_that_is_enforced_with_the_value_works_although_it_is_younger() {
        let mut claims = Claims::default();
        let (old, young) = (bid("store", b"v", 1), bid("store", b"v", 2));
        claims.claim(&key("young"), Some(enforced(young.clone())));
        assert_eq!(claims.claim(&key("old"), Some(old)), verdict(true, []));
        // While its copy is not there, nothing changes.
        assert_eq!(
            claims.claim(&key("young"), Some(young.clone())),
            verdict(false, [])
        );
        let denied = Bid {
            revoked: true,
            ..young
        };
        assert_eq!(claims.claim(&key("young"), Some(denied)), verdict(true, ["old"]));
    }

    #[test]
    fn a_key_that_is_enforced_with_another_value_has_no_better_right() {
        let mut claims = Claims::default();
        claims.claim(&key("old"), Some(enforced(bid("store", b"other", 1))));
        claims.claim(&key("young"), Some(enforced(bid("store", b"v", 2))));
        let taking = claims.claim(&key("old"), Some(bid("store", b"v", 1)));
        assert_eq!(taking, verdict(true, []));
    }

    #[test]
    fn another_product_or_value_is_no_rival() {
        let mut claims = Claims::default();
        claims.claim(&key("a"), Some(bid("store", b"v", 1)));
        assert_eq!(
            claims.claim(&key("b"), Some(bid("vault", b"v", 2))),
            verdict(false, [])
        );
        assert_eq!(
            claims.claim(&key("c"), Some(bid("store", b"w", 3))),
            verdict(false, [])
        );
    }

    #[test]
    fn a_claim_given_up_concerns_the_next_in_line_only() {
        let mut claims = Claims::default();
        for (created_at, name) in ["a", "b", "c"].into_iter().enumerate() {
            claims.claim(
                &key(name),
                Some(bid("store", b"v", i64::try_from(created_at).unwrap())),
            );
        }
        assert_eq!(
            claims.claim(&key("a"), Some(bid("store", b"w", 0))),
            verdict(false, ["b"])
        );
        assert_eq!(claims.claim(&key("b"), None), verdict(false, ["c"]));
        assert_eq!(claims.claim(&key("c"), None), verdict(false, []));
        assert!(claims.rights.len() == 1 && claims.claims.len() == 1);
    }
}
