//! What was done, as far as it matters: the model that everything is held to. It is written by those who act, never read
//! from what the controller made, but for one thing: which of several permissible terms an approval without any was
//! bound to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::check::LAG;
use crate::journal::Journal;
use crate::places::{KEYS, OWNERS, PRODUCTS, TIERS};
use crate::play::Auth;
use crate::terms::Terms;

/// What a key asks for.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) product: usize,
    pub(crate) tier: usize,
    pub(crate) ends: Option<Timestamp>,
    pub(crate) scopes: bool,
    pub(crate) other_user: bool,
}

/// What a reviewer said about the terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    These(Terms),
    Nothing,
    Garbage,
}

/// A decision as it was last made.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) key: usize,
    pub(crate) owner: usize,
    pub(crate) approved: bool,
    pub(crate) said: Said,
    pub(crate) accepted: Timestamp,
    pub(crate) reviewed: Timestamp,
    pub(crate) edited: bool,
    /// If somebody changed it, what its generation was then.
    pub(crate) by_hand: Option<i64>,
    /// It may be gone: its key was, for a time, or was another owner's.
    pub(crate) excused: bool,
}

impl Decision {
    /// From when it counts, in whole seconds (spec/controller.md §5.2).
    pub(crate) fn effective(&self) -> i64 {
        if self.edited {
            self.accepted.as_second()
        } else {
            self.reviewed.as_second().min(self.accepted.as_second())
        }
    }
}

/// A consumer's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    Value(String),
    Empty,
    NoEntry,
}

pub(crate) struct Ledger {
    pub(crate) keys: BTreeMap<usize, Key>,
    pub(crate) secrets: BTreeMap<usize, Held>,
    /// Whether each product that there is approves by itself.
    pub(crate) products: BTreeMap<usize, bool>,
    pub(crate) auth: [Auth; OWNERS.len()],
    pub(crate) plans: [usize; OWNERS.len()],
    pub(crate) kuadrant: Option<usize>,
    /// By owner and name.
    pub(crate) decisions: BTreeMap<(usize, String), Decision>,
    /// Every approval there ever was.
    pub(crate) approved: Vec<Decision>,
    asked: Vec<(Timestamp, usize, Terms)>,
    modes: Vec<(Timestamp, usize, bool)>,
    pub(crate) values: BTreeSet<(usize, String)>,
    /// When each owner was last not asked for each key, having been before.
    away: BTreeMap<(usize, usize), Timestamp>,
    /// Keys whose enforcement secret somebody has changed by hand.
    pub(crate) tampered: BTreeSet<usize>,
    pub(crate) named: usize,
}

impl Ledger {
    /// Nothing exists.
    pub(crate) fn empty() -> Self {
        Self {
            keys: BTreeMap::new(),
            secrets: BTreeMap::new(),
            products: BTreeMap::new(),
            auth: [Auth::Gone; OWNERS.len()],
            plans: [0; OWNERS.len()],
            kuadrant: None,
            decisions: BTreeMap::new(),
            approved: Vec::new(),
            asked: Vec::new(),
            modes: Vec::new(),
            values: BTreeSet::new(),
            away: BTreeMap::new(),
            tampered: BTreeSet::new(),
            named: 0,
        }
    }

    /// For the next play: keys and decisions are gone, the rest is as it was left.
    pub(crate) fn afresh(self) -> Self {
        Self {
            secrets: self.secrets,
            products: self.products,
            auth: self.auth,
            plans: self.plans,
            kuadrant: self.kuadrant,
            ..Self::empty()
        }
    }

    /// What a key asks for now.
    pub(crate) fn terms(&self, key: usize) -> Option<Terms> {
        let asks = self.keys.get(&key)?;
        let scopes = if asks.scopes { &["read"][..] } else { &[] };
        Some(Terms {
            product: asks.product,
            tier: TIERS[asks.tier].to_owned(),
            user: user(asks.other_user).to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            ends: asks.ends,
        })
    }

    /// All that a key ever asked for.
    pub(crate) fn asked(&self, key: usize) -> impl Iterator<Item = &Terms> {
        let own = self.asked.iter().filter(move |(_, other, _)| *other == key);
        own.map(|(_, _, terms)| terms)
    }

