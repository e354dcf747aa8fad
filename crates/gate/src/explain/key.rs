//! Whose a key is, where it stands, and what keeps it from being good on a route.

use jiff::Timestamp;
use keydesk_api::APIKey;
use keydesk_api::condition::{self, KeyAspect};
use keydesk_api::meta::{enforcement_secret_name, enforcement_stem, is_previous_secret};
use keydesk_catalog::{Catalog, KeyEdges, KeyRecord};
use keydesk_core::{Digest, Failure, NamespacedName, Ruling, Standing, Terms};

use super::policy::expects;
use super::{Carriers, Foretold, KeyFinding, KeySource, Known, Obstacle, OwnerFinding, Stands};
use crate::index::rule;
use crate::snapshot::{Entry, Holder, Protection};
use crate::verdict::Verdict;

/// A key, and the Secret of its consumer that has its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The `APIKey`.
    pub key: NamespacedName,
    /// The Secret.
    pub secret: NamespacedName,
}

/// The keys whose value the gate does not know, for nobody approved them or something is in the way: the Secrets to look
/// into if a value is nobody's. Those of products that are offered where the call goes come first.
#[must_use]
pub fn claims(known: Known<'_>, verdict: &Verdict) -> Vec<Claim> {
    let protection = match verdict {
        Verdict::Admitted(admitted) => Some(&admitted.protection),
        Verdict::Refused(refused) => refused.protection.as_ref(),
    };
    let is_here = |key: &APIKey| protection.is_some_and(|here| is_offered(here, &KeyEdges::of(key).product));
    let mut claims: Vec<_> = known
        .catalog
        .key_names()
        .into_iter()
        .filter_map(|id| {
            let key = known.catalog.key(&id)?;
            let secret = KeyEdges::of(&key).secret?;
            Some((!is_here(&key), Claim { key: id, secret }))
        })
        .collect();
    claims.sort_by(|a, b| (a.0, &a.1.key).cmp(&(b.0, &b.1.key)));
    claims.into_iter().map(|(_, claim)| claim).collect()
}

pub(super) fn find(
    known: Known<'_>,
    protection: Option<&Protection>,
    foretold: &Foretold,
    carriers: &Carriers,
    now: Timestamp,
) -> KeyFinding {
    let mut owners: Vec<OwnerFinding> = Vec::new();
    if let Some(digest) = &foretold.digest {
        for holder in known.snapshot.holders.find(digest) {
            owners.push(match holder.approved() {
                Some(approved) => {
                    let id = approved.key();
                    let Some(owner) = of_key(known, &id, now) else {
                        continue;
                    };
                    // The value may end before its key does.
                    OwnerFinding {
                        ends_at: holder.ends_at(),
                        ..owner
                    }
                }
                None => unmanaged(holder),
            });
            if let (Some(owner), Some(protection)) = (owners.last_mut(), protection) {
                owner.obstacle = elsewhere(protection, holder, &foretold.source);
            }
        }
        for id in &carriers.keys {
            if owners.iter().any(|owner| owner.key.as_ref() == Some(id)) {
                continue;
            }
            if let Some(key) = known.catalog.key(id)
                && let Some(mut owner) = of_key(known, id, now)
            {
                owner.obstacle = beneath(known, id, &key, &owner, digest, protection);
                owners.push(owner);
            }
        }
    }
    let is_elsewhere = |owner: &OwnerFinding| match (protection, &owner.product) {
        (Some(here), Some(product)) => !is_offered(here, product),
        (_, None) | (None, _) => false,
    };
    owners.sort_by_key(|owner| (is_elsewhere(owner), owner.obstacle.is_some(), owner.key.clone()));
    KeyFinding {
        source: foretold.source.clone(),
        owners,
        unread: carriers.unread,
    }
}

fn of_key(known: Known<'_>, id: &NamespacedName, now: Timestamp) -> Option<OwnerFinding> {
    rule(known.catalog, id, now, |key, ruling| {
        let in_force = terms(ruling, &key.asked);
        OwnerFinding {
            key: Some(id.clone()),
            product: Some(in_force.product.clone()),
            user_id: in_force.user_id.clone(),
            tier: Some(in_force.tier.clone()),
            ends_at: ruling.ends_at.or(in_force.expires_at),
            stands: if key.deleting {
                Stands::Deleting
            } else {
                stands(ruling, key)
            },
            terms_changed: ruling.terms_changed,
            obstacle: None,
        }
    })
}

/// The terms that were approved, or else those that are asked for.
fn terms<'a>(ruling: &'a Ruling<'_>, asked: &'a Terms) -> &'a Terms {
    match ruling.decision {
        Some(decision) if decision.approved => &decision.terms,
        Some(_) | None => asked,
    }
}

