//! Where a key stands: failed, denied, expired, approved or pending. The one place that says so.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::{Decision, Terms, holding};

/// What is known of a key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// What its spec asks for now.
    pub asked: Terms,
    /// What the consumer's Secret holds.
    pub secret: SecretFacts,
}

/// What is known of the Secret that a key refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretFacts {
    /// The key names no Secret. Upstream accepts such keys, up to an approval that cannot be enforced.
    Unnamed,
    /// No Secret of that name.
    Missing,
    /// The Secret has no `api_key` entry.
    WithoutEntry,
    /// The entry has no bytes.
    Empty,
    /// The value already belongs to another key of the same product.
    Duplicate,
    /// A value of its own.
    Usable,
}

/// What is known of the product that a key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductFacts {
    /// Nowhere in the cluster is there a Kuadrant to enforce anything.
    NoKuadrant,
    /// There is no such product.
    Missing,
    /// The product is being deleted.
    Deleting,
    /// The product is there.
    Live {
        /// How its callers authenticate.
        scheme: Scheme,
        /// The tiers of its plans; empty where no plans were discovered, and then any tier goes.
        tiers: BTreeSet<String>,
    },
}

/// How a product's callers authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Nothing was discovered.
    Undiscovered,
    /// Discovered, but without API keys.
    WithoutKeys,
    /// With API keys.
    Keys,
}

/// How long a key that works goes on working when its product loses its authentication scheme or the cluster its Kuadrant: both
/// come and go when gateways restart. See [`Failure::may_pass`].
pub const PRODUCT_FAILURE_GRACE: Duration = Duration::from_mins(1);

/// Where a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Something is missing, whatever anybody decided.
    Failed(Failure),
    /// The decision that holds is a denial.
    Denied(&'a Decision),
    /// Approved once, and past its end.
    Expired {
        /// When it ended.
        at: Timestamp,
    },
    /// Approved and in force.
    Approved(&'a Decision),
    /// Nobody has decided on it.
    Pending,
}

/// What is missing for a key to work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No Kuadrant in the cluster.
    KuadrantNotFound,
    /// The product does not exist.
    ProductNotFound,
    /// The product is going away.
    ProductDeleting,
    /// What the key asks for is longer than what can be put on record.
    TermsTooLong {
        /// So many bytes.
        bytes: usize,
    },
    /// The Secret does not exist.
    SecretNotFound,
    /// The Secret lacks the entry.
    SecretWithoutEntry,
    /// The entry is empty.
    SecretEmpty,
    /// The product has no authentication scheme (yet).
    SchemeNotFound,
    /// The product's scheme knows no API keys.
    KeySchemeNotFound,
    /// The product has plans, and the tier is none of them.
    TierNotFound {
        /// The tier that was looked for.
        tier: String,
        /// The tiers that there are.
        known: BTreeSet<String>,
    },
    /// Another key of the product has the same value.
    DuplicateValue,
    /// The product approves by itself, but no more keys of this namespace.
    TooManyKeys {
        /// So many; `None` if its owner wrote down something that is no number.
        most: Option<usize>,
    },
}

impl Failure {
    /// Whether this may be a passing disturbance on the product's side, so that a key that works should go on working
    /// for a short while.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::KuadrantNotFound | Self::SchemeNotFound | Self::KeySchemeNotFound => true,
            Self::ProductNotFound
            | Self::ProductDeleting
            | Self::TermsTooLong { .. }
            | Self::SecretNotFound
            | Self::SecretWithoutEntry
            | Self::SecretEmpty
            | Self::TierNotFound { .. }
            | Self::DuplicateValue
            | Self::TooManyKeys { .. } => false,
        }
    }
}

/// The whole answer on a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling<'a> {
    /// Where the key stands.
    pub standing: Standing<'a>,
    /// The decision that holds, if any concerns the key, whatever else is missing.
    pub decision: Option<&'a Decision>,
    /// The key is approved, but for other terms than it asks for now.
    pub terms_changed: bool,
    /// When an approved key ends; `None` is never, or not approved.
    pub ends_at: Option<Timestamp>,
}