    /// To be called after every action.
    pub(crate) fn remember(&mut self, now: Timestamp) {
        for key in 0..KEYS.len() {
            if let Some(terms) = self.terms(key) {
                let last = self.asked.iter().rev().find(|(_, other, _)| *other == key);
                if last.is_none_or(|(_, _, asked)| *asked != terms) {
                    self.asked.push((now, key, terms));
                }
            }
            let asked = self.keys.get(&key).map(|asks| PRODUCTS[asks.product].0);
            let before = self.asked.iter().filter(|(_, other, _)| *other == key);
            for owner in before.map(|(_, _, terms)| PRODUCTS[terms.product].0) {
                if asked != Some(owner) {
                    self.away.insert((key, owner), now);
                }
            }
            for decision in self.decisions.values_mut().filter(|decision| decision.key == key) {
                decision.excused |= asked != Some(decision.owner);
            }
        }
        for product in 0..PRODUCTS.len() {
            let automatic = self.products.get(&product).is_some_and(|automatic| *automatic);
            let last = self.modes.iter().rev().find(|(_, other, _)| *other == product);
            if last.is_none_or(|(_, _, before)| *before != automatic) {
                self.modes.push((now, product, automatic));
            }
        }
    }

    /// Whether a decision of an owner on a key that was there at `since`, in whole seconds, may be gone, because the key is,
    /// or was for a time.
    pub(crate) fn excuses(&self, key: usize, owner: usize, since: Timestamp) -> bool {
        let asked = self.keys.get(&key).map(|asks| PRODUCTS[asks.product].0);
        let away = self.away.get(&(key, owner));
        asked != Some(owner) || away.is_some_and(|away| away.as_second() >= since.as_second())
    }

    /// What an approval may have been given for: what was said, else what its reviewer could have seen in the second in
    /// which it was accepted, else what was there to read before or is shown first (spec/controller.md §5.1).
    pub(crate) fn permissible(&self, decision: &Decision, journal: &Journal) -> BTreeSet<Terms> {
        match &decision.said {
            Said::These(terms) => [terms.clone()].into(),
            Said::Garbage => BTreeSet::new(),
            Said::Nothing => {
                let second = Timestamp::from_second(decision.accepted.as_second()).unwrap();
                let shown = journal.between(decision.key, decision.owner, second, decision.accepted);
                let unseen = shown.contains(&None);
                let mut terms: BTreeSet<Terms> = shown.into_iter().flatten().collect();
                if unseen {
                    terms.extend(journal.last_before(decision.key, decision.owner, second));
                    terms.extend(journal.first_after(decision.key, decision.owner, decision.accepted));
                    // A decision on a request that is not there is about the key, as far as it was heard of.
                    let heard = second.as_second() - LAG;
                    let since = self.asked.iter().filter(|(_, key, _)| *key == decision.key);
                    let before = since.clone().rfind(|(at, ..)| at.as_second() <= heard);
                    let after = since.filter(|(at, ..)| at.as_second() > heard);
                    let all = before.into_iter().chain(after).map(|(_, _, terms)| terms.clone());
                    terms.extend(all.filter(|terms| PRODUCTS[terms.product].0 == decision.owner));
                }
                terms
            }
        }
    }

    /// Whether the controller may have approved these terms by itself, which it did at `at`, having seen things as they
    /// were up to so many seconds before.
    pub(crate) fn may_be_automatic(&self, key: usize, terms: &Terms, at: Timestamp, lag: i64) -> bool {
        let earliest = at.as_second() - lag;
        let mut automatic = false;
        for (since, _, mode) in self
            .modes
            .iter()
            .filter(|(_, product, _)| *product == terms.product)
        {
            if since.as_second() > at.as_second() {
                break;
            }
            automatic = if since.as_second() < earliest {
                *mode
            } else {
                automatic || *mode
            };
        }
        automatic
            && self
                .asked
                .iter()
                .any(|(_, other, asked)| *other == key && asked == terms)
    }
}

/// Who uses a key.
pub(crate) fn user(other: bool) -> &'static str {
    if other { "user-67890" } else { "user-12345" }
}