fn stands(ruling: &Ruling<'_>, key: &KeyRecord) -> Stands {
    match &ruling.standing {
        Standing::Approved(decision) => Stands::Approved {
            by: decision.by.clone(),
            at: decision.effective_at,
        },
        Standing::Denied(decision) => Stands::Denied {
            by: decision.by.clone(),
            at: decision.effective_at,
            message: decision.message.clone(),
        },
        Standing::Expired { at } => Stands::Expired { at: *at },
        Standing::Pending => Stands::Pending {
            request: key.request(),
        },
        Standing::Failed(failure) => Stands::Failed { why: words(failure) },
    }
}

fn words(failure: &Failure) -> String {
    match failure {
        Failure::KuadrantNotFound => {
            "there is no Kuadrant in the cluster, hence no place for enforcement secrets"
        }
        Failure::ProductNotFound => "its product does not exist",
        Failure::ProductDeleting => "its product is being deleted",
        Failure::TermsTooLong { .. } => "its tier, user and scopes are too long",
        Failure::SecretNotFound => "its Secret does not exist",
        Failure::SecretWithoutEntry => "its Secret has no entry api_key",
        Failure::SecretEmpty => "its Secret has an empty entry api_key",
        Failure::SchemeNotFound => "its product has no authentication scheme",
        Failure::KeySchemeNotFound => "its product's authentication scheme knows no API keys",
        Failure::TierNotFound { .. } => "its tier is none of its product's plans",
        Failure::DuplicateValue => "another key of the product has the same value",
        Failure::TooManyKeys { .. } => "its product approves no more keys of this namespace by itself",
    }
    .to_owned()
}

fn unmanaged(holder: &Holder) -> OwnerFinding {
    OwnerFinding {
        key: None,
        product: None,
        user_id: holder.consumer().1.into_owned(),
        tier: None,
        ends_at: holder.ends_at(),
        stands: Stands::Unmanaged,
        terms_changed: false,
        obstacle: None,
    }
}

fn is_offered(here: &Protection, product: &NamespacedName) -> bool {
    here.offered().any(|offered| offered == product)
}

/// What keeps all keys of a product from being good on a route.
fn unknown(here: &Protection, product: &NamespacedName) -> Option<Obstacle> {
    match here.misled.get(product) {
        Some(entry) => Some(Obstacle::NoSuchEntry { entry: entry.clone() }),
        None => (!here.products.contains(product)).then_some(Obstacle::OtherProduct),
    }
}

/// What keeps a holder whom the gate knows from being admitted on a route.
fn elsewhere(protection: &Protection, holder: &Holder, source: &KeySource) -> Option<Obstacle> {
    if let Some(obstacle) = holder.product().and_then(|product| unknown(protection, product)) {
        return Some(obstacle);
    }
    let takes = |entry: &&Entry| protection.admits(entry, holder);
    let Some(entry) = protection.entries.iter().find(takes) else {
        return Some(Obstacle::NotSelected {
            secret: holder.secret(),
        });
    };
    let came_by = |name: &str| {
        protection
            .entries
            .iter()
            .filter(takes)
            .any(|entry| entry.name == name)
    };
    match source {
        KeySource::Call { entry: name } | KeySource::Hand { entry: name } if came_by(name) => None,
        KeySource::Nowhere | KeySource::Unplaced => None,
        KeySource::Call { .. } | KeySource::Hand { .. } | KeySource::Elsewhere => {
            Some(Obstacle::OtherPlace {
                entry: entry.name.clone(),
                expects: expects(&entry.location),
            })
        }
    }
}

/// What keeps the gate from knowing a key that is approved.
fn beneath(
    known: Known<'_>,
    id: &NamespacedName,
    key: &APIKey,
    owner: &OwnerFinding,
    digest: &Digest,
    protection: Option<&Protection>,
) -> Option<Obstacle> {
    if !matches!(owner.stands, Stands::Approved { .. } | Stands::Expired { .. }) {
        return None;
    }
    if let (Some(here), Some(product)) = (protection, &owner.product)
        && let Some(obstacle) = unknown(here, product)
    {
        return Some(obstacle);
    }
    let secret = enforcement_secret(known.catalog, id)?;
    let controller_says = controller_says(key);
    let stem = enforcement_stem(&secret.name);
    let differs = known.snapshot.holders.iter().any(|holder| {
        let is_its_own = |name: &str| enforcement_stem(name) == stem && !is_previous_secret(name);
        holder.digest() != digest && holder.namespace() == secret.namespace && is_its_own(&holder.name())
    });
    Some(if differs {
        Obstacle::EnforcementDiffers {
            secret,
            controller_says,
        }
    } else {
        Obstacle::EnforcementMissing {
            secret,
            controller_says,
        }
    })
}

fn enforcement_secret(catalog: &Catalog, key: &NamespacedName) -> Option<NamespacedName> {
    let namespace = catalog.enforcement_namespace()?;
    let name = enforcement_secret_name(&key.namespace, &key.name);
    Some(NamespacedName::new(namespace, name))
}

fn controller_says(key: &APIKey) -> Option<String> {
    let conditions = &key.status.as_ref()?.conditions;
    let failed = condition::find(conditions, KeyAspect::Failed)?;
    (failed.status == "True").then(|| format!("{}: {}", failed.reason, failed.message))
}
