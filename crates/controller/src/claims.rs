//! Which keys of a product hold the same value: two would be one key to a gateway, so only one of them may work. A key may
//! hold two values for a while, the one that is in use and the one that is being rotated out.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use keydesk_core::{Fingerprint, NamespacedName};

/// A value within a product. The same value for two products is no conflict.
pub(crate) type Claim = (NamespacedName, Fingerprint);

/// What a key claims, and by what right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bid {
    pub(crate) claim: Claim,
    pub(crate) ground: Ground,
    /// It is being rotated out.
    pub(crate) previous: bool,
    pub(crate) created_at: Option<Timestamp>,
}

/// On what ground a key claims a value; the first is the best. A copy goes for a moment when it is made anew, and for longer
/// when the product fails: nobody else is to step in meanwhile, or an old key that nobody approved could take the value
/// of one that works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ground {
    /// Gateways were given this very value for the key.
    Enforced,
    /// The key is approved, and gateways have no value for it: not any more, or not yet.
    Approved,
    /// The same, but the key fails for something else than its value.
    Failing,
    /// None but the age of the key.
    Age,
}

/// What became of the bids of a key.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The claims to which another key has the better right.
    pub(crate) lost: BTreeSet<Claim>,
    /// Keys for which this changes the verdict: they must be reconciled again.
    pub(crate) concerned: BTreeSet<NamespacedName>,
}

/// The smaller, the better: first by the ground, then who does not rotate it out, then the older key.
type Right = (Ground, bool, Option<Timestamp>, NamespacedName);

/// What every key claims. However many share a value, a bid costs no more than a look-up: only the best right counts.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    claims: HashMap<NamespacedName, Vec<(Claim, Right)>>,
    rights: HashMap<Claim, BTreeSet<Right>>,
}

impl Claims {
    /// Says what a key claims from now on.
    pub(crate) fn claim(&mut self, key: &NamespacedName, bids: &[Bid]) -> Verdict {
        let before = self.claims.get(key).cloned().unwrap_or_default();
        let after: Vec<_> = bids.iter().map(|bid| right(key, bid, &before)).collect();
        let mut concerned = BTreeSet::new();
        if before != after {
            let touched: BTreeSet<_> = before
                .iter()
                .chain(&after)
                .map(|(claim, _)| claim.clone())
                .collect();
            let ahead: Vec<_> = touched
                .iter()
                .map(|claim| (claim, self.holder(claim).cloned()))
                .collect();
            self.replace(key, before, after.clone());
            for (claim, was_ahead) in ahead {
                let is_ahead = self.holder(claim).cloned();
                if is_ahead != was_ahead {
                    concerned.extend(is_ahead.into_iter().chain(was_ahead));
                }
            }
            concerned.remove(key);
        }
        let lost = after
            .into_iter()
            .map(|(claim, _)| claim)
            .filter(|claim| self.holder(claim) != Some(key))
            .collect();
        Verdict { lost, concerned }
    }

    /// Whether a key claims anything.
    pub(crate) fn has(&self, key: &NamespacedName) -> bool {
        self.claims.contains_key(key)
    }

    /// The key with the best right to a value.
    fn holder(&self, claim: &Claim) -> Option<&NamespacedName> {
        let (.., key) = self.rights.get(claim)?.first()?;
        Some(key)
    }

    fn replace(&mut self, key: &NamespacedName, before: Vec<(Claim, Right)>, after: Vec<(Claim, Right)>) {
        for (claim, right) in before {
            if let Some(rights) = self.rights.get_mut(&claim) {
                rights.remove(&right);
                if rights.is_empty() {
                    self.rights.remove(&claim);
                }
            }
        }
        for (claim, right) in &after {
            self.rights
                .entry(claim.clone())
                .or_default()
                .insert(right.clone());
        }
        if after.is_empty() {
            self.claims.remove(key);
        } else {
            self.claims.insert(key.clone(), after);
        }
    }
}