impl Ruling<'_> {
    /// The ruling on a key for which a product that approves by itself has no place left: a key that would have been
    /// approved fails. Where anybody decided, and where anything else is missing, the ruling is as it was.
    #[must_use]
    pub fn crowded_out(mut self, most: Option<usize>) -> Self {
        if self.standing == Standing::Pending {
            self.standing = Standing::Failed(Failure::TooManyKeys { most });
        }
        self
    }

    /// The terms under which the key may be used now, with the moment at which it really ends. Nothing unless approved.
    #[must_use]
    pub fn in_force(&self) -> Option<Terms> {
        match &self.standing {
            Standing::Approved(decision) => Some(Terms {
                expires_at: self.ends_at,
                ..decision.terms.clone()
            }),
            Standing::Failed(_) | Standing::Denied(_) | Standing::Expired { .. } | Standing::Pending => None,
        }
    }
}

/// Says where a key stands at `now`. Total, and independent of the order of `decisions`.
///
/// Failures come first, in the order of the list below. Only decisions that concern the asked product count ([`holding`]); an
/// approval holds for the terms it was given for, so it is their tier that must exist.
#[must_use]
pub fn standing<'a>(
    key: &KeyFacts,
    decisions: &'a [Decision],
    product: &ProductFacts,
    now: Timestamp,
) -> Ruling<'a> {
    let decision = holding(decisions, &key.asked);
    let approval = decision.filter(|decision| decision.approved);
    let tier = approval.map_or(&key.asked.tier, |approval| &approval.terms.tier);
    let ends_at = approval.and_then(|approval| approval.terms.end(&key.asked));
    let failures = [
        platform(product),
        presence(product),
        length(&key.asked),
        secret(key.secret),
        scheme(key.secret, product),
    ];
    let failure = failures
        .into_iter()
        .chain([plan(tier, product), duplicate(key.secret)])
        .flatten()
        .next();
    let standing = match (failure, decision, ends_at) {
        (Some(failure), _, _) => Standing::Failed(failure),
        (None, Some(decision), _) if !decision.approved => Standing::Denied(decision),
        (None, Some(_), Some(at)) if at <= now => Standing::Expired { at },
        (None, Some(decision), _) => Standing::Approved(decision),
        (None, None, _) => Standing::Pending,
    };
    let terms_changed = approval.is_some_and(|approval| !approval.terms.covers(&key.asked));
    Ruling {
        standing,
        decision,
        terms_changed,
        ends_at,
    }
}

fn platform(product: &ProductFacts) -> Option<Failure> {
    (*product == ProductFacts::NoKuadrant).then_some(Failure::KuadrantNotFound)
}

fn presence(product: &ProductFacts) -> Option<Failure> {
    match product {
        ProductFacts::Missing => Some(Failure::ProductNotFound),
        ProductFacts::Deleting => Some(Failure::ProductDeleting),
        ProductFacts::NoKuadrant | ProductFacts::Live { .. } => None,
    }
}

fn length(asked: &Terms) -> Option<Failure> {
    let bytes = asked.bytes();
    (bytes > Terms::MOST_BYTES).then_some(Failure::TermsTooLong { bytes })
}

fn secret(secret: SecretFacts) -> Option<Failure> {
    match secret {
        SecretFacts::Missing => Some(Failure::SecretNotFound),
        SecretFacts::WithoutEntry => Some(Failure::SecretWithoutEntry),
        SecretFacts::Empty => Some(Failure::SecretEmpty),
        SecretFacts::Unnamed | SecretFacts::Duplicate | SecretFacts::Usable => None,
    }
}

/// Not looked at where the key names no Secret: upstream's contract.
fn scheme(secret: SecretFacts, product: &ProductFacts) -> Option<Failure> {
    match product {
        ProductFacts::Live { scheme, .. } if secret != SecretFacts::Unnamed => match scheme {
            Scheme::Undiscovered => Some(Failure::SchemeNotFound),
            Scheme::WithoutKeys => Some(Failure::KeySchemeNotFound),
            Scheme::Keys => None,
        },
        ProductFacts::Live { .. }
        | ProductFacts::NoKuadrant
        | ProductFacts::Missing
        | ProductFacts::Deleting => None,
    }
}

/// A tier that no plan names would be a key without any limit.
fn plan(tier: &str, product: &ProductFacts) -> Option<Failure> {
    match product {
        ProductFacts::Live { tiers, .. } if !tiers.is_empty() && !tiers.contains(tier) => {
            Some(Failure::TierNotFound {
                tier: tier.to_owned(),
                known: tiers.clone(),
            })
        }
        ProductFacts::Live { .. }
        | ProductFacts::NoKuadrant
        | ProductFacts::Missing
        | ProductFacts::Deleting => None,
    }
}

fn duplicate(secret: SecretFacts) -> Option<Failure> {
    (secret == SecretFacts::Duplicate).then_some(Failure::DuplicateValue)
}
