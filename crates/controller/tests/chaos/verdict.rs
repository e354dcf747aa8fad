//! Where a key must stand: the specification, read slowly (spec/controller.md §2.5, §5.1, §5.2, §5.5, §5.10).

use jiff::Timestamp;

use crate::ledger::{Decision, Held, Ledger};
use crate::places::{PRODUCTS, TIERS};
use crate::play::Auth;
use crate::terms::Terms;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// With this reason.
    Failed(&'static str),
    Denied,
    Expired,
    /// Under these terms, with the moment at which it really ends.
    Approved(Terms),
    Pending,
}

impl Stand {
    /// The reason of the condition that shows it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Failed(reason) => reason,
            Self::Denied => "Denied",
            Self::Expired => "KeyExpired",
            Self::Approved(_) => "Approved",
            Self::Pending => "AwaitingApproval",
        }
    }
}

/// What is said of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) stand: Stand,
    /// It is approved, and asks for more.
    pub(crate) asks_for_more: bool,
}

/// The verdict on a key that exists, were its value its own. `decisions` are those of its request, with the terms that
/// each was given for, if they can be read.
pub(crate) fn verdict(
    ledger: &Ledger,
    key: usize,
    decisions: &[(String, Decision, Option<Terms>)],
    now: Timestamp,
) -> Verdict {
    let asked = ledger.terms(key).unwrap();
    let mut last: Option<(i64, bool, &String, &Terms)> = None;
    for (name, decision, terms) in decisions {
        let Some(terms) = terms else { continue };
        let ended = |other: &Decision| !other.approved && other.effective() >= decision.effective();
        if terms.product != asked.product
            || (decision.approved && decisions.iter().any(|(_, other, _)| ended(other)))
        {
            continue;
        }
        let later = match last {
            None => true,
            Some((effective, approved, other, _)) => {
                let this = decision.effective();
                // At the same moment a denial, then the first by name.
                this > effective
                    || (this == effective && approved && !decision.approved)
                    || (this == effective && approved == decision.approved && name < other)
            }
        };
        if later {
            last = Some((decision.effective(), decision.approved, name, terms));
        }
    }
    let approval = last.filter(|last| last.1).map(|last| last.3);
    let ends = match approval {
        None => None,
        Some(terms) => match (terms.ends, asked.ends) {
            (Some(approved), Some(asked)) => Some(approved.min(asked)),
            (approved, asked) => approved.or(asked),
        },
    };
    let tier = approval.map_or(&asked.tier, |terms| &terms.tier);
    let stand = match (failure(ledger, key, asked.product, tier), last) {
        (Some(reason), _) => Stand::Failed(reason),
        (None, None) => Stand::Pending,
        (None, Some((_, false, ..))) => Stand::Denied,
        (None, Some(_)) if ends.is_some_and(|ends| ends <= now) => Stand::Expired,
        (None, Some((.., terms))) => Stand::Approved(Terms {
            ends,
            ..terms.clone()
        }),
    };
    Verdict {
        stand,
        asks_for_more: approval.is_some_and(|terms| !terms.cover(&asked)),
    }
}

/// What is missing for a key of a tier, if anything is.
pub(crate) fn failure(ledger: &Ledger, key: usize, product: usize, tier: &str) -> Option<&'static str> {
    let owner = PRODUCTS[product].0;
    if ledger.kuadrant.is_none() {
        return Some("KuadrantNotFound");
    }
    if !ledger.products.contains_key(&product) {
        return Some("APIProductNotFound");
    }
    match ledger.secrets.get(&key) {
        None => return Some("SecretNotFound"),
        Some(Held::NoEntry) => return Some("SecretAPIKeyNotFound"),
        Some(Held::Empty) => return Some("SecretAPIKeyEmpty"),
        Some(Held::Value(_)) => {}
    }
    if ledger.auth[owner] != Auth::Enforced {
        return Some("AuthSchemeNotFound");
    }
    let known = &TIERS[..ledger.plans[owner]];
    if !known.is_empty() && !known.contains(&tier) {
        return Some("PlanTierNotFound");
    }
    None
}