fn right(key: &NamespacedName, bid: &Bid, before: &[(Claim, Right)]) -> (Claim, Right) {
    let had_ground = || {
        before
            .iter()
            .any(|(claim, (ground, ..))| *claim == bid.claim && *ground < Ground::Age)
    };
    // Anybody can write down a value as one to be rotated out: for that to count it must have been in use.
    let ground = if bid.previous && bid.ground != Ground::Enforced && !had_ground() {
        Ground::Age
    } else {
        bid.ground
    };
    (
        bid.claim.clone(),
        (ground, bid.previous, bid.created_at, key.clone()),
    )
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
            ground: Ground::Age,
            previous: false,
            created_at: Timestamp::from_second(created_at).ok(),
        }
    }

    fn on(ground: Ground, bid: Bid) -> Bid {
        Bid { ground, ..bid }
    }

    fn enforced(bid: Bid) -> Bid {
        on(Ground::Enforced, bid)
    }

    fn rotated_out(bid: Bid) -> Bid {
        Bid {
            previous: true,
            ..bid
        }
    }

    /// Whether the key lost anything, and whom it concerns.
    fn say(claims: &mut Claims, name: &str, bids: &[Bid]) -> (bool, BTreeSet<NamespacedName>) {
        let Verdict { lost, concerned } = claims.claim(&key(name), bids);
        assert!(lost.len() <= bids.len());
        (!lost.is_empty(), concerned)
    }

    fn verdict<const N: usize>(is_duplicate: bool, concerned: [&str; N]) -> (bool, BTreeSet<NamespacedName>) {
        (is_duplicate, concerned.map(key).into())
    }

    #[test]
    fn of_keys_with_one_value_the_older_works() {
        let mut claims = Claims::default();
        let mut say = |name: &str, created_at| say(&mut claims, name, &[bid("store", b"v", created_at)]);
        assert_eq!(say("b", 2), verdict(false, []));
        assert_eq!(say("c", 3), verdict(true, []));
        assert_eq!(say("a", 1), verdict(false, ["b"]));
        assert_eq!(say("b", 2), verdict(true, []));
    }

    #[test]
    fn a_key_that_is_enforced_with_the_value_works_although_it_is_younger() {
        let mut claims = Claims::default();
        let (old, young) = (bid("store", b"v", 1), bid("store", b"v", 2));
        say(&mut claims, "young", &[enforced(young.clone())]);
        assert_eq!(say(&mut claims, "old", &[old]), verdict(true, []));
        // While its copy is not there, nothing changes; when it is not approved any more, the older one is next.
        for ground in [Ground::Approved, Ground::Failing] {
            let bids = [on(ground, young.clone())];
            assert_eq!(say(&mut claims, "young", &bids), verdict(false, []));
        }
        assert_eq!(say(&mut claims, "young", &[young]), verdict(true, ["old"]));
    }

    #[test]
    fn nobody_takes_a_value_by_writing_it_down_as_one_to_be_rotated_out() {
        for ground in [Ground::Approved, Ground::Failing] {
            let mut claims = Claims::default();
            say(&mut claims, "young", &[bid("store", b"v", 2)]);
            let thief = rotated_out(on(ground, bid("store", b"v", 1)));
            assert_eq!(say(&mut claims, "old", &[thief]), verdict(true, []));
        }
    }

    #[test]
    fn a_key_that_is_enforced_with_another_value_has_no_better_right() {
        let mut claims = Claims::default();
        say(&mut claims, "old", &[enforced(bid("store", b"other", 1))]);
        say(&mut claims, "young", &[enforced(bid("store", b"v", 2))]);
        let taking = say(&mut claims, "old", &[bid("store", b"v", 1)]);
        assert_eq!(taking, verdict(true, []));
    }

    #[test]
    fn another_product_or_value_is_no_rival() {
        let mut claims = Claims::default();
        say(&mut claims, "a", &[bid("store", b"v", 1)]);
        assert_eq!(
            say(&mut claims, "b", &[bid("vault", b"v", 2)]),
            verdict(false, [])
        );
        assert_eq!(
            say(&mut claims, "c", &[bid("store", b"w", 3)]),
            verdict(false, [])
        );
    }

    #[test]
    fn a_claim_given_up_concerns_the_next_in_line_only() {
        let mut claims = Claims::default();
        for (created_at, name) in ["a", "b", "c"].into_iter().enumerate() {
            let created_at = i64::try_from(created_at).unwrap();
            say(&mut claims, name, &[bid("store", b"v", created_at)]);
        }
        assert_eq!(
            say(&mut claims, "a", &[bid("store", b"w", 0)]),
            verdict(false, ["b"])
        );
        assert_eq!(say(&mut claims, "b", &[]), verdict(false, ["c"]));
        assert_eq!(say(&mut claims, "c", &[]), verdict(false, []));
        assert!(claims.rights.len() == 1 && claims.claims.len() == 1);
    }

    #[test]
    fn a_value_that_is_rotated_out_is_claimed_too() {
        let mut claims = Claims::default();
        let (old, new) = (bid("store", b"old", 1), bid("store", b"new", 1));
        say(&mut claims, "a", &[enforced(old.clone())]);
        // From the one in use it becomes the previous one, whose copy is made anew: nobody else steps in.
        let previous = rotated_out(on(Ground::Approved, old));
        say(&mut claims, "a", &[new, previous]);
        let thief = bid("store", b"old", 0);
        assert_eq!(
            say(&mut claims, "b", std::slice::from_ref(&thief)),
            verdict(true, [])
        );
        assert_eq!(say(&mut claims, "a", &[]), verdict(false, ["b"]));
    }

    #[test]
    fn who_rotates_a_value_out_gives_way_to_who_uses_it() {
        let mut claims = Claims::default();
        let own = bid("store", b"own", 1);
        let verdict = claims.claim(&key("b"), &[bid("store", b"v", 2)]);
        assert_eq!(verdict, Verdict::default());
        let previous = rotated_out(bid("store", b"v", 1));
        let verdict = claims.claim(&key("a"), &[own, previous.clone()]);
        assert_eq!(verdict.lost, [previous.claim].into(), "its own value is its own");
    }
}
